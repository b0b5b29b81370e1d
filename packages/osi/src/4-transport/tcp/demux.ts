import { hashIp, type IpAddress, isIpv6, sameIp } from '../../3-network/index.ts';
import { isWild } from '../overlap.ts';
import type { Chained } from './chained.ts';
import type { Secrets } from './isn.ts';
import type { Listener } from './listener.ts';

/** Places of an empty table: a power of two. */
const FEWEST = 16;

/**
 * Which connection or listener a segment is for.
 *
 * Connections are in a table of chains, found by a number mixed of ports and peer; in a chain the whole four-tuple is
 * compared (as costs: a number finds its place in a tenth of the time of a string). The chains go through the
 * connections themselves, so a place in the table is all that one takes.
 */
export class Demux {
  #chains: (Chained | null)[] = new Array(FEWEST).fill(null);
  #count = 0;
  readonly #listeners = new Map<number, Listener[]>();
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Chained | null {
    let found = this.#chains[key(localPort, remote, remotePort) & (this.#chains.length - 1)] ?? null;
    while (found !== null && !matches(found, local, localPort, remote, remotePort)) found = found.chain;
    return found;
  }

  add(tcb: Chained): void {
    if (this.#count === this.#chains.length) this.#resize(this.#count * 2);
    this.#count++;
    this.#link(tcb);
  }

  remove(tcb: Chained): void {
    const at = keyOf(tcb) & (this.#chains.length - 1);
    let before: Chained | null = null;
    let found = this.#chains[at] ?? null;
    while (found !== null && found !== tcb) {
      before = found;
      found = found.chain;
    }
    if (found === null) return;
    if (before === null) this.#chains[at] = tcb.chain;
    else before.chain = tcb.chain;
    tcb.chain = null;
    this.#count--;
    if (this.#chains.length > FEWEST && this.#count < this.#chains.length / 8) {
      this.#resize(this.#chains.length / 2);
    }
  }

  /** All of both kinds, in the order in which they were made. */
  all(): (Chained | Listener)[] {
    const all: (Chained | Listener)[] = [...this.#listeners.values()].flat();
    for (const first of this.#chains) for (let tcb = first; tcb !== null; tcb = tcb.chain) all.push(tcb);
    return all.sort((one, other) => one.number - other.number);
  }

  #link(tcb: Chained): void {
    const at = keyOf(tcb) & (this.#chains.length - 1);
    tcb.chain = this.#chains[at] ?? null;
    this.#chains[at] = tcb;
  }

  #resize(size: number): void {
    const old = this.#chains;
    this.#chains = new Array(size).fill(null);
    for (const first of old) {
      let tcb = first;
      while (tcb !== null) {
        const next: Chained | null = tcb.chain;
        this.#link(tcb);
        tcb = next;
      }
    }
  }

  /**
   * The listener for a port: one bound to the address before one for any, and one of the address's own version of IP
   * before one for both; of several with SO_REUSEPORT the one that a hash of the four-tuple selects.
   */
  listener(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Listener | null {
    const listeners = this.#listeners.get(localPort);
    if (listeners === undefined) return null;
    let best = 0;
    let first: Listener | null = null;
    let count = 0;
    for (const each of listeners) {
      const fit = fitOf(each, local);
      if (fit === 0 || fit < best) continue;
      count = fit === best ? count + 1 : 1;
      if (count === 1) first = each;
      best = fit;
    }
    if (count <= 1) return first;
    const hash = this.#secrets.hash(hashIp(remote), remotePort, localPort) >>> 0;
    return listeners.filter((each) => fitOf(each, local) === best)[hash % count] ?? null;
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

/** How well a listener fits a segment to `address`; 0 when it does not. */
function fitOf({ local, claim }: Listener, address: IpAddress): number {
  if (sameIp(local.address, address)) return 3;
  if (!isWild(local.address, claim.options.v6Only, address)) return 0;
  return isIpv6(local.address) === isIpv6(address) ? 2 : 1;
}

function key(localPort: number, remote: IpAddress, remotePort: number): number {
  const mixed = Math.imul(
    ((localPort << 16) | remotePort) ^ Math.imul(hashIp(remote), 0x9e3779b1),
    0x85ebca6b,
  );
  return mixed ^ (mixed >>> 15);
}

const keyOf = (tcb: Chained): number => key(tcb.localPort, tcb.remoteAddress, tcb.remotePort);

const matches = (
  tcb: Chained,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): boolean =>
  tcb.remotePort === remotePort &&
  tcb.localPort === localPort &&
  sameIp(tcb.remoteAddress, remote) &&
  sameIp(tcb.localAddress, local);
