import { HEADROOM } from '../src/1-physical/index.ts';
import { icmpv6Codec, ipv4FromNumber, readIpv6 } from '../src/3-network/index.ts';
import * as linux from '../src/5-session/constants.ts';
import type { Socket, SocketAddress, Stack } from '../src/5-session/index.ts';
import { ints } from '../src/5-session/option-table.ts';
import { type Simulation, seconds } from '../src/time/index.ts';
import { ERRNO, type TraceRecord } from '../src/trace/index.ts';
import { u16 } from './frames.ts';
import { bytes6 } from './ipv6-station.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';
import { twoStacks } from './two-stacks.ts';

/** A message about groups that the server has sent. */
export interface GroupMessage {
  readonly time: number;
  /** From whom to whom, in names. */
  readonly source: string;
  readonly to: string;
  readonly hopLimit: number;
  readonly type: number;
  /** Its records, in the RFCs' words and the family's names: `TO_EX(G)`, `ALLOW(G: a b)`, and what there is besides; of an older version the group. */
  readonly text: string;
  readonly bytes: number;
}

/** A query: about all groups without a group; of an older version when it names one. */
export interface Query {
  readonly group?: string;
  readonly sources?: readonly string[];
  /** Milliseconds that it leaves to answer; IGMP can say tenths of seconds only. */
  readonly limit: number;
  readonly robustness?: number;
  /** Seconds, below 128. */
  readonly interval?: number;
  readonly older?: number;
  /** What stands behind it. */
  readonly more?: readonly number[];
  /** Whom it is sent to; its group, or everybody. */
  readonly to?: string;
}

/** A message in a packet: where it stands, and what the IP header says. */
interface Found {
  readonly header: number;
  readonly end: number;
  readonly source: Uint8Array;
  readonly to: Uint8Array;
  readonly hopLimit: number;
}

const RECORDS = ['', 'IS_IN', 'IS_EX', 'TO_IN', 'TO_EX', 'ALLOW', 'BLOCK'];
const word = (type: number | undefined): string => RECORDS[type ?? 0] ?? `type ${type}`;
const key = (bytes: Iterable<number>): string => [...bytes].join('.');

/** Two machines on a cable: the client speaks as a querier or another member would, the server has sockets in groups. */
export abstract class GroupWorld {
  abstract readonly sim: Simulation;
  abstract readonly record: TraceRecord;
  abstract readonly client: Stack;
  abstract readonly server: Stack;
  /** Of the message that reports of the newest version are. */
  abstract readonly reportType: number;
  /** `net.….` of the tunables, in the family's words. */
  abstract readonly tunables: {
    readonly robustness: string;
    readonly interval: string;
    readonly version: string;
  };
  /** How a link speaks now. */
  abstract readonly newest: number;
  /** Bytes of an address, and of a message in front of its records. */
  protected abstract readonly width: number;
  protected abstract readonly level: number;
  readonly #addresses = new Map<string, readonly number[]>();
  readonly #names = new Map<string, string>();
  #seen = 0;

  /** @param addresses by name. */
  constructor(addresses: Readonly<Record<string, readonly number[]>>) {
    for (const [name, bytes] of Object.entries(addresses)) this.#call(name, bytes);
  }

  /** Types of reports by their version, and of leaving. */
  abstract readonly olderReports: Readonly<Record<number, number>>;
  abstract readonly leaveType: number;
  /** How many sources a filter may name, and what an address of another family is. */
  abstract readonly most: number;
  abstract readonly otherFamily: number;

  abstract socket(port?: number): Socket;
  abstract stream(): Socket;
  /** Sends a datagram from the client. */
  abstract send(group: string, port: number): void;
  /** IP_MULTICAST_ALL, IPV6_MULTICAST_ALL. */
  abstract setAll(socket: Socket, on: boolean): number;
  abstract tellsLeaving(version: number): boolean;
  abstract say(message: readonly number[], to: string): void;
  /** Of a query: all that one of an older version has. */
  protected abstract queryHead(query: Query): number[];
  /** What another member's report of an older version is. */
  abstract otherReport(group: string): number[];
  protected abstract numbered(group: boolean, number: number): number[];
  protected abstract sockaddr(name: string): number[];
  /** The message in a frame, or null. */
  protected abstract messageIn(packet: Uint8Array): Found | null;

  /** Of a name: also G0, G1, … are groups, and a0, a1, … are sources. */
  protected bytesOf(name: string): readonly number[] {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const [, kind, number] = /^([Ga])(\d+)$/.exec(name) ?? [];
    if (number === undefined) throw new Error(`no address ${name}`);
    const bytes = this.numbered(kind === 'G', Number(number));
    this.#call(name, bytes);
    return bytes;
  }

  #call(name: string, bytes: readonly number[]): void {
    this.#addresses.set(name, bytes);
    this.#names.set(key(bytes), name);
  }

  ask(query: Query): void {
    const { sources = [], robustness = 2, interval = 125, older, more = [] } = query;
    const asked = sources.flatMap((name) => this.bytesOf(name));
    const tail = older === undefined ? [robustness, interval, ...u16(sources.length), ...asked, ...more] : [];
    this.say([...this.queryHead(query), ...tail], query.to ?? query.group ?? 'all');
  }

  later(duration: number): void {
    this.sim.run(this.sim.now + seconds(duration));
  }

  join(socket: Socket, group = 'G', index = 2): number {
    return this.#set(socket, linux.MCAST_JOIN_GROUP, [group], index);
  }

  /** Joins with a structure that is not as it should be. */
  joinWith(socket: Socket, change: (value: Uint8Array) => Uint8Array): number {
    const value = change(Uint8Array.from([...ints(2, 0), ...this.sockaddr('G')]));
    return socket.setOption(this.level, linux.MCAST_JOIN_GROUP, value);
  }

  leave(socket: Socket, group = 'G', index = 2): number {
    return this.#set(socket, linux.MCAST_LEAVE_GROUP, [group], index);
  }

  /** @param name of an option about a source. */
  source(socket: Socket, name: number, source: string, group = 'G'): number {
    return this.#set(socket, name, [group, source]);
  }

  filter(socket: Socket, mode: number, sources: readonly string[], group = 'G'): number {
    const value = [...ints(2, 0), ...this.sockaddr(group), ...ints(mode, sources.length)];
    return this.#option(socket, linux.MCAST_MSFILTER, [
      ...value,
      ...sources.flatMap((name) => this.sockaddr(name)),
    ]);
  }

  #set(socket: Socket, name: number, addresses: readonly string[], index = 2): number {
    const value = [...ints(index, 0), ...addresses.flatMap((each) => this.sockaddr(each))];
    return this.#option(socket, name, value);
  }

  #option(socket: Socket, name: number, value: readonly number[]): number {
    return socket.setOption(this.level, name, Uint8Array.from(value));
  }

  /** What the server has said about the named groups since the last time. */
  messages(): GroupMessage[] {
    const events = this.record.events.slice(this.#seen);
    this.#seen = this.record.events.length;
    return events.flatMap((event) => {
      if (event.kind !== 'frame-sent' || event.node !== 'server') return [];
      const packet = this.record.bytes(event).slice(14);
      const found = this.messageIn(packet);
      if (found === null) return [];
      const message = packet.slice(found.header, found.end);
      const text = this.#textOf(message);
      if (text === '') return [];
      const names = { source: this.#nameOf(found.source), to: this.#nameOf(found.to) };
      return [
        {
          ...names,
          time: event.time,
          hopLimit: found.hopLimit,
          type: message[0] ?? 0,
          text,
          bytes: packet.length,
        },
      ];
    });
  }

  texts(): string[] {
    return this.messages().map(({ text }) => text);
  }

  /** What is said because of something, within some seconds. */
  said(act: () => void, duration = 10): string[] {
    this.messages();
    act();
    this.later(duration);
    return this.texts();
  }

  #textOf(message: Uint8Array): string {
    const { width } = this;
    const at = (place: number): string | null => {
      const name = this.#nameOf(message.subarray(place, place + width));
      return name.includes('.') ? null : name;
    };
    if (message[0] !== this.reportType) return at(message.length - width) ?? '';
    const texts: string[] = [];
    const count = ((message[6] ?? 0) << 8) | (message[7] ?? 0);
    let place = 8;
    // Words of auxiliary data, and what stands behind the records.
    let more = 0;
    for (let i = 0; i < count; i++) {
      const sources = ((message[place + 2] ?? 0) << 8) | (message[place + 3] ?? 0);
      const group = at(place + 4);
      const names = Array.from({ length: sources }, (_, n) => at(place + 4 + width * (n + 1)));
      const list = names.length === 0 ? '' : `: ${names.join(' ')}`;
      if (group !== null) texts.push(`${word(message[place])}(${group}${list})`);
      more += message[place + 1] ?? 0;
      place += 4 + width * (1 + sources);
    }
    more += message.length - place;
    return texts.join(' ') + (more === 0 ? '' : ` and ${more} more`);
  }

  /** Or its bytes, of an address without a name. */
  #nameOf(bytes: Uint8Array): string {
    return this.#names.get(key(bytes)) ?? key(bytes);
  }
}

/** RFC 1071 over a message. */
function checksum(message: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < message.length; i += 2) sum += ((message[i] ?? 0) << 8) + (message[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const ADDRESSES4 = {
  G: [239, 1, 2, 3],
  H: [239, 1, 2, 4],
  /** Its frames go to the same group of stations as those of G. */
  twin: [239, 129, 2, 3],
  a: [10, 0, 0, 7],
  b: [10, 0, 0, 8],
  c: [10, 0, 0, 9],
  d: [10, 0, 0, 10],
  client: [10, 0, 0, 1],
  server: [10, 0, 0, 2],
  any: [0, 0, 0, 0],
  all: [224, 0, 0, 1],
  'all routers': [224, 0, 0, 2],
  routers: [224, 0, 0, 22],
};

/** Over IPv4: IGMP. */
export class GroupWorld4 extends GroupWorld {
  readonly reportType = 0x22;
  readonly olderReports: Readonly<Record<number, number>> = { 1: 0x12, 2: 0x16 };
  readonly leaveType = 0x17;
  readonly most = 10;
  readonly otherFamily = ERRNO.EINVAL;
  readonly newest = 3;
  readonly tunables = {
    robustness: 'net.ipv4.igmp_qrv',
    interval: 'net.ipv4.conf.eth0.igmpv3_unsolicited_report_interval',
    version: 'net.ipv4.conf.eth0.force_igmp_version',
  };
  protected readonly width = 4;
  protected readonly level = linux.IPPROTO_IP;
  readonly sim;
  readonly record;
  readonly client;
  readonly server;

  constructor() {
    super(ADDRESSES4);
    const { sim, record, client, server } = twoStacks();
    this.sim = sim;
    this.record = record;
    this.client = client;
    this.server = server;
    for (const stack of [client, server]) stack.addRoute({ destination: '224.0.0.0/4', interface: 'eth0' });
  }

  socket(port?: number): Socket {
    const socket = socketOf(this.server, linux.AF_INET, linux.SOCK_DGRAM);
    socket.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, ints(1));
    if (port !== undefined) socket.bind({ family: 2, address: '0.0.0.0', port }, { privileged: true });
    return socket;
  }

  stream(): Socket {
    return socketOf(this.server, linux.AF_INET, linux.SOCK_STREAM);
  }

  send(group: string, port: number): void {
    const socket = socketOf(this.client, linux.AF_INET, linux.SOCK_DGRAM);
    const to: SocketAddress = { family: 2, address: this.bytesOf(group).join('.'), port };
    if (socket.send(Uint8Array.of(1), 0, to, 0) !== 1) throw new Error('not sent');
  }

  setAll(socket: Socket, on: boolean): number {
    return socket.setOption(linux.IPPROTO_IP, linux.IP_MULTICAST_ALL, ints(on ? 1 : 0));
  }

  tellsLeaving(version: number): boolean {
    return version === 2;
  }

  protected numbered(group: boolean, number: number): number[] {
    return [...(group ? [239, 2] : [10, 1]), ...u16(number)];
  }

  protected sockaddr(name: string): number[] {
    return [2, 0, 0, 0, ...this.bytesOf(name), ...new Array<number>(120).fill(0)];
  }

  protected queryHead({ group = 'any', limit, older }: Query): number[] {
    return [0x11, older === 1 ? 0 : limit / 100, 0, 0, ...this.bytesOf(group)];
  }

  otherReport(group: string): number[] {
    return [0x16, 0, 0, 0, ...this.bytesOf(group)];
  }

  say(message: readonly number[], to: string): void {
    this.#send(message, to, checksum(message));
  }

  /** Says something with a wrong checksum. */
  sayWrong(message: readonly number[]): void {
    this.#send(message, 'all', checksum(message) ^ 1);
  }

  #send(message: readonly number[], to: string, sum: number): void {
    const { client } = this;
    const frame = client.pool.take(message.length);
    frame.bytes.set(message, frame.start);
    frame.view.setUint16(frame.start + 2, sum);
    frame.end = frame.start + message.length;
    const address = (name: string) =>
      ipv4FromNumber(this.bytesOf(name).reduce((number, byte) => number * 256 + byte));
    client.ip.send(frame, address('client'), address(to), 2, { ttl: 1 });
    this.later(0.001);
  }

  protected messageIn(packet: Uint8Array): Found | null {
    if (packet[9] !== 2) return null;
    const header = ((packet[0] ?? 0) & 15) * 4;
    const end = ((packet[2] ?? 0) << 8) | (packet[3] ?? 0);
    return { header, end, source: packet.slice(12, 16), to: packet.slice(16, 20), hopLimit: packet[8] ?? 0 };
  }
}

const ADDRESSES6 = {
  G: bytes6('ff05::1:3'),
  H: bytes6('ff05::1:4'),
  twin: bytes6('ff05::2:1:3'),
  /** The solicited-node group of addresses that end like this. */
  nodes: bytes6('ff02::1:ff00:77'),
  a: bytes6('2001:db8::7'),
  b: bytes6('2001:db8::8'),
  c: bytes6('2001:db8::9'),
  d: bytes6('2001:db8::a'),
  client: bytes6('fe80::ff:fe00:1'),
  server: bytes6('fe80::ff:fe00:2'),
  any: bytes6('::'),
  all: bytes6('ff02::1'),
  'all routers': bytes6('ff02::2'),
  routers: bytes6('ff02::16'),
};

/** Over IPv6: multicast listener discovery. */
export class GroupWorld6 extends GroupWorld {
  readonly reportType = 143;
  readonly olderReports: Readonly<Record<number, number>> = { 1: 131 };
  readonly leaveType = 132;
  readonly most = 64;
  readonly otherFamily = ERRNO.EADDRNOTAVAIL;
  readonly newest = 2;
  readonly tunables = {
    robustness: 'net.ipv6.mld_qrv',
    interval: 'net.ipv6.conf.eth0.mldv2_unsolicited_report_interval',
    version: 'net.ipv6.conf.eth0.force_mld_version',
  };
  protected readonly width = 16;
  protected readonly level = linux.IPPROTO_IPV6;
  readonly sim;
  readonly record;
  readonly client;
  readonly server;

  /** @param settle lets the machines have their addresses first. */
  constructor({ settle = true } = {}) {
    super(ADDRESSES6);
    const world = new Ipv6World();
    this.sim = world.sim;
    this.record = world.record;
    this.client = world.machine('client');
    this.server = world.machine('server');
    world.link(this.client, this.server);
    if (settle) this.later(10);
  }

  socket(port?: number): Socket {
    const socket = socketOf(this.server, linux.AF_INET6, linux.SOCK_DGRAM);
    socket.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, ints(1));
    if (port !== undefined) socket.bind(to6('::', port), { privileged: true });
    return socket;
  }

  stream(): Socket {
    return socketOf(this.server, linux.AF_INET6, linux.SOCK_STREAM);
  }

  send(group: string, port: number): void {
    const socket = socketOf(this.client, linux.AF_INET6, linux.SOCK_DGRAM);
    socket.setOption(linux.IPPROTO_IPV6, linux.IPV6_MULTICAST_IF, ints(2));
    if (socket.send(Uint8Array.of(1), 0, to6(this.#address(group).text, port), 0) !== 1)
      throw new Error('not sent');
  }

  setAll(socket: Socket, on: boolean): number {
    return socket.setOption(linux.IPPROTO_IPV6, linux.IPV6_MULTICAST_ALL, ints(on ? 1 : 0));
  }

  tellsLeaving(): boolean {
    return true;
  }

  protected numbered(group: boolean, number: number): number[] {
    return bytes6(`${group ? 'ff05::2' : '2001:db8::5'}:${number.toString(16)}`);
  }

  protected sockaddr(name: string): number[] {
    return [10, 0, 0, 0, 0, 0, 0, 0, ...this.bytesOf(name), ...new Array<number>(104).fill(0)];
  }

  protected queryHead({ group = 'any', limit }: Query): number[] {
    return [130, 0, 0, 0, ...u16(limit), 0, 0, ...this.bytesOf(group)];
  }

  otherReport(group: string): number[] {
    return [131, 0, 0, 0, 0, 0, 0, 0, ...this.bytesOf(group)];
  }

  say(message: readonly number[], to: string): void {
    this.sayAs(message, { to });
  }

  #address(name: string, link = 0) {
    return readIpv6(new DataView(Uint8Array.from(this.bytesOf(name)).buffer), 0, link);
  }

  /** Says something that need not be as it should. */
  sayAs(message: readonly number[], { from = 'client', to = 'all', hopLimit = 1, alert = true } = {}): void {
    const { ip6, pool } = this.client;
    const by = ip6.interfaces.find(({ link }) => link.name === 'eth0');
    if (by === undefined) throw new Error('no eth0');
    const [source, destination] = [this.#address(from, by.link.index), this.#address(to, by.link.index)];
    const frame = pool.take(message.length);
    frame.bytes.set(message, HEADROOM);
    frame.end = HEADROOM + message.length;
    icmpv6Codec.writeIcmpv6Checksum(frame, source, destination);
    ip6.emit(by, frame, source, destination, hopLimit, null, alert);
    this.later(0.001);
  }

  protected messageIn(packet: Uint8Array): Found | null {
    const alert = packet[6] === 0;
    const [next, header] = alert ? [packet[40], 48] : [packet[6], 40];
    if (next !== 58 || ![131, 132, 143].includes(packet[header] ?? 0)) return null;
    return {
      header,
      end: packet.length,
      source: packet.slice(8, 24),
      to: packet.slice(24, 40),
      hopLimit: packet[7] ?? 0,
    };
  }
}
