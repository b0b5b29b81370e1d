import { hashIp, type IpAddress, type IpService, isAnyIp, type Sysctl } from '../../3-network/index.ts';
import type { Random } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { overlaps } from '../overlap.ts';
import type { Binding, BindOptions, Endpoint } from '../services.ts';
import type { Secrets } from './isn.ts';

/** RFC 6056 section 3.3.4: how many counters tell apart whom we talk to (Linux: INET_TABLE_PERTURB_SIZE 65536, smaller here). */
const COUNTERS = 256;

const NOT_SHARED: BindOptions = { reuseAddress: false, reusePort: false };

/** A claim on a local port. It lasts as long as anyone holds it: the socket that bound it, listener, connections. */
export class Claim implements Binding {
  readonly local: Endpoint;
  readonly options: BindOptions;
  /** Someone listens on it. */
  listening = false;
  /** Made by `connect` without `bind`: other connections may share the port. */
  readonly automatic: boolean;
  /** The next claim on the same port. */
  next: Claim | null = null;
  readonly #table: PortTable;
  #holders = 1;
  #released = false;

  constructor(table: PortTable, local: Endpoint, options: BindOptions, automatic: boolean) {
    this.#table = table;
    this.local = local;
    this.options = options;
    this.automatic = automatic;
  }

  /** One more connection or listener stands on it. */
  hold(): void {
    this.#holders++;
  }

  /** Such a one is gone. */
  drop(): void {
    if (--this.#holders === 0) this.#table.remove(this);
  }

  /** The socket that bound it lets go; calling it again does nothing. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.drop();
  }
}

/** Who has claimed which local port of one machine, and the choice of ephemeral ones. */
export class PortTable {
  /** The first claim on each port; the others follow it. */
  readonly #claims = new Map<number, Claim>();
  readonly #ip: IpService;
  readonly #sysctl: Sysctl;
  readonly #secrets: Secrets;
  readonly #random: Random;
  readonly #counters = new Uint32Array(COUNTERS);
  /** The parity that was free last: when all of one are taken they are not looked through each time. */
  readonly #parities = new Uint8Array(COUNTERS);

  constructor(ip: IpService, sysctl: Sysctl, secrets: Secrets, random: Random) {
    this.#ip = ip;
    this.#sysctl = sysctl;
    this.#secrets = secrets;
    this.#random = random;
    for (let i = 0; i < COUNTERS; i++) this.#counters[i] = random.uint32();
  }

  /** bind(2). @returns -EADDRNOTAVAIL for an address that is not ours, -EADDRINUSE. */
  bind(local: Endpoint, options: BindOptions): Claim | number {
    if (!isAnyIp(local.address) && !this.#ip.isLocal(local.address)) return -ERRNO.EADDRNOTAVAIL;
    if (local.port !== 0) {
      return this.#conflict(local, options, null, false)
        ? -ERRNO.EADDRINUSE
        : this.#add(local, options, false);
    }
    const port = this.#ephemeral(this.#random.uint32(), 1, (candidate) => {
      return !this.#conflict({ address: local.address, port: candidate }, options, null, true);
    });
    return port === 0 ? -ERRNO.EADDRINUSE : this.#add({ address: local.address, port }, options, false);
  }

  /** listen(2) looks again: of sockets that share a port by SO_REUSEADDR only one may listen. */
  mayListen(claim: Claim): boolean {
    return !this.#conflict(claim.local, claim.options, claim, false);
  }

  /**
   * connect(2) without bind: an ephemeral port such that `free` says the four-tuple is not taken; after RFC 6056's
   * "double-hash port selection". Linux keeps odd ports for bind and even ones for connect, as long as it can.
   */
  choose(address: IpAddress, remote: Endpoint, free: (port: number) => boolean): Claim | number {
    const from = hashIp(address);
    const to = hashIp(remote.address);
    const slot = this.#secrets.hash(from, to, remote.port ^ 0x5bd1_0000) & (COUNTERS - 1);
    const offset = this.#secrets.hash(from, to, remote.port) >>> 0;
    const counter = this.#counters[slot] ?? 0;
    const port = this.#ephemeral(offset + counter, this.#parities[slot] ?? 0, (candidate) => {
      for (let other = this.#first(candidate); other !== null; other = other.next) {
        if (!other.automatic) return false;
      }
      return free(candidate);
    });
    if (port === 0) return -ERRNO.EADDRNOTAVAIL;
    this.#counters[slot] = counter + 1;
    this.#parities[slot] = (port - this.#sysctl.values['net.ipv4.ip_local_port_range.low']) & 1;
    return this.#add({ address, port }, NOT_SHARED, true);
  }

  /** @internal Called by claims nobody holds any more. */
  remove(claim: Claim): void {
    const { port } = claim.local;
    const first = this.#first(port);
    if (first === claim) {
      if (claim.next === null) this.#claims.delete(port);
      else this.#claims.set(port, claim.next);
      return;
    }
    for (let before = first; before !== null; before = before.next) {
      if (before.next === claim) before.next = claim.next;
    }
  }

  #first(port: number): Claim | null {
    return this.#claims.get(port) ?? null;
  }

  #add(local: Endpoint, options: BindOptions, automatic: boolean): Claim {
    const claim = new Claim(this, local, options, automatic);
    claim.next = this.#first(local.port);
    this.#claims.set(local.port, claim);
    return claim;
  }

  /**
   * Whether a socket with these options cannot have this port (Linux: inet_csk_bind_conflict, socket(7)). Sharing
   * needs the same option on both sides: SO_REUSEPORT, or SO_REUSEADDR while the other does not listen — which
   * is how a server starts again while its old connections are in TIME_WAIT.
   */
  #conflict(local: Endpoint, options: BindOptions, self: Claim | null, strict: boolean): boolean {
    for (let other = this.#first(local.port); other !== null; other = other.next) {
      if (other === self) continue;
      const { v6Only } = other.options;
      if (!overlaps(local.address, options.v6Only, other.local.address, v6Only)) continue;
      if (options.reusePort && other.options.reusePort) continue;
      if (!strict && options.reuseAddress && other.options.reuseAddress && !other.listening) continue;
      return true;
    }
    return false;
  }

  /** Tries the ports of one parity from `offset` on, then those of the other. @returns 0 when none will do. */
  #ephemeral(offset: number, parity: number, fits: (port: number) => boolean): number {
    const low = this.#sysctl.values['net.ipv4.ip_local_port_range.low'];
    const high = this.#sysctl.values['net.ipv4.ip_local_port_range.high'];
    const count = high - low + 1;
    if (count <= 0) return 0;
    const half = Math.ceil(count / 2);
    for (let i = 0; i < 2 * half; i++) {
      const odd = i < half ? parity : 1 - parity;
      const port = low + ((2 * ((offset + i) % half) + odd) % (2 * half));
      if (port <= high && fits(port)) return port;
    }
    return 0;
  }
}

/** A binding is always one that this table made. @throws TypeError for any other: a fault of the caller. */
export function ourClaim(binding: Binding): Claim {
  if (binding instanceof Claim) return binding;
  throw new TypeError('a TCP binding was expected');
}
