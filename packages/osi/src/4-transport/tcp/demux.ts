import { hashIp, type IpAddress, isIpv6, sameIp } from '../../3-network/index.ts';
import { isWild } from '../overlap.ts';
import type { Listener } from './listener.ts';
import type { Tcb } from './tcb.ts';

/**
 * Which connection or listener a segment is for.
 *
 * Connections are found by a number mixed of ports and peer; those with the same number form a chain in which
 * the whole four-tuple is compared (as costs: a number finds a map's entry in a tenth of the time of a string).
 */
export class Demux {
  readonly #connections = new Map<number, Tcb>();
  readonly #listeners = new Map<number, Listener[]>();

  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Tcb | null {
    let tcb = this.#connections.get(key(localPort, remote, remotePort)) ?? null;
    while (tcb !== null && !matches(tcb, local, localPort, remote, remotePort)) tcb = tcb.chain;
    return tcb;
  }

  add(tcb: Tcb): void {
    const at = keyOf(tcb);
    tcb.chain = this.#connections.get(at) ?? null;
    this.#connections.set(at, tcb);
  }

  remove(tcb: Tcb): void {
    const at = keyOf(tcb);
    const first = this.#connections.get(at);
    if (first === undefined) return;
    if (first === tcb) {
      if (tcb.chain === null) this.#connections.delete(at);
      else this.#connections.set(at, tcb.chain);
    } else {
      for (let before: Tcb | null = first; before !== null; before = before.chain) {
        if (before.chain !== tcb) continue;
        before.chain = tcb.chain;
        break;
      }
    }
    tcb.chain = null;
  }

  /**
   * The listener for a port: one bound to the address before one for any, and one of the address's own version of IP
   * before one for both; of several with SO_REUSEPORT the one that `hash`, made of the four-tuple, selects.
   */
  listener(local: IpAddress, port: number, hash: number): Listener | null {
    const listeners = this.#listeners.get(port);
    if (listeners === undefined) return null;
    let fitting = listeners.filter((each) => sameIp(each.local.address, local));
    if (fitting.length === 0) {
      fitting = listeners.filter(({ claim }) => isWild(claim.local.address, claim.options.v6Only, local));
      const own = fitting.filter((each) => isIpv6(each.local.address) === isIpv6(local));
      if (own.length > 0) fitting = own;
    }
    return fitting[(hash >>> 0) % Math.max(fitting.length, 1)] ?? null;
  }

  listen(listener: Listener): void {
    const listeners = this.#listeners.get(listener.local.port);
    if (listeners === undefined) this.#listeners.set(listener.local.port, [listener]);
    else listeners.push(listener);
  }

  unlisten(listener: Listener): void {
    const { port } = listener.local;
    const left = (this.#listeners.get(port) ?? []).filter((each) => each !== listener);
    if (left.length === 0) this.#listeners.delete(port);
    else this.#listeners.set(port, left);
  }
}

const key = (localPort: number, remote: IpAddress, remotePort: number): number =>
  ((localPort << 16) | remotePort) ^ Math.imul(hashIp(remote), 0x9e3779b1);

const keyOf = (tcb: Tcb): number => key(tcb.localPort, tcb.remoteAddress, tcb.remotePort);

const matches = (
  tcb: Tcb,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): boolean =>
  tcb.remotePort === remotePort &&
  tcb.localPort === localPort &&
  sameIp(tcb.remoteAddress, remote) &&
  sameIp(tcb.localAddress, local);
