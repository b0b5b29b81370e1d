import type { Link } from '../../2-datalink/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import {
  BROADCAST,
  formatIpv4,
  type Ipv4Address,
  type Ipv4Prefix,
  ipv4FromNumber,
  isLoopback,
  isMulticast,
  netmask,
} from '../address.ts';

/** A line of `ip addr`. */
export interface LocalAddress {
  readonly link: Link;
  readonly address: Ipv4Address;
  /** Of the network's prefix. */
  readonly length: number;
  /** The broadcast address of its network; null where there is none: prefixes of 31 and 32 bits (RFC 3021). */
  readonly broadcast: Ipv4Address | null;
}

/** Up to so many, looking at each of them is as fast as an index, and takes up less: most machines have two. */
const FEW = 8;

/** The addresses of one machine, in the order in which they were added. */
export class AddressTable {
  readonly #tracer: Tracer;
  #all: readonly LocalAddress[] = [];
  /** By address, and by that of its network's broadcast: only of many. */
  #own: Map<number, LocalAddress> | null = null;
  #broadcasts: Map<number, LocalAddress> | null = null;
  /** Counts changes. */
  version = 0;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  entries(): readonly LocalAddress[] {
    return this.#all;
  }

  /** @returns the new line, or -EEXIST when the link has it, -EINVAL for what no station can have. */
  add(link: Link, prefix: Ipv4Prefix): LocalAddress | number {
    const { address, length } = prefix;
    if (length < 0 || length > 32 || address === 0 || isMulticast(address) || address === BROADCAST) {
      return -ERRNO.EINVAL;
    }
    if (this.#all.some((line) => line.link === link && line.address === address && line.length === length)) {
      return -ERRNO.EEXIST;
    }
    const broadcast = length < 31 && !link.loopback ? ipv4FromNumber(address | ~netmask(length)) : null;
    const line = { link, address, length, broadcast };
    this.#all = this.#all.concat(line);
    this.#index();
    this.#record('add', line);
    return line;
  }

  /** @returns the line that was removed, or -EADDRNOTAVAIL. */
  remove(link: Link, prefix: Ipv4Prefix): LocalAddress | number {
    const place = this.#all.findIndex(
      (line) => line.link === link && line.address === prefix.address && line.length === prefix.length,
    );
    const line = this.#all[place];
    if (line === undefined) return -ERRNO.EADDRNOTAVAIL;
    this.#all = this.#all.filter((other) => other !== line);
    this.#index();
    this.#record('remove', line);
    return line;
  }

  /** Whether a packet to `address` is for this machine alone. */
  isOwn(address: Ipv4Address): boolean {
    return this.find(address) !== undefined || isLoopback(address);
  }

  /** Whether ARP answers for it: 127.0.0.0/8 never leaves the machine. */
  isAnsweredFor(address: number): boolean {
    return address >>> 24 !== 127 && this.find(address as Ipv4Address) !== undefined;
  }

  /** The line of an address of ours, or undefined. */
  find(address: Ipv4Address): LocalAddress | undefined {
    if (this.#own !== null) return this.#own.get(address);
    for (const line of this.#all) if (line.address === address) return line;
    return undefined;
  }

  /** The line whose network has this broadcast address, or undefined. */
  ofBroadcast(address: Ipv4Address): LocalAddress | undefined {
    if (this.#broadcasts !== null) return this.#broadcasts.get(address);
    for (const line of this.#all) if (line.broadcast === address) return line;
    return undefined;
  }

  isBroadcast(address: Ipv4Address): boolean {
    return address === BROADCAST || isMulticast(address) || this.ofBroadcast(address) !== undefined;
  }

  /** Whether a packet to this broadcast address is for this machine too. */
  isHeard(address: Ipv4Address): boolean {
    return address === BROADCAST || this.ofBroadcast(address) !== undefined;
  }

  /**
   * The address to send from by `link` to `nextHop`: one whose network it is in, else the link's first, else the
   * first of any other link (`inet_select_addr` in Linux). Null when there is none.
   */
  select(link: Link, nextHop: Ipv4Address): Ipv4Address | null {
    let ofLink: Ipv4Address | null = null;
    let any: Ipv4Address | null = null;
    for (const line of this.#all) {
      if (line.link !== link) {
        if (any === null && !line.link.loopback) any = line.address;
        continue;
      }
      if (((line.address ^ nextHop) & netmask(line.length)) === 0) return line.address;
      ofLink ??= line.address;
    }
    return ofLink ?? any;
  }

  #index(): void {
    this.version++;
    this.#own = null;
    this.#broadcasts = null;
    if (this.#all.length <= FEW) return;
    this.#own = new Map();
    this.#broadcasts = new Map();
    for (const line of this.#all) {
      if (!this.#own.has(line.address)) this.#own.set(line.address, line);
      if (line.broadcast !== null && !this.#broadcasts.has(line.broadcast)) {
        this.#broadcasts.set(line.broadcast, line);
      }
    }
  }

  #record(change: TableChanged['change'], line: LocalAddress): void {
    if (!this.#tracer.on) return;
    const key = `${formatIpv4(line.address)}/${line.length}`;
    this.#tracer.write({
      kind: 'table',
      table: 'address',
      change,
      key,
      value: change === 'remove' ? '' : line.link.name,
    });
  }
}
