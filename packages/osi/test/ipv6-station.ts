import { Cable, Port } from '../src/1-physical/index.ts';
import { macFromNumber } from '../src/2-datalink/index.ts';
import { Stack } from '../src/5-session/index.ts';
import { Simulation, seconds } from '../src/time/index.ts';
import { TraceRecord } from '../src/trace/index.ts';
import { u16, u32 } from './frames.ts';
import { Station } from './station.ts';

/** The station's addresses, and the stack's. */
export const THEM = 'fe80::2';
export const US = 'fe80::ff:fe00:1';
export const US_GLOBAL = '2001:db8::1';
export const THEM_GLOBAL = '2001:db8::2';
const THEIR_MAC = [2, 0, 0, 0, 0, 2];
const OUR_MAC = [2, 0, 0, 0, 0, 1];

/** The 16 bytes of an address without a zone and without an IPv4 part. */
export function bytes6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => 0);
  return [...front, ...zeros, ...back].flatMap(u16);
}

/** A packet of the station, all of its bytes as they are said. */
export interface Packet6 {
  readonly from?: string;
  readonly to?: string;
  readonly hopLimit?: number;
  readonly version?: number;
  readonly trafficClass?: number;
  /** The payload's length as the header has it. */
  readonly length?: number;
  readonly next: number;
  readonly payload: readonly number[];
  /** The station or group of stations that its frame goes to. */
  readonly toMac?: readonly number[];
}

function packet(given: Packet6): number[] {
  const { from = THEM_GLOBAL, to = US_GLOBAL, hopLimit = 64, version = 6, next, payload } = given;
  const { length = payload.length, trafficClass = 0 } = given;
  const head = [...u16((version << 12) | (trafficClass << 4)), 0, 0, ...u16(length), next, hopLimit];
  return [...head, ...bytes6(from), ...bytes6(to), ...payload];
}

/** RFC 1071 over the pseudo-header of RFC 8200 section 8.1 and the message. */
function checksum(from: string, to: string, next: number, message: readonly number[]): number {
  const all = [...bytes6(from), ...bytes6(to), ...u32(message.length), 0, 0, 0, next, ...message, 0];
  let sum = 0;
  for (let i = 0; i + 1 < all.length; i += 2) sum += (all[i] ?? 0) * 256 + (all[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

/** An ICMPv6 message with its checksum. `body` is what follows type, code and checksum. */
export function icmp6(
  type: number,
  body: readonly number[],
  { from = THEM_GLOBAL, to = US_GLOBAL, code = 0 } = {},
): number[] {
  const sum = checksum(from, to, 58, [type, code, 0, 0, ...body]);
  return [type, code, ...u16(sum), ...body];
}

/** A datagram to port 9 with its checksum. */
export function udp6(data: readonly number[], { from = THEM_GLOBAL, to = US_GLOBAL } = {}): number[] {
  const head = [...u16(7), ...u16(9), ...u16(8 + data.length)];
  return [...head, ...u16(checksum(from, to, 17, [...head, 0, 0, ...data])), ...data];
}

export interface Said {
  readonly at: number;
  readonly toMac: string;
  readonly source: string;
  readonly destination: string;
  readonly hopLimit: number;
  readonly type: number;
  readonly code: number;
  /** The second word, and what follows it. */
  readonly info: number;
  readonly rest: readonly number[];
}

export const hex = (bytes: Uint8Array | readonly number[]): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The same address always has the same text here; compare with `key6`. */
export const key6 = (text: string): string => hex(bytes6(text));

/**
 * A stack with IPv6 on `eth0` and, at the other end of the cable, a station that says what a test has it say and keeps
 * what it hears. It answers for its own addresses as long as `answers` is true.
 */
export class Ipv6Script {
  readonly sim = new Simulation(3);
  readonly record = new TraceRecord();
  readonly us = new Stack({ sim: this.sim, name: 'us', record: this.record });
  readonly them: Station;
  answers = true;

  /** @param settle lets the stack have its addresses first. */
  constructor({ settle = true } = {}) {
    this.them = new Station(this.sim, 'them');
    const port = new Port('eth0', this.us.tracer, this.us.pool);
    this.us.addPort(port, { mac: macFromNumber(0x0200_0000_0001), ipv6: true });
    this.them.react = () => this.#answer();
    new Cable(this.sim, port, this.them.port, {});
    if (!settle) return;
    this.us.addAddress('eth0', `${US_GLOBAL}/64`, false);
    this.wait(3);
    this.them.arrived.length = 0;
  }

  wait(time: number): void {
    this.sim.run(this.sim.now + seconds(time));
  }

  say(given: Packet6): void {
    const group = bytes6(given.to ?? US_GLOBAL)[0] === 0xff;
    const mac = given.toMac ?? (group ? [0x33, 0x33, ...bytes6(given.to ?? '').slice(12)] : OUR_MAC);
    this.them.send(Uint8Array.from([...mac, ...THEIR_MAC, ...u16(0x86dd), ...packet(given)]));
    this.wait(0.001);
  }

  /** A message of neighbour discovery, from where such things come. */
  sayNd(
    type: number,
    body: readonly number[],
    {
      from = THEM,
      to = US,
      hopLimit = 255,
      code = 0,
    }: { from?: string; to?: string; hopLimit?: number; code?: number } = {},
  ): void {
    this.say({ from, to, hopLimit, next: 58, payload: icmp6(type, body, { from, to, code }) });
  }

  /** The ICMPv6 messages heard since the last time, those of listener discovery left out. */
  heard(): Said[] {
    const said = this.them.arrived.flatMap(({ at, bytes }) => readMessage(at, bytes));
    this.them.arrived.length = 0;
    return said;
  }

  /** The same without the questions of neighbour discovery that sending brings with it. */
  told(): Said[] {
    return this.heard().filter(({ type }) => type < 133 || type > 136);
  }

  drops(): string[] {
    return this.record.events.flatMap((event) => (event.kind === 'frame-dropped' ? [event.reason] : []));
  }

  #answer(): void {
    const last = this.them.arrived.at(-1);
    const [said] = last === undefined ? [] : readMessage(last.at, last.bytes);
    if (!this.answers || said?.type !== 135 || said.source === key6('::')) return;
    const target = said.rest.slice(0, 16);
    const known = [THEM, THEM_GLOBAL].find((address) => key6(address) === hex(target));
    if (known === undefined) return;
    const to = said.source === key6(US) ? US : US_GLOBAL;
    const body = [0x60, 0, 0, 0, ...target, 2, 1, ...THEIR_MAC];
    const bytes = packet({
      from: known,
      to,
      hopLimit: 255,
      next: 58,
      payload: icmp6(136, body, { from: known, to }),
    });
    this.them.send(Uint8Array.from([...OUR_MAC, ...THEIR_MAC, ...u16(0x86dd), ...bytes]));
  }
}

function readMessage(at: number, bytes: Uint8Array): Said[] {
  if (bytes[12] !== 0x86 || bytes[13] !== 0xdd || bytes[20] !== 58) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [
    {
      at,
      toMac: hex(bytes.subarray(0, 6)),
      source: hex(bytes.subarray(22, 38)),
      destination: hex(bytes.subarray(38, 54)),
      hopLimit: view.getUint8(21),
      type: view.getUint8(54),
      code: view.getUint8(55),
      info: view.getUint32(58),
      rest: Array.from(bytes.subarray(62, 54 + view.getUint16(18))),
    },
  ];
}
