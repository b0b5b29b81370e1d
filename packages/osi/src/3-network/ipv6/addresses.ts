import type { Link } from '../../2-datalink/index.ts';
import type { Nanoseconds, Simulation } from '../../time/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import type { TableUser } from '../table-user.ts';
import {
  type Ipv6Address,
  type Ipv6Prefix,
  isAny6,
  isLoopback6,
  isMulticast6,
  needsZone,
  scopeOf,
} from './address.ts';

/** A line of `ip -6 addr`. */
export interface LocalAddress6 {
  readonly link: Link;
  readonly address: Ipv6Address;
  /** Of the network's prefix. */
  readonly length: number;
  /** Made of a router's prefix, and given up when that ends (`dynamic`). */
  readonly dynamic: boolean;
  /** Nobody may use it yet: it is being asked whether somebody else does (RFC 4862 section 5.4). */
  tentative: boolean;
  /** Somebody else has it: `dadfailed`. */
  failed: boolean;
  /** Until when it may be chosen for new conversations, and until when it is ours. */
  preferredUntil: Nanoseconds;
  validUntil: Nanoseconds;
}

/** What else is known of an address that is added. */
export interface NewAddress6 extends Ipv6Prefix {
  readonly dynamic?: boolean;
  readonly tentative?: boolean;
  readonly preferredUntil?: Nanoseconds;
  readonly validUntil?: Nanoseconds;
}

/** The IPv6 addresses of one machine; those of each interface with the widest scope first, as in Linux. */
export class AddressTable6 {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #user: TableUser;
  #all: LocalAddress6[] = [];
  /** By the hash of an address that may be used. */
  readonly #own = new Map<number, LocalAddress6>();

  constructor(sim: Simulation, tracer: Tracer, user: TableUser) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#user = user;
  }

  entries(): readonly LocalAddress6[] {
    return this.#all;
  }

  /**
   * @param record false when the record has it already.
   * @returns the new line, or -EEXIST when the link has it, -EINVAL for what no station can have.
   */
  add(link: Link, added: NewAddress6, record = true): LocalAddress6 | number {
    const { length, dynamic = false, tentative = false } = added;
    const { preferredUntil = Number.POSITIVE_INFINITY, validUntil = Number.POSITIVE_INFINITY } = added;
    const address = needsZone(added.address) ? added.address.inZone(link.index) : added.address;
    if (length < 0 || length > 128 || isAny6(address) || isMulticast6(address)) return -ERRNO.EINVAL;
    if (isLoopback6(address) && !link.loopback) return -ERRNO.EADDRNOTAVAIL;
    if (this.on(link, address) !== undefined) return -ERRNO.EEXIST;
    const line = {
      link,
      address,
      length,
      dynamic,
      tentative,
      failed: false,
      preferredUntil,
      validUntil,
    };
    const scope = scopeOf(address);
    const after = this.#all.findIndex((other) => other.link === link && scopeOf(other.address) < scope);
    if (after < 0) this.#all.push(line);
    else this.#all.splice(after, 0, line);
    this.#index();
    if (record) this.record('add', line);
    return line;
  }

  remove(line: LocalAddress6): void {
    this.#all = this.#all.filter((other) => other !== line);
    this.#index();
    this.record('remove', line);
  }

  /** Nobody else has it: it may be used from now on. */
  confirm(line: LocalAddress6): void {
    line.tentative = false;
    this.#index();
    this.record('update', line);
  }

  /** It is preferred, and ours, for longer or for less. */
  renew(line: LocalAddress6, preferredUntil: Nanoseconds, validUntil: Nanoseconds): void {
    line.preferredUntil = preferredUntil;
    line.validUntil = validUntil;
    this.#user.tableChanged();
    this.record('update', line);
  }

  /** Somebody else has it: it stays tentative for good. */
  fail(line: LocalAddress6): void {
    line.failed = true;
    this.record('update', line);
  }

  /** Whether a packet to `address` is for this machine alone. */
  isOwn(address: Ipv6Address): boolean {
    return this.find(address) !== undefined;
  }

  /** The line of an address of ours that may be used, or undefined. */
  find(address: Ipv6Address): LocalAddress6 | undefined {
    const line = this.#own.get(address.hash);
    if (line === undefined || line.address.equals(address)) return line;
    return this.#all.find((other) => !other.tentative && other.address.equals(address));
  }

  /** The line of an interface's address, tentative or not. */
  on(link: Link, address: Ipv6Address): LocalAddress6 | undefined {
    return this.#all.find((line) => line.link === link && line.address.equals(address));
  }

  /** The link-local address of an interface that may be used, or undefined. */
  linkLocal(link: Link): LocalAddress6 | undefined {
    return this.#all.find(
      (line) => line.link === link && !line.tentative && line.address.zone === link.index,
    );
  }

  /** The zone in which we have an address that came back to us by `lo`, where no zone is told. */
  zoneOf(address: Ipv6Address): number {
    return this.#all.find((line) => line.address.inZone(0).equals(address.inZone(0)))?.address.zone ?? 0;
  }

  isDeprecated(line: LocalAddress6): boolean {
    return line.preferredUntil <= this.#sim.now;
  }

  /** When the next of them will be deprecated; `Infinity` for none. */
  get nextDeprecation(): Nanoseconds {
    let next = Number.POSITIVE_INFINITY;
    for (const line of this.#all) {
      if (line.preferredUntil < next && !this.isDeprecated(line)) next = line.preferredUntil;
    }
    return next;
  }

  #index(): void {
    this.#own.clear();
    for (const line of this.#all) {
      if (!line.tentative && !this.#own.has(line.address.hash)) this.#own.set(line.address.hash, line);
    }
    this.#user.tableChanged();
  }

  /** Writes a change to the record. */
  record(change: TableChanged['change'], line: LocalAddress6): void {
    if (!this.#tracer.on) return;
    const flags = line.failed ? ' dadfailed' : line.tentative ? ' tentative' : '';
    this.#tracer.write({
      kind: 'table',
      table: 'address',
      change,
      key: `${line.address.text}/${line.length}`,
      value: change === 'remove' ? '' : `${line.link.name}${flags}`,
    });
  }
}
