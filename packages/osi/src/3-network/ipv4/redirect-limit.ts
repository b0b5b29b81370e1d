import { milliseconds, type Nanoseconds, type Simulation } from '../../time/index.ts';
import type { Ipv4Address } from '../address.ts';
import type { Sysctl } from '../sysctl.ts';

interface Host {
  /** Redirects sent to it without a pause. */
  sent: number;
  last: Nanoseconds;
}

/** Hosts remembered; more than this many have a wrong route only in an attack. */
const HOSTS = 1024;

/**
 * How often a host is told that there is a better way (`ip_rt_send_redirect`): at once, then after twice the time each
 * time, and no more once it has ignored `redirect_number`; all of it anew when it was quiet for `redirect_silence`.
 */
export class RedirectLimit {
  readonly #sim: Simulation;
  readonly #sysctl: Sysctl;
  readonly #hosts = new Map<Ipv4Address, Host>();

  constructor(sim: Simulation, sysctl: Sysctl) {
    this.#sim = sim;
    this.#sysctl = sysctl;
  }

  /**
   * Takes one redirect out of what `address` may be sent. @returns which one it is, counted from 1; 0 when it may not be sent.
   */
  take(address: Ipv4Address): number {
    const { now } = this.#sim;
    const { values } = this.#sysctl;
    let host = this.#hosts.get(address);
    if (host === undefined) {
      if (this.#hosts.size >= HOSTS) this.#hosts.clear();
      host = { sent: 0, last: now };
      this.#hosts.set(address, host);
    } else if (now > host.last + milliseconds(values['net.ipv4.route.redirect_silence'])) {
      host.sent = 0;
    }
    if (host.sent >= values['net.ipv4.route.redirect_number']) {
      host.last = now;
      return 0;
    }
    const pause = milliseconds(values['net.ipv4.route.redirect_load']) * 2 ** host.sent;
    if (host.sent > 0 && now <= host.last + pause) return 0;
    host.last = now;
    return ++host.sent;
  }
}
