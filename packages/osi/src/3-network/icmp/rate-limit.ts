import { milliseconds, type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import type { Sysctl } from '../sysctl.ts';

/** How many messages to one host may follow at once before the rate holds (`XRLIM_BURST_FACTOR` in Linux). */
const BURST = 6;

/** Hosts remembered; more than this many sent something wrong within seconds only in an attack. */
const HOSTS = 1024;

interface Bucket {
  /** Time saved up for sending, in nanoseconds. */
  tokens: Nanoseconds;
  at: Nanoseconds;
}

/**
 * How often ICMP errors are sent (RFC 1812 section 4.3.2.8), as Linux limits them for both versions of IP: to one
 * host one per `icmp_ratelimit` milliseconds after a burst of 6, to all `icmp_msgs_per_sec` after a burst of `icmp_msgs_burst`.
 */
export class RateLimit {
  readonly #sim: Simulation;
  readonly #sysctl: Sysctl;
  #hosts: Map<number | string, Bucket> | null = null;
  #credit = -1;
  #stamp: Nanoseconds = 0;

  constructor(sim: Simulation, sysctl: Sysctl) {
    this.#sim = sim;
    this.#sysctl = sysctl;
  }

  /** Whether a message of this type is limited at all (`icmp_ratemask`). */
  limits(type: number): boolean {
    return ((this.#sysctl.get('net.ipv4.icmp_ratemask') >>> type) & 1) === 1;
  }

  /** Takes one message out of what may be sent to all. @returns false when that is used up. */
  allowAny(): boolean {
    const { now } = this.#sim;
    const burst = this.#sysctl.get('net.ipv4.icmp_msgs_burst');
    const perSecond = this.#sysctl.get('net.ipv4.icmp_msgs_per_sec');
    const earned = Math.floor(((now - this.#stamp) * perSecond) / seconds(1));
    if (this.#credit < 0) {
      this.#credit = burst;
      this.#stamp = now;
    } else if (earned > 0) {
      this.#credit = Math.min(burst, this.#credit + earned);
      this.#stamp = now;
    }
    if (this.#credit === 0) return false;
    this.#credit--;
    return true;
  }

  /** Takes one message out of what may be sent to one host, every `rate` milliseconds one. @returns false when that is used up. */
  allowHost(host: number | string, rate: number): boolean {
    const { now } = this.#sim;
    const interval = milliseconds(rate);
    this.#hosts ??= new Map();
    let bucket = this.#hosts.get(host);
    if (bucket === undefined) {
      if (this.#hosts.size >= HOSTS) this.#hosts.clear();
      bucket = { tokens: BURST * interval, at: now };
      this.#hosts.set(host, bucket);
    }
    bucket.tokens = Math.min(BURST * interval, bucket.tokens + now - bucket.at);
    bucket.at = now;
    if (bucket.tokens < interval) return false;
    bucket.tokens -= interval;
    return true;
  }
}
