/** What a tunable that every interface has is, where nobody has set it: for an interface, and for `all`. */
interface Defaults4 {
  readonly own: number;
  readonly all: number;
  /**
   * What holds for an interface (IN_DEV_CONF_GET, _MAXCONF, _ORCONF, _ANDCONF of inetdevice.h): its own value, or the
   * larger or the smaller of that and the one of `all`.
   */
  readonly rule: 'own' | 'larger' | 'smaller' | 'redirects';
}

const larger = (value: number): Defaults4 => ({ own: value, all: value, rule: 'larger' });

/** `net.ipv4.conf.<interface>.<name>`. */
const IPV4_DEFAULTS = {
  rp_filter: larger(0),
  log_martians: larger(0),
  send_redirects: larger(1),
  secure_redirects: larger(1),
  shared_media: larger(1),
  promote_secondaries: larger(0),
  arp_notify: larger(0),
  force_igmp_version: larger(0),
  igmpv2_unsolicited_report_interval: { own: 10_000, all: 10_000, rule: 'own' },
  igmpv3_unsolicited_report_interval: { own: 1000, all: 1000, rule: 'own' },
  accept_source_route: { own: 1, all: 0, rule: 'smaller' },
  // A host takes them where either says so, a router where both do (IN_DEV_RX_REDIRECTS).
  accept_redirects: { own: 1, all: 1, rule: 'redirects' },
} satisfies Record<string, Defaults4>;

export type Ipv4Setting = keyof typeof IPV4_DEFAULTS;

const DEFAULTS4: Readonly<Record<Ipv4Setting, Defaults4>> = IPV4_DEFAULTS;

/** `net.ipv6.conf.<interface>.<name>`. */
const IPV6_DEFAULTS = {
  disable_ipv6: 0,
  forwarding: 0,
  hop_limit: 64,
  accept_ra: 1,
  accept_ra_defrtr: 1,
  accept_ra_pinfo: 1,
  accept_ra_mtu: 1,
  accept_redirects: 1,
  autoconf: 1,
  addr_gen_mode: 0,
  accept_dad: 1,
  dad_transmits: 1,
  max_addresses: 16,
  use_tempaddr: 0,
  router_solicitations: -1,
  router_solicitation_delay: 1,
  router_solicitation_interval: 4,
  router_solicitation_max_interval: 3600,
  force_mld_version: 0,
  mldv1_unsolicited_report_interval: 10_000,
  mldv2_unsolicited_report_interval: 1000,
  seg6_enabled: 0,
} satisfies Record<string, number>;

export type Ipv6Setting = keyof typeof IPV6_DEFAULTS;

const NAME = /^net\.(ipv4|ipv6)\.conf\.(.+)\.([a-z\d_]+)$/;

/** The names that each interface has. */
export const SETTING_NAMES = { ipv4: Object.keys(IPV4_DEFAULTS), ipv6: Object.keys(IPV6_DEFAULTS) } as const;

/**
 * The tunables that each interface has by itself, those that were set. What is set for `default` holds for interfaces that
 * have nothing of their own.
 */
export class InterfaceSettings {
  readonly #values = new Map<string, number>();

  /** @returns undefined for a name that is none of these. */
  static read(settings: InterfaceSettings | null, name: string): number | undefined {
    const [, family, of = '', setting = ''] = NAME.exec(name) ?? [];
    if (family === 'ipv4' && Object.hasOwn(IPV4_DEFAULTS, setting)) {
      return valueOf4(settings, of, setting as Ipv4Setting);
    }
    if (family === 'ipv6' && Object.hasOwn(IPV6_DEFAULTS, setting)) {
      return valueOf6(settings, of, setting as Ipv6Setting);
    }
    return undefined;
  }

  get(name: string): number | undefined {
    return this.#values.get(name);
  }

  /** The name is one that `read` knows. What is set for `all` of IPv6 is set for every interface, as `forwarding` in Linux. */
  set(name: string, value: number): void {
    const [, family, of, setting] = NAME.exec(name) ?? [];
    if (family === 'ipv6' && of === 'all') {
      for (const key of [...this.#values.keys()]) {
        const [, , , other] = NAME.exec(key) ?? [];
        if (key.startsWith('net.ipv6.') && other === setting) this.#values.delete(key);
      }
      this.#values.set(`net.ipv6.conf.default.${setting}`, value);
    }
    this.#values.set(name, value);
  }
}

/** The value of an interface by itself, of `all`, or of `default`. */
function valueOf4(settings: InterfaceSettings | null, of: string, name: Ipv4Setting): number {
  const { own, all } = DEFAULTS4[name];
  const set = settings?.get(`net.ipv4.conf.${of}.${name}`);
  if (of === 'all') return set ?? all;
  return set ?? settings?.get(`net.ipv4.conf.default.${name}`) ?? own;
}

/** What holds for an interface of IPv4. @param forwards the machine is a router. */
export function effective4(
  settings: InterfaceSettings | null,
  of: string,
  name: Ipv4Setting,
  forwards: boolean,
): number {
  const { rule } = DEFAULTS4[name];
  const own = valueOf4(settings, of, name);
  if (rule === 'own') return own;
  const all = valueOf4(settings, 'all', name);
  return rule === 'larger' || (rule === 'redirects' && !forwards) ? Math.max(own, all) : Math.min(own, all);
}

/** What holds for an interface of IPv6, or for `all` and `default`. */
export function valueOf6(settings: InterfaceSettings | null, of: string, name: Ipv6Setting): number {
  if (settings === null) return IPV6_DEFAULTS[name];
  return (
    settings.get(`net.ipv6.conf.${of}.${name}`) ??
    settings.get(`net.ipv6.conf.default.${name}`) ??
    IPV6_DEFAULTS[name]
  );
}
