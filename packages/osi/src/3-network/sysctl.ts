/** Tunables of one machine's stack by their Linux names, with Linux's defaults (ip-sysctl.rst, tcp(7)). */
export const SYSCTL_DEFAULTS = {
  'net.ipv4.ip_forward': 0,
  'net.ipv4.ip_default_ttl': 64,
  'net.ipv4.icmp_echo_ignore_all': 0,
  'net.ipv4.ipfrag_time': 30,
  'net.ipv4.ipfrag_high_thresh': 4_194_304,
  'net.core.somaxconn': 4096,
  'net.core.rmem_default': 212_992,
  'net.core.wmem_default': 212_992,
  'net.core.rmem_max': 212_992,
  'net.core.wmem_max': 212_992,
} satisfies Record<string, number>;

export type SysctlName = keyof typeof SYSCTL_DEFAULTS;

/** The tunables of one machine. Setting one takes effect for what is decided afterwards. */
export class Sysctl {
  readonly #values = new Map<string, number>(Object.entries(SYSCTL_DEFAULTS));

  get(name: SysctlName): number {
    return this.#values.get(name) ?? SYSCTL_DEFAULTS[name];
  }

  /** Sets a tunable by a name that may be wrong. @returns false when Linux's name is not one of ours. */
  set(name: string, value: number): boolean {
    if (!this.#values.has(name)) return false;
    this.#values.set(name, value);
    return true;
  }

  entries(): Iterable<[name: string, value: number]> {
    return this.#values;
  }
}
