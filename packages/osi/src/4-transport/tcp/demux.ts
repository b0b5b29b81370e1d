import { ANY, type Ipv4Address } from '../../3-network/index.ts';
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

  find(local: Ipv4Address, localPort: number, remote: Ipv4Address, remotePort: number): Tcb | null {
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
   * The listener for a port: one bound to the address before one for any; of several with SO_REUSEPORT the one
   * that `hash`, made of the four-tuple, selects.
   */
  listener(local: Ipv4Address, port: number, hash: number): Listener | null {
    const listeners = this.#listeners.get(port);
    if (listeners === undefined) return null;
    const exact = listeners.filter((each) => each.local.address === local);
    const fitting = exact.length > 0 ? exact : listeners.filter((each) => each.local.address === ANY);
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

const key = (localPort: number, remote: number, remotePort: number): number =>
  ((localPort << 16) | remotePort) ^ Math.imul(remote, 0x9e3779b1);

const keyOf = (tcb: Tcb): number => key(tcb.localPort, tcb.remoteAddress, tcb.remotePort);

const matches = (
  tcb: Tcb,
  local: Ipv4Address,
  localPort: number,
  remote: Ipv4Address,
  remotePort: number,
): boolean =>
  tcb.remotePort === remotePort &&
  tcb.localPort === localPort &&
  tcb.remoteAddress === remote &&
  tcb.localAddress === local;
