import {
  effective4,
  InterfaceSettings,
  type Ipv4Setting,
  type Ipv6Setting,
  valueOf6,
} from './interface-settings.ts';

export type { Ipv4Setting, Ipv6Setting };

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
  'net.ipv4.route.min_pmtu': 552,
  'net.ipv4.route.mtu_expires': 600,
  // In ticks, of which a second has 1000 here.
  'net.ipv4.route.redirect_load': 20,
  'net.ipv4.route.redirect_number': 9,
  'net.ipv4.route.redirect_silence': 20_480,
  'net.ipv4.ipfrag_time': 30,
  'net.ipv4.ipfrag_high_thresh': 4_194_304,
  'net.ipv4.ip_unprivileged_port_start': 1024,
  'net.ipv6.bindv6only': 0,
  'net.ipv6.mld_max_msf': 64,
  'net.ipv6.mld_qrv': 2,
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
  // As many as tcp_max_tw_buckets, below.
  'net.ipv4.tcp_max_orphans': 32_768,
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
  'net.ipv4.tcp_pacing_ss_ratio': 200,
  'net.ipv4.tcp_pacing_ca_ratio': 120,
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

/** Tunables that Linux has as words: their value here is a word's place in this list. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'net.ipv4.tcp_congestion_control': ['cubic', 'reno'],
};

/** The least and the most that Linux takes, by the last part of the name, where an RFC rules out the rest. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  // A packet with 0 would go nowhere (RFC 1122 section 3.2.1.7).
  ip_default_ttl: [1, 255],
  hop_limit: [1, 255],
  // RFC 3376 section 8.1, RFC 3810 section 9.1.
  igmp_qrv: [1, 0x7fff_ffff],
  mld_qrv: [1, 0x7fff_ffff],
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
  /** `net.ipv4.conf.…` and `net.ipv6.conf.…`, as soon as one of them is set. */
  #interfaces: InterfaceSettings | null = null;
  #texts: readonly TextTunable[] = NO_TEXTS;
  /** Called when one was set: for what takes effect at once. */
  changed: ((name: string) => void) | null = null;

  get(name: SysctlName): number {
    return this.values[name];
  }

  /** What `net.ipv4.conf.<name of an interface>.<name>` and that of `all` make together. */
  ipv4(of: string, name: Ipv4Setting): number {
    return effective4(this.#interfaces, of, name, this.values['net.ipv4.ip_forward'] !== 0);
  }

  /** `net.ipv6.conf.<of>.<name>`. @param of an interface, `all` or `default`. */
  ipv6(of: string, name: Ipv6Setting): number {
    return valueOf6(this.#interfaces, of, name);
  }

  /** A tunable by a name that may be wrong: undefined when it is not one of ours. */
  find(name: string): number | undefined {
    if (Object.hasOwn(SYSCTL_DEFAULTS, name)) return this.values[name as SysctlName];
    return InterfaceSettings.read(this.#interfaces, name);
  }

  /** Sets a tunable by a name that may be wrong. @returns false when Linux's name is not one of ours. */
  set(name: string, value: number): boolean {
    if (Object.hasOwn(SYSCTL_DEFAULTS, name)) {
      const values = { ...this.values };
      values[name as SysctlName] = value;
      this.values = values;
    } else {
      if (this.find(name) === undefined) return false;
      this.#interfaces ??= new InterfaceSettings();
      this.#interfaces.set(name, value);
    }
    this.changed?.(name);
    return true;
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
    const value = Number(text);
    const [least = value, most = value] = RANGES[name.slice(name.lastIndexOf('.') + 1)] ?? [];
    return /^-?\d+$/.test(text) && value >= least && value <= most && this.set(name, value);
  }

  entries(): Iterable<[name: string, value: number]> {
    return Object.entries(this.values);
  }
}
