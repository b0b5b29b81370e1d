/** Tunables of one machine's stack by their Linux names, with Linux's defaults (ip-sysctl.rst, tcp(7)). */
export const SYSCTL_DEFAULTS = {
  'net.ipv4.ip_forward': 0,
  'net.ipv4.ip_default_ttl': 64,
  'net.ipv4.icmp_echo_ignore_all': 0,
  'net.ipv4.icmp_echo_ignore_broadcasts': 1,
  'net.ipv4.icmp_ratelimit': 1000,
  'net.ipv4.icmp_ratemask': 6168,
  'net.ipv4.icmp_msgs_per_sec': 1000,
  'net.ipv4.icmp_msgs_burst': 50,
  'net.ipv4.igmp_max_memberships': 20,
  'net.ipv4.igmp_max_msf': 10,
  'net.ipv4.igmp_qrv': 2,
  'net.ipv4.igmp_link_local_mcast_reports': 1,
  'net.ipv4.conf.all.force_igmp_version': 0,
  'net.ipv4.conf.all.igmpv2_unsolicited_report_interval': 10_000,
  'net.ipv4.conf.all.igmpv3_unsolicited_report_interval': 1000,
  'net.ipv4.conf.all.arp_notify': 0,
  'net.ipv4.route.min_pmtu': 552,
  'net.ipv4.route.mtu_expires': 600,
  'net.ipv4.ipfrag_time': 30,
  'net.ipv4.ipfrag_high_thresh': 4_194_304,
  'net.ipv4.ip_unprivileged_port_start': 1024,
  'net.ipv6.bindv6only': 0,
  'net.ipv6.auto_flowlabels': 1,
  'net.ipv6.ip6frag_time': 60,
  'net.ipv6.ip6frag_high_thresh': 4_194_304,
  'net.ipv6.icmp.ratelimit': 1000,
  'net.ipv6.icmp.echo_ignore_all': 0,
  'net.ipv6.icmp.echo_ignore_multicast': 0,
  'net.ipv6.route.mtu_expires': 600,
  'net.core.somaxconn': 4096,
  'net.core.rmem_default': 212_992,
  'net.core.wmem_default': 212_992,
  'net.core.rmem_max': 212_992,
  'net.core.wmem_max': 212_992,
  // A tunable that has several numbers in Linux has one entry for each here.
  'net.ipv4.tcp_syn_retries': 6,
  'net.ipv4.tcp_syn_linear_timeouts': 4,
  'net.ipv4.tcp_synack_retries': 5,
  'net.ipv4.tcp_retries1': 3,
  'net.ipv4.tcp_retries2': 15,
  'net.ipv4.tcp_orphan_retries': 0,
  'net.ipv4.tcp_fin_timeout': 60,
  'net.ipv4.tcp_keepalive_time': 7200,
  'net.ipv4.tcp_keepalive_intvl': 75,
  'net.ipv4.tcp_keepalive_probes': 9,
  'net.ipv4.tcp_timestamps': 1,
  // The first of its choices.
  'net.ipv4.tcp_congestion_control': 0,
  'net.ipv4.tcp_sack': 1,
  'net.ipv4.tcp_dsack': 1,
  'net.ipv4.tcp_recovery': 1,
  'net.ipv4.tcp_early_retrans': 3,
  'net.ipv4.tcp_frto': 2,
  'net.ipv4.tcp_reordering': 3,
  'net.ipv4.tcp_max_reordering': 300,
  'net.ipv4.tcp_retrans_collapse': 1,
  'net.ipv4.tcp_window_scaling': 1,
  'net.ipv4.tcp_fastopen': 1,
  'net.ipv4.tcp_fastopen_blackhole_timeout_sec': 0,
  'net.ipv4.tcp_ecn': 2,
  'net.ipv4.tcp_ecn_fallback': 1,
  'net.ipv4.tcp_abort_on_overflow': 0,
  'net.ipv4.tcp_max_syn_backlog': 4096,
  'net.ipv4.tcp_syncookies': 1,
  // Linux: half of the places in its table of connections, which has 2^16 on a machine with 8 GB.
  'net.ipv4.tcp_max_tw_buckets': 32_768,
  'net.ipv4.tcp_tw_reuse': 2,
  'net.ipv4.tcp_rfc1337': 0,
  'net.ipv4.tcp_slow_start_after_idle': 1,
  'net.ipv4.tcp_invalid_ratelimit': 500,
  'net.ipv4.tcp_min_snd_mss': 48,
  'net.ipv4.tcp_mtu_probing': 0,
  'net.ipv4.tcp_base_mss': 1024,
  'net.ipv4.tcp_mtu_probe_floor': 48,
  'net.ipv4.tcp_probe_interval': 600,
  'net.ipv4.tcp_probe_threshold': 8,
  'net.ipv4.tcp_min_tso_segs': 2,
  'net.ipv4.tcp_tso_win_divisor': 3,
  'net.ipv4.tcp_notsent_lowat': 0xffff_ffff,
  'net.ipv4.tcp_moderate_rcvbuf': 1,
  'net.ipv4.tcp_rmem.min': 4096,
  'net.ipv4.tcp_rmem.default': 131_072,
  'net.ipv4.tcp_rmem.max': 6_291_456,
  'net.ipv4.tcp_wmem.min': 4096,
  'net.ipv4.tcp_wmem.default': 16_384,
  'net.ipv4.tcp_wmem.max': 4_194_304,
  'net.ipv4.ip_local_port_range.low': 32_768,
  'net.ipv4.ip_local_port_range.high': 60_999,
} satisfies Record<string, number>;

export type SysctlName = keyof typeof SYSCTL_DEFAULTS;

/**
 * Tunables that each interface has for IPv6, `net.ipv6.conf.<interface>.<name>`: what is set for `default` holds for
 * those that have nothing of their own, what is set for `all` is set for every one, as for `forwarding` in Linux.
 */
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
} satisfies Record<string, number>;

export type Ipv6Setting = keyof typeof IPV6_DEFAULTS;

const IPV6_CONF = /^net\.ipv6\.conf\.(.+)\.([a-z\d_]+)$/;

/** Tunables that Linux has as words: their value here is a word's place in this list. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'net.ipv4.tcp_congestion_control': ['cubic', 'reno'],
};

/** A tunable that is neither a number nor a choice of words, and whose owner keeps it. */
export interface TextTunable {
  readonly name: string;
  read(): string;
  /** @returns whether it is a value of it. */
  write(text: string): boolean;
}

const NO_TEXTS: readonly TextTunable[] = [];

/** The tunables of one machine. Setting one takes effect for what is decided afterwards. */
export class Sysctl {
  /**
   * The tunables by name, to be read, where a packet needs one: reading a property by its name as it stands in the code costs
   * next to nothing. Mostly all are as Linux has them, so thousands of machines share the defaults.
   */
  values: Readonly<Record<SysctlName, number>> = SYSCTL_DEFAULTS;
  /** `net.ipv6.conf.<of>.<name>`, those that are not as Linux has them. */
  #ipv6: Map<string, number> | null = null;
  #texts: readonly TextTunable[] = NO_TEXTS;
  /** Called when one was set: for what takes effect at once. */
  changed: ((name: string) => void) | null = null;

  get(name: SysctlName): number {
    return this.values[name];
  }

  /** `net.ipv6.conf.<of>.<name>`. @param of an interface, `all` or `default`. */
  ipv6(of: string, name: Ipv6Setting): number {
    const changed = this.#ipv6;
    if (changed === null) return IPV6_DEFAULTS[name];
    return (
      changed.get(`net.ipv6.conf.${of}.${name}`) ??
      changed.get(`net.ipv6.conf.default.${name}`) ??
      IPV6_DEFAULTS[name]
    );
  }

  /** Sets a tunable by a name that may be wrong. @returns false when Linux's name is not one of ours. */
  set(name: string, value: number): boolean {
    if (Object.hasOwn(SYSCTL_DEFAULTS, name)) {
      const values = { ...this.values };
      values[name as SysctlName] = value;
      this.values = values;
    } else {
      const [, of, setting] = IPV6_CONF.exec(name) ?? [];
      if (of === undefined || setting === undefined || !Object.hasOwn(IPV6_DEFAULTS, setting)) return false;
      this.#ipv6 ??= new Map();
      if (of === 'all') this.#setForAll(setting, value);
      else this.#ipv6.set(name, value);
    }
    this.changed?.(name);
    return true;
  }

  #setForAll(setting: string, value: number): void {
    for (const key of [...(this.#ipv6?.keys() ?? [])]) {
      const [, , of] = IPV6_CONF.exec(key) ?? [];
      if (of === setting) this.#ipv6?.delete(key);
    }
    this.#ipv6?.set(`net.ipv6.conf.all.${setting}`, value);
    this.#ipv6?.set(`net.ipv6.conf.default.${setting}`, value);
  }

  /** A tunable as Linux shows it: a number, or one of its words. */
  text(name: SysctlName): string {
    const value = this.get(name);
    return WORDS[name]?.[value] ?? String(value);
  }

  /** Adds a tunable that somebody else keeps, for `texts` and `setText`. */
  provide(tunable: TextTunable): void {
    this.#texts = this.#texts.filter((other) => other.name !== tunable.name).concat(tunable);
  }

  texts(): readonly TextTunable[] {
    return this.#texts;
  }

  /** Sets a tunable to what Linux would take. @returns false when the name is not one of ours, or the text no value of it. */
  setText(name: string, text: string): boolean {
    const kept = this.#texts.find((tunable) => tunable.name === name);
    if (kept !== undefined) return kept.write(text);
    const words = WORDS[name];
    if (words !== undefined) return words.includes(text) && this.set(name, words.indexOf(text));
    return /^-?\d+$/.test(text) && this.set(name, Number(text));
  }

  entries(): Iterable<[name: string, value: number]> {
    return Object.entries(this.values);
  }
}
