import type { Link } from '../../2-datalink/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import {
  BROADCAST,
  formatIpv4,
  type Ipv4Address,
  type Ipv4Prefix,
  isLoopback,
  isMulticast,
  netmask,
} from '../address.ts';
import type { TableUser } from '../table-user.ts';
import {
  type AddressDetails,
  type LocalAddress,
  localAddress,
  RT_SCOPE_LINK,
  sameNetwork,
} from './local-address.ts';

/** Up to so many, looking at each of them is as fast as an index, and takes up less: most machines have two. */
const FEW = 8;

/** What taking an address away has come to. */
export interface Removed {
  readonly gone: readonly LocalAddress[];
  /** The address that is the primary one of its network now. */
  readonly promoted: LocalAddress | null;
}

/** The addresses of one machine, in Linux's order: of a link first the primary ones, those that reach less far before others, then the secondary ones. */
export class AddressTable {
  readonly #tracer: Tracer;
  #all: readonly LocalAddress[] = [];
  /** By address, and by that of its network's broadcast: only of many. */
  #own: Map<number, LocalAddress> | null = null;
  #broadcasts: Map<number, LocalAddress> | null = null;
  readonly #user: TableUser;

  constructor(tracer: Tracer, user: TableUser) {
    this.#tracer = tracer;
    this.#user = user;
  }

  entries(): readonly LocalAddress[] {
    return this.#all;
  }

  /** @returns the new line, or -EEXIST when the link has it, -EINVAL for what no station can have (`__inet_insert_ifa`). */
  add(link: Link, prefix: Ipv4Prefix, details: AddressDetails = {}): LocalAddress | number {
    const { address, length } = prefix;
    if (length < 0 || length > 32 || address === 0 || isMulticast(address) || address === BROADCAST) {
      return -ERRNO.EINVAL;
    }
    const made = localAddress(link, prefix, details);
    const network = this.#all.filter((line) => sameNetwork(line, made));
    if (network.some((line) => line.address === address)) return -ERRNO.EEXIST;
    if (network.some((line) => line.scope !== made.scope)) return -ERRNO.EINVAL;
    const line = network.length === 0 ? made : { ...made, secondary: true };
    this.#insert(line);
    this.#record('add', line);
    return line;
  }

  /**
   * Takes an address away; with a primary one its network's others go too, or the first of them becomes the primary one
   * (`__inet_del_ifa`). @param promote that (`promote_secondaries`).
   * @returns the lines that are gone, and which has become primary; or -EADDRNOTAVAIL.
   */
  remove(link: Link, prefix: Ipv4Prefix, promote: boolean): Removed | number {
    const line = this.#all.find(
      (each) => each.link === link && each.address === prefix.address && each.length === prefix.length,
    );
    if (line === undefined) return -ERRNO.EADDRNOTAVAIL;
    const followers = line.secondary
      ? []
      : this.#all.filter((each) => each.secondary && sameNetwork(each, line));
    const heir = promote ? followers[0] : undefined;
    const gone = heir === undefined ? [...followers, line] : [line];
    this.#all = this.#all.filter((each) => each !== heir && !gone.includes(each));
    let promoted: LocalAddress | null = null;
    if (heir === undefined) this.#index();
    else {
      promoted = { ...heir, secondary: false };
      this.#insert(promoted);
    }
    for (const each of gone) this.#record('remove', each);
    if (promoted !== null) this.#record('update', promoted);
    return { gone, promoted };
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

  /** Whether a packet to this broadcast address is for this machine too. */
  isHeard(address: Ipv4Address): boolean {
    return address === BROADCAST || this.ofBroadcast(address) !== undefined;
  }

  /**
   * The address to send from by `link` to `nextHop`: of the primary ones that whose network it is in, else the link's first,
   * else the first of any other link (`inet_select_addr` in Linux), each only if it reaches as far. Null when there is none.
   * @param scope how far it has to reach.
   */
  select(link: Link, nextHop: Ipv4Address, scope = RT_SCOPE_LINK): Ipv4Address | null {
    let ofLink: Ipv4Address | null = null;
    let any: Ipv4Address | null = null;
    for (const line of this.#all) {
      if (line.secondary || line.scope > scope) continue;
      if (line.link !== link) {
        if (line.scope !== RT_SCOPE_LINK) any ??= line.address;
        continue;
      }
      if (((line.address ^ nextHop) & netmask(line.length)) === 0) return line.address;
      ofLink ??= line.address;
    }
    return ofLink ?? any;
  }

  /** A primary one comes behind those of its link that reach as far or less far, a secondary one to the end. */
  #insert(line: LocalAddress): void {
    const { link, scope, secondary } = line;
    const own = this.#all.filter((each) => each.link === link);
    const place = own.findLastIndex((each) => !each.secondary && scope <= each.scope) + 1;
    const others = this.#all.filter((each) => each.link !== link);
    const at = others.filter((each) => each.link.index < link.index).length;
    const lines = own.toSpliced(secondary ? own.length : place, 0, line);
    this.#all = others.toSpliced(at, 0, ...lines);
    this.#index();
  }

  #index(): void {
    this.#user.tableChanged();
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
