import type { Random } from '../../src/time/index.ts';
import { type Attack, type Attacker, type AttackKind, pick } from './attacker.ts';
import { ethernet, randomBytes, viewOf } from './packets.ts';
import { OPEN_PORTS } from './programs.ts';

/** Frames of IPv6 (RFC 8200), byte by byte: headers in any order, neighbour discovery, pieces, groups. */

const HOP_BY_HOP = 0;
const TCP = 6;
const UDP = 17;
const ROUTING = 43;
const FRAGMENT = 44;
const ICMP = 58;
const OPTIONS = 60;

/** The last byte of a machine's addresses is that of its card. */
const numberOf = (mac: number): number => mac % 256;

/** A link-local address of a card (RFC 4291 appendix A), one in 2001:db8::/64, a group, or any. */
function addressOf(random: Random, mac: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const n = random.below(20);
  if (n < 8) bytes.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, numberOf(mac)]);
  else if (n < 15) bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, numberOf(mac)]);
  else if (n < 16) bytes.set([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, numberOf(mac)]);
  else if (n < 17)
    bytes.set([0xff, random.below(16), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, random.below(4)]);
  else if (n < 18) bytes[15] = random.below(3);
  else if (n < 19)
    bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, random.below(256), random.below(256)]);
  else bytes.set(randomBytes(random, 16));
  return bytes;
}

/** The sum of RFC 1071 over the pseudo-header of RFC 8200 section 8.1 and a message. */
function checksum(from: Uint8Array, to: Uint8Array, next: number, message: Uint8Array): number {
  let sum = next + message.length;
  for (const bytes of [from, to, message]) {
    for (let i = 0; i < bytes.length; i++) sum += (bytes[i] as number) << (i % 2 === 0 ? 8 : 0);
  }
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff || 0xffff;
}

interface Shape {
  readonly next: number;
  readonly message: Uint8Array;
  /** Where its checksum stands in it; -1 without. */
  readonly sumAt: number;
  readonly hopLimit?: number;
}

/** A packet with this in it, behind extension headers at times; the checksum mostly right. */
function packet(by: Attacker, { next, message, sumAt, hopLimit }: Shape): Uint8Array {
  const { random } = by;
  const from = addressOf(random, random.chance(0.7) ? by.mac : by.target.mac);
  const to = addressOf(random, by.target.mac);
  if (sumAt >= 0 && sumAt + 2 <= message.length) {
    viewOf(message).setUint16(sumAt, 0);
    const sum = random.chance(0.95) ? checksum(from, to, next, message) : random.below(0x1_0000);
    viewOf(message).setUint16(sumAt, sum);
  }
  let payload = message;
  let first = next;
  for (let n = random.chance(0.8) ? 0 : random.below(12); n > 0; n--) {
    payload = Uint8Array.from([...extension(random, first, payload.length), ...payload]);
    first = pick(random, [HOP_BY_HOP, OPTIONS, OPTIONS, ROUTING]);
  }
  const bytes = new Uint8Array(40 + payload.length);
  const view = viewOf(bytes);
  view.setUint32(0, random.chance(0.99) ? 0x6000_0000 | random.below(0x1000) : random.uint32());
  view.setUint16(4, random.chance(0.97) ? payload.length : random.below(0x1_0000));
  bytes[6] = first;
  bytes[7] = hopLimit ?? pick(random, [0, 1, 2, 64, 255]);
  bytes.set(from, 8);
  bytes.set(to, 24);
  bytes.set(payload, 40);
  const group = to[0] === 0xff;
  const toMac = group ? 0x3333_0000_0000 + viewOf(to).getUint32(12) : by.target.mac;
  return ethernet({ fromMac: by.mac, toMac, from: 0, to: 0 }, 0x86dd, bytes);
}

/** An extension header of 8 bytes or more with options of all kinds, or a routing header with segments left. */
function extension(random: Random, next: number, behind: number): Uint8Array {
  const words = random.chance(0.8) ? 1 : 1 + random.below(4);
  const bytes = new Uint8Array(8 * words);
  bytes[0] = next;
  bytes[1] = random.chance(0.95) ? words - 1 : random.below(256);
  for (let at = 2; at < bytes.length; ) {
    const left = bytes.length - at;
    const kind = pick(random, [0, 1, 1, 5, 0x1e, 0x5e, 0x9e, 0xc2, 0xde]);
    bytes[at] = kind;
    if (kind === 0 || left < 2) {
      at++;
      continue;
    }
    const length = random.chance(0.9) ? Math.min(left - 2, random.below(6)) : random.below(256);
    bytes[at + 1] = length;
    at += 2 + length;
  }
  if (random.chance(0.3)) bytes[3] = random.below(2 + (behind & 1));
  return bytes;
}

/** Options of neighbour discovery, with lengths that are right and wrong. */
function ndOptions(by: Attacker): number[] {
  const { random } = by;
  const all: number[] = [];
  for (let n = random.below(4); n > 0; n--) {
    const kind = pick(random, [1, 2, 3, 3, 5, 14, 25, 200]);
    const words = kind === 3 ? 4 : 1;
    const option = Array.from(randomBytes(random, 8 * words));
    option[0] = kind;
    option[1] = random.chance(0.95) ? words : random.below(8);
    if (kind === 3) {
      option[2] = random.chance(0.9) ? 64 : random.below(256);
      option.splice(4, 8, ...randomBytes(random, 8).map((byte, i) => (i % 4 < 2 ? 0 : byte)));
      option.splice(16, 4, 0x20, 0x01, 0x0d, 0xb8);
    }
    if (kind === 5) option.splice(4, 4, 0, 0, random.below(8), random.below(256));
    all.push(...option);
  }
  return all;
}

/** Solicitations, advertisements, redirects, of neighbours and routers. */
const discovery: Attack = (by) => {
  const { random } = by;
  const type = pick(random, [133, 134, 134, 135, 135, 135, 136, 136, 137]);
  const info =
    type === 136 ? [pick(random, [0, 0x20, 0x40, 0x60, 0xe0]), 0, 0, 0] : Array.from(randomBytes(random, 4));
  // A lifetime that ends while somebody still looks.
  if (type === 134) info.splice(2, 2, 0, random.below(256));
  const target = Array.from(addressOf(random, random.chance(0.6) ? by.target.mac : by.mac));
  const middle =
    type === 133
      ? []
      : type === 134
        ? [0, 0, random.below(100), random.below(256), 0, 0, random.below(20), random.below(256)]
        : type === 137
          ? [...target, ...addressOf(random, by.mac)]
          : target;
  const message = Uint8Array.from([type, 0, 0, 0, ...info, ...middle, ...ndOptions(by)]);
  const cut = random.chance(0.95) ? message : message.subarray(0, random.below(message.length));
  return packet(by, { next: ICMP, message: cut, sumAt: 2, hopLimit: random.chance(0.95) ? 255 : 64 });
};

/** Other messages: errors that quote anything, echo, listener discovery. */
const icmp: Attack = (by) => {
  const { random } = by;
  const type = pick(random, [1, 2, 2, 3, 4, 100, 127, 128, 128, 129, 130, 130, 131, 132, 143, 200, 255]);
  const size = pick(random, [0, 4, 16, 20, 40, 48, 60, 100, 1200]);
  const rest = randomBytes(random, size);
  if (type < 5 && size >= 48) {
    // A packet of the one it is told to, to somewhere.
    rest.set([0x60, 0, 0, 0, 0, 8, pick(random, [TCP, UDP, ICMP, FRAGMENT]), 64]);
    rest.set(addressOf(random, by.target.mac), 8);
    rest.set(addressOf(random, by.mac), 24);
  }
  const info = type === 2 ? [0, 0, random.below(8), random.below(256)] : Array.from(randomBytes(random, 4));
  const message = Uint8Array.from([
    type,
    random.chance(0.8) ? random.below(4) : random.below(256),
    0,
    0,
    ...info,
    ...rest,
  ]);
  return packet(by, { next: ICMP, message, sumAt: 2, hopLimit: random.chance(0.5) ? 1 : 64 });
};

const fragments: Attack = (by) => {
  const { random } = by;
  const offset = random.chance(0.8) ? random.below(40) * 8 : random.below(0x1_0000);
  const data = randomBytes(random, pick(random, [8, 8, 16, 64, 512, 1400, 1, 0, 7]));
  const message = new Uint8Array(8 + data.length);
  const view = viewOf(message);
  message[0] = pick(random, [UDP, UDP, TCP, ICMP, OPTIONS, FRAGMENT, 253]);
  view.setUint16(2, (offset & 0xfff8) | (random.chance(0.75) ? 1 : 0));
  // Few numbers for pieces that meet, many for a flood.
  view.setUint32(4, random.chance(0.7) ? random.below(6) : random.uint32());
  message.set(data, 8);
  return packet(by, { next: FRAGMENT, message, sumAt: -1 });
};

const transports: Attack = (by) => {
  const { random } = by;
  const message = randomBytes(random, 20 + random.below(40));
  const view = viewOf(message);
  const port = random.chance(0.8) ? pick(random, OPEN_PORTS) : random.below(0x1_0000);
  view.setUint16(2, port);
  if (random.chance(0.6)) {
    message[12] = random.chance(0.9) ? 0x50 : random.below(256);
    message[13] = random.chance(0.7) ? 2 : random.below(256);
    return packet(by, { next: TCP, message, sumAt: 16 });
  }
  view.setUint16(4, random.chance(0.9) ? message.length : random.below(0x1_0000));
  return packet(by, { next: UDP, message, sumAt: 6 });
};

/** The kinds of attack by IPv6. */
export const ATTACKS6: readonly AttackKind[] = [
  { name: 'ipv6-discovery', share: 6, make: discovery },
  { name: 'ipv6-icmp', share: 4, make: icmp },
  { name: 'ipv6-fragments', share: 4, make: fragments },
  { name: 'ipv6-transports', share: 3, make: transports },
];
