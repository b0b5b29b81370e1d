import { type Frame, type FramePool, HEADROOM } from '../1-physical/index.ts';
import {
  ETHERNET_HEADER,
  type FrameWatcher,
  formatMac,
  type Link,
  type MacAddress,
  macFromNumber,
  NULL_MAC,
  PACKET_OUTGOING,
  parseMac,
  readEtherType,
  readMac,
  writeEthernet,
} from '../2-datalink/index.ts';
import type { SendOptions } from '../3-network/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import { ERRNO, type EventId, type Tracer } from '../trace/index.ts';
import * as linux from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import { PRIVILEGED } from './credentials.ts';
import { integer, ints, type Option, type OptionTable, readInt } from './option-table.ts';
import { SOCKET_OPTIONS, type SocketSettings } from './socket-options.ts';
import type { PacketAddress, Received, Socket, SocketAddress } from './socket-types.ts';
import { WaitQueue } from './wait-queue.ts';

/** What a packet socket needs of the machine's stack. */
export interface PacketParts extends NonNullable<SocketSettings['parts']> {
  readonly tracer: Tracer;
  readonly pool: FramePool;
  readonly interfaces: readonly Link[];
  interfaceAt(index: number): Link | undefined;
  /** A name for the socket in the record. */
  nextId(): string;
  /** Interfaces come and go: a socket that is bound to none watches all. @returns what ends it. */
  watchLinks(watcher: FrameWatcher): () => void;
}

/** ETH_P_ALL: frames of every type, those that are sent too. */
const EVERY_TYPE = 3;
/** ARPHRD_ETHER, ARPHRD_LOOPBACK (linux/if_arp.h). */
const HARDWARE_ETHERNET = 1;
const HARDWARE_LOOPBACK = 772;
/** How Linux counts a frame against SO_RCVBUF, roughly: its descriptor and a block (`skb->truesize`). */
const OVERHEAD = 832;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly address: PacketAddress;
}

interface Membership {
  readonly link: Link;
  readonly type: number;
  readonly group: MacAddress;
}

/**
 * AF_PACKET (packet(7)): a program that sees and sends frames themselves. SOCK_RAW with their Ethernet header,
 * SOCK_DGRAM without it. The protocol is an EtherType, or ETH_P_ALL, which shows what is sent as well.
 */
export class PacketSocket
  implements Omit<Socket, 'localAddress' | 'remoteAddress'>, SocketSettings, FrameWatcher
{
  readonly domain = linux.AF_PACKET;
  readonly type: number;
  readonly id: string;
  readonly parts: PacketParts;
  readonly atMark = false;
  readonly listening = false;
  readonly peer = null;
  readonly ip: SendOptions = {};
  readonly multicast = null;
  readonly memberships = null;
  readonly raw = null;
  reuseAddress = false;
  reusePort = false;
  zeroCopy = false;
  broadcast = false;
  keepAlive = false;
  maxPacingRate = Number.POSITIVE_INFINITY;
  urgentInline = false;
  linger: Nanoseconds | null = null;
  receiveErrors = false;
  receiveTtl = false;
  receiveClass = false;
  receiveInfo = false;
  receiveOptions = 0;
  receiveTimeout: Nanoseconds = 0;
  sendTimeout: Nanoseconds = 0;
  sendBuffer: number;
  receiveBuffer: number;
  /** The type of frames it asked for, in host order; 0 for none. */
  #etherType: number;
  #link: Link | null = null;
  #error = 0;
  #queue: Waiting[] = [];
  #memory = 0;
  #unwatch: (() => void) | null = null;
  #memberships: Membership[] = [];
  /** PACKET_STATISTICS: since they were last read. */
  #packets = 0;
  #drops = 0;
  readonly #waiting = new WaitQueue();

  /** @param etherType in host order; 0 receives nothing until it is bound. */
  constructor(parts: PacketParts, type: number, etherType: number) {
    this.parts = parts;
    this.type = type;
    this.id = parts.nextId();
    this.#etherType = etherType;
    this.sendBuffer = parts.sysctl.values['net.core.wmem_default'];
    this.receiveBuffer = parts.sysctl.values['net.core.rmem_default'];
    this.#watch();
  }

  /** SO_PROTOCOL: in network order, as it was asked for. */
  get protocol(): number {
    return swap(this.#etherType);
  }

  /** Receives from one interface only, or from all with number 0, frames of a type. @returns 0; -EINVAL, -ENODEV. */
  bind(address: SocketAddress | PacketAddress): number {
    if (address.family !== linux.AF_PACKET) return -ERRNO.EINVAL;
    const link = address.interface === 0 ? null : this.parts.interfaceAt(address.interface);
    if (link === undefined) return -ERRNO.ENODEV;
    this.#link = link;
    if (address.protocol !== 0) this.#etherType = address.protocol;
    if (link?.up === false) this.#fail(ERRNO.ENETDOWN);
    this.#watch();
    return 0;
  }

  listen(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  accept(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  connect(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  shutdown(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  localAddress(): PacketAddress {
    return {
      family: linux.AF_PACKET,
      interface: this.#link?.index ?? 0,
      protocol: this.#etherType,
      packetType: 0,
      hardwareType: this.#link === null ? 0 : hardwareOf(this.#link),
      address: this.#link === null ? '' : formatMac(this.#link.mac),
    };
  }

  remoteAddress(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  /** Of control messages Linux reads those of SOL_SOCKET only here, of which there are none. */
  sendWith(
    _controls: readonly ControlMessage[],
    _to: SocketAddress | PacketAddress | null,
    send: () => number,
  ): number {
    return send();
  }

  /** Sends a frame (SOCK_RAW) or a payload (SOCK_DGRAM). `packet_snd` */
  send(bytes: Uint8Array, _flags: number, to: SocketAddress | PacketAddress | null, origin: EventId): number {
    if (to !== null && to.family !== linux.AF_PACKET) return -ERRNO.EINVAL;
    const link = to === null ? this.#link : this.parts.interfaceAt(to.interface);
    if (link === null || link === undefined) return -ERRNO.ENXIO;
    if (!link.up) return -ERRNO.ENETDOWN;
    const whole = this.type === linux.SOCK_RAW;
    if (bytes.length > link.mtu + (whole ? ETHERNET_HEADER : 0)) return -ERRNO.EMSGSIZE;
    if (whole && bytes.length < ETHERNET_HEADER) return -ERRNO.EINVAL;
    const destination = whole ? NULL_MAC : destinationOf(to, link);
    if (destination === null) return -ERRNO.EINVAL;
    const frame = this.parts.pool.take(bytes.length);
    frame.bytes.set(bytes, HEADROOM);
    frame.end = HEADROOM + bytes.length;
    frame.reason = 'packet.data';
    if (origin !== 0) frame.origins = [origin];
    if (!whole) {
      frame.start -= ETHERNET_HEADER;
      writeEthernet(frame.view, frame.start, destination, link.mac, to?.protocol || this.#etherType);
    }
    link.sendFrame(frame);
    return bytes.length;
  }

  receive(into: Uint8Array, flags: number): Received | number {
    if ((flags & linux.MSG_ERRQUEUE) !== 0) return -ERRNO.EAGAIN;
    if (this.#error !== 0) return -this.takeError();
    const first = this.#queue[0];
    if (first === undefined) return -ERRNO.EAGAIN;
    if ((flags & linux.MSG_PEEK) === 0) {
      this.#queue.shift();
      this.#memory -= OVERHEAD + first.bytes.length;
    }
    const whole = first.bytes.length;
    const length = Math.min(whole, into.length);
    into.set(first.bytes.subarray(0, length));
    return { length, whole, address: null, packet: first.address, truncated: whole > length };
  }

  watch(link: Link, frame: Frame, type: number, source: MacAddress): void {
    if (this.#link !== null && this.#link !== link) return;
    const etherType = readEtherType(frame.view, frame.start);
    // Only who asks for everything sees what is sent (`dev_queue_xmit_nit`), and frames that are for others.
    if (this.#etherType !== EVERY_TYPE && (this.#etherType !== etherType || type === PACKET_OUTGOING)) return;
    this.#packets++;
    const start = frame.start + (this.type === linux.SOCK_RAW ? 0 : ETHERNET_HEADER);
    const memory = OVERHEAD + frame.end - start;
    if (this.#memory > 0 && this.#memory + memory > this.receiveBuffer) {
      this.#drops++;
      this.parts.tracer.countDrop('packet.buffer-full');
      return;
    }
    this.#memory += memory;
    this.#queue.push({
      bytes: frame.bytes.slice(start, frame.end),
      address: {
        family: linux.AF_PACKET,
        interface: link.index,
        protocol: etherType,
        packetType: type,
        hardwareType: hardwareOf(link),
        address: formatMac(source),
      },
    });
    this.#waiting.wake();
  }

  getOption(level: number, name: number, length: number): Uint8Array | number {
    if (level !== linux.SOL_SOCKET && level !== linux.SOL_PACKET) return -ERRNO.ENOPROTOOPT;
    const table: OptionTable<PacketSocket> = level === linux.SOL_SOCKET ? SOCKET_OPTIONS : PACKET_OPTIONS;
    return table.get(name)?.read?.(this, length) ?? -ERRNO.ENOPROTOOPT;
  }

  setOption(level: number, name: number, value: Uint8Array, by = PRIVILEGED): number {
    if (level !== linux.SOL_SOCKET && level !== linux.SOL_PACKET) return -ERRNO.ENOPROTOOPT;
    const table: OptionTable<PacketSocket> = level === linux.SOL_SOCKET ? SOCKET_OPTIONS : PACKET_OPTIONS;
    return table.get(name)?.write?.(this, value, by) ?? -ERRNO.ENOPROTOOPT;
  }

  /** PACKET_ADD_MEMBERSHIP: takes frames of a group, of all groups, or for anybody. @returns 0; -ENODEV, -EINVAL. */
  join(value: Uint8Array): number {
    const membership = this.#membershipOf(value);
    if (typeof membership === 'number') return membership;
    this.#memberships.push(membership);
    this.#apply(membership, true);
    return 0;
  }

  /** PACKET_DROP_MEMBERSHIP. @returns 0; -EADDRNOTAVAIL when there is none like that. */
  drop(value: Uint8Array): number {
    const wanted = this.#membershipOf(value);
    if (typeof wanted === 'number') return wanted;
    const place = this.#memberships.findIndex(
      ({ link, type, group }) => link === wanted.link && type === wanted.type && group === wanted.group,
    );
    const [membership] = place < 0 ? [] : this.#memberships.splice(place, 1);
    if (membership === undefined) return -ERRNO.EADDRNOTAVAIL;
    this.#apply(membership, false);
    return 0;
  }

  /** PACKET_STATISTICS: how many frames it was given, and how many of them it had no room for, since the last time. */
  takeStatistics(): readonly [packets: number, drops: number] {
    const statistics = [this.#packets, this.#drops] as const;
    this.#packets = 0;
    this.#drops = 0;
    return statistics;
  }

  poll(): number {
    let mask = linux.POLLOUT;
    if (this.#error !== 0) mask |= linux.POLLERR;
    if (this.#queue.length > 0) mask |= linux.POLLIN;
    return mask;
  }

  get readable(): number {
    return this.#queue[0]?.bytes.length ?? 0;
  }

  watchUrgent(): void {}

  subscribe(changed: () => void): () => void {
    return this.#waiting.subscribe(changed);
  }

  changeIp(changes: SendOptions): void {
    Object.assign(this.ip, changes);
  }

  takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  close(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    for (const membership of this.#memberships) this.#apply(membership, false);
    this.#memberships = [];
    this.#queue = [];
  }

  #watch(): void {
    if (this.#etherType !== 0) this.#unwatch ??= this.parts.watchLinks(this);
  }

  #fail(errno: number): void {
    this.#error = errno;
    this.#waiting.wake();
  }

  /** A `struct packet_mreq`: the interface's number, the type, the address's length and the address. */
  #membershipOf(value: Uint8Array): Membership | number {
    if (value.length < MREQ) return -ERRNO.EINVAL;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const link = this.parts.interfaceAt(readInt(value, 0));
    if (link === undefined) return -ERRNO.ENODEV;
    const type = view.getUint16(4, true);
    if (type > LAST_TYPE) return -ERRNO.EINVAL;
    const named = type === MEMBERSHIP_GROUP || type === MEMBERSHIP_STATION;
    if (named && view.getUint16(6, true) !== 6) return -ERRNO.EINVAL;
    return { link, type, group: named ? readMac(view, 8) : macFromNumber(0) };
  }

  #apply({ link, type, group }: Membership, member: boolean): void {
    if (type === MEMBERSHIP_GROUP) link.setGroup(group, member);
    else if (type === MEMBERSHIP_ALL_GROUPS) link.hearAllGroups(member);
    // A card that is to take another station's frames takes all of them.
    else link.setPromiscuous(member);
  }
}

const MREQ = 16;
/** PACKET_MR_MULTICAST, _PROMISC, _ALLMULTI, _UNICAST. */
const MEMBERSHIP_GROUP = 0;
const MEMBERSHIP_ALL_GROUPS = 2;
const MEMBERSHIP_STATION = 3;
const LAST_TYPE = 3;

/** Level SOL_PACKET. */
const PACKET_OPTIONS: OptionTable<PacketSocket> = new Map<number, Option<PacketSocket>>([
  [linux.PACKET_ADD_MEMBERSHIP, { write: (socket, value) => socket.join(value) }],
  [linux.PACKET_DROP_MEMBERSHIP, { write: (socket, value) => socket.drop(value) }],
  [
    linux.PACKET_STATISTICS,
    { read: (socket, length) => ints(...socket.takeStatistics()).subarray(0, Math.max(0, length)) },
  ],
  [linux.PACKET_VERSION, integer(() => 0)],
]);

const hardwareOf = (link: Link): number => (link.loopback ? HARDWARE_LOOPBACK : HARDWARE_ETHERNET);

/** Where a payload without a header goes; null when nobody said. On loopback that is no question. */
function destinationOf(to: PacketAddress | null, link: Link): MacAddress | null {
  if (to !== null && to.address !== '') return parseMac(to.address);
  return link.loopback ? NULL_MAC : null;
}

const swap = (word: number): number => ((word & 0xff) << 8) | ((word >> 8) & 0xff);
