import type { Random } from '../../src/time/index.ts';
import { type Attack, type Attacker, type AttackKind, pick } from './attacker.ts';
import { ATTACKS6 } from './attacks6.ts';
import type { Flow } from './flows.ts';
import { mutate } from './mutate.ts';
import * as build from './packets.ts';
import { ACK, FIN, placesOf, RST, SYN, seal, TCP, viewOf, type Way } from './packets.ts';
import { OPEN_PORTS, WITNESS_PORT } from './programs.ts';

const WINDOWS = [0, 1, 2, 48, 535, 1460, 0x7fff, 0xffff];
const SIZES = [0, 0, 0, 1, 1, 7, 100, 536, 1448, 1460];
const OFFSETS = [1, -1, 2, -2, 1000, -1000, 65_535, -65_535, 1 << 20, -(1 << 20), 0x7fffffff, -0x80000000];

const way = (by: Attacker, from: number): Way => ({
  fromMac: by.mac,
  toMac: by.target.mac,
  from,
  to: by.target.address,
});

/** Whether anything is changed there that a program relies on which must not come to harm. */
function isWitness(bytes: Uint8Array): boolean {
  const { transport, end, protocol, fragment } = placesOf(bytes);
  if (protocol !== TCP || fragment || end - transport < 4) return false;
  const view = viewOf(bytes);
  return view.getUint16(transport) === WITNESS_PORT || view.getUint16(transport + 2) === WITNESS_PORT;
}

/** What was heard, changed, checksums mostly right again; of conversations that must not come to harm, wrong. */
const mutated: Attack = (by) => {
  const { random } = by;
  const heard = by.ear.frame(random);
  if (heard === null) return null;
  if (isWitness(heard)) return damaged(by);
  const bytes = mutate(heard, random);
  if (random.chance(0.85)) seal(bytes);
  // By chance it may have become a frame of a conversation that must not come to harm, or poison its path.
  return isWitness(bytes) && bytes.length >= 34 ? null : bytes;
};

/** One byte of what was heard is changed and no checksum: whoever gets it has to notice. */
const damaged: Attack = ({ random, ear }) => {
  const bytes = ear.frame(random);
  if (bytes === null) return null;
  // UDP's checksum may be switched off by one byte: its length and checksum are left alone.
  const { ip, protocol, transport, end, fragment } = placesOf(bytes);
  if (ip < 0 || fragment || protocol === build.UDP) return bytes;
  const at = 14 + random.below(end - 14);
  if (at >= transport && protocol !== TCP && protocol !== build.ICMP) return bytes;
  bytes[at] = (bytes[at] as number) ^ (1 + random.below(255));
  return bytes;
};

const replayed: Attack = ({ random, ear }) => ear.frame(random);

/** A segment that fits, or nearly fits, into a connection heard of: from its peer, at the numbers it expects. */
const forged: Attack = (by) => {
  const { random, ear } = by;
  const flow = ear.flow(random);
  if (flow === null || flow.fromPort === WITNESS_PORT || flow.toPort === WITNESS_PORT) return null;
  const data = build.randomBytes(random, random.chance(0.8) ? pick(random, SIZES) : random.below(1461));
  const off = (): number =>
    random.chance(0.7) ? 0 : random.chance(0.7) ? pick(random, OFFSETS) : random.uint32();
  const peer = ear.opposite(flow);
  const opening = (flow.flags & (SYN | ACK)) === SYN;
  const seq = opening || random.chance(0.1) ? (peer?.end ?? random.uint32()) : flow.ack;
  return build.tcp(
    { fromMac: by.mac, toMac: by.target.mac, from: flow.to, to: flow.from },
    {
      fromPort: flow.toPort,
      toPort: flow.fromPort,
      seq: (seq + off()) | 0,
      ack: (flow.end + off()) | 0,
      flags: flagsFor(random, opening),
      window: random.chance(0.6) ? 0xffff : pick(random, WINDOWS),
      urgent: random.chance(0.02) ? random.below(0x1_0000) : 0,
      options: optionsFor(by, flow),
    },
    data,
  );
};

function flagsFor(random: Random, opening: boolean): number {
  if (opening && random.chance(0.8)) return random.chance(0.7) ? SYN | ACK : SYN;
  const n = random.below(100);
  if (n < 70) return ACK | (random.chance(0.5) ? 8 : 0);
  if (n < 84) return FIN | ACK;
  if (n < 87) return RST;
  if (n < 89) return RST | ACK;
  if (n < 92) return SYN;
  if (n < 94) return SYN | ACK;
  return random.below(256);
}

function optionsFor({ random, ear }: Attacker, flow: Flow): Uint8Array {
  const n = random.below(20);
  if (n >= 17) return anyOptions(random);
  const stamped = n < 14 && flow.timestamp !== -1;
  const blocks = random.chance(0.15) ? 1 + random.below(3) : 0;
  const options = new Uint8Array((stamped ? 12 : 0) + (blocks > 0 ? 4 + 8 * blocks : 0));
  const view = viewOf(options);
  let at = 0;
  if (stamped) {
    const latest = ear.opposite(flow)?.timestamp ?? random.uint32();
    view.setUint32(0, 0x0101080a);
    view.setInt32(4, latest + (random.chance(0.9) ? 1 : pick(random, OFFSETS)));
    view.setInt32(8, random.chance(0.9) ? flow.timestamp : random.uint32());
    at = 12;
  }
  if (blocks > 0) {
    // Selective acknowledgments of what is in flight, of what was never sent, and turned round.
    view.setUint32(at, 0x01010502 + 8 * blocks);
    for (at += 4; at < options.length; at += 8) {
      const edge = (flow.end - random.below(8000) + (random.chance(0.1) ? pick(random, OFFSETS) : 0)) | 0;
      view.setInt32(at, edge);
      view.setInt32(at + 4, edge + (random.chance(0.9) ? 1 + random.below(3000) : pick(random, OFFSETS)));
    }
  }
  return options;
}

/** Options as they are in SYNs, as they are in no segment, and bytes that are none. */
function anyOptions(random: Random): Uint8Array {
  const options = new Uint8Array(4 * (1 + random.below(10)));
  if (random.chance(0.2)) return build.randomBytes(random, options.length);
  for (let at = 0; at < options.length; ) {
    const kind = pick(random, [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 8, 8, 19, 30, 34, 253]);
    const usual = { 0: 1, 1: 1, 2: 4, 3: 3, 4: 2, 5: 10, 8: 10 }[kind as 0] ?? 6;
    const length = random.chance(0.85) ? usual : random.below(48);
    options[at] = kind;
    if (usual > 1 && at + 1 < options.length) {
      options[at + 1] = length;
      for (let i = at + 2; i < Math.min(at + length, options.length); i++) {
        options[i] = random.chance(0.5) ? pick(random, [0, 1, 255, 14, 15]) : random.below(256);
      }
    }
    at += Math.max(1, usual);
  }
  return options;
}

/**
 * What somebody can do to a connection who knows addresses and ports but not its numbers (RFC 5961), at the places
 * where a mistake would show: RST and SYN inside of the window, data outside, acknowledgments of what was never sent.
 */
const blind: Attack = (by) => {
  const { random, ear } = by;
  const flow = ear.flow(random);
  const peer = flow === null ? undefined : ear.opposite(flow);
  if (flow === null || peer === undefined) return null;
  // In a handshake an outsider's SYN is a SYN (RFC 9293 figure 8): not until it is over.
  if (((flow.flags | peer.flags) & SYN) !== 0) return null;
  const far = (random.chance(0.5) ? 1 : -1) * (0x2000_0000 + random.below(0x1000_0000));
  const inside = 1 + random.below(20_000);
  const shapes = [
    { seq: peer.end + inside, ack: flow.end, flags: RST },
    { seq: peer.end + far, ack: flow.end, flags: RST | ACK },
    { seq: peer.end + inside, ack: flow.end, flags: SYN },
    { seq: peer.end + far, ack: flow.end, flags: SYN | ACK },
    { seq: peer.end + far, ack: flow.end, flags: ACK },
    { seq: peer.end + far, ack: flow.end, flags: FIN | ACK },
    { seq: peer.end + inside, ack: flow.end + 0x4000_0000, flags: ACK },
    { seq: peer.end, ack: flow.end - 0x4000_0000, flags: FIN | ACK },
    { seq: peer.end + inside, ack: 0, flags: 0 },
  ];
  const { seq, ack, flags } = pick(random, shapes);
  let options = new Uint8Array(0);
  if (random.chance(0.5)) {
    options = new Uint8Array(12);
    viewOf(options).setUint32(0, 0x0101080a);
    viewOf(options).setInt32(4, peer.timestamp + pick(random, [0, 1, 1 << 20, 0x7000_0000, -1]));
    viewOf(options).setInt32(8, random.uint32());
  }
  return build.tcp(
    { fromMac: by.mac, toMac: by.target.mac, from: flow.to, to: flow.from },
    {
      fromPort: flow.toPort,
      toPort: flow.fromPort,
      seq: seq | 0,
      ack: ack | 0,
      flags,
      window: pick(random, WINDOWS),
      options,
    },
    build.randomBytes(random, pick(random, SIZES)),
  );
};

const synFlood: Attack = (by) => {
  const { random } = by;
  return build.tcp(
    way(by, by.stranger()),
    {
      fromPort: 1 + random.below(0xffff),
      toPort: random.chance(0.95) ? pick(random, OPEN_PORTS) : random.below(0x1_0000),
      seq: random.uint32(),
      ack: 0,
      flags: SYN | (random.chance(0.02) ? random.below(256) : 0),
      window: pick(random, WINDOWS),
      options: random.chance(0.6) ? anyOptions(random) : new Uint8Array(0),
    },
    build.randomBytes(random, random.chance(0.1) ? 100 : 0),
  );
};

const arpStorm: Attack = (by) => {
  const { random, target } = by;
  const sender = by.stranger();
  const mac = random.chance(0.5) ? by.mac : 0x06_0000_000000 + random.uint32();
  const group = random.chance(0.4);
  const about = pick(random, [target.address, target.address, sender, by.stranger()]);
  const bytes = build.arp(
    { fromMac: mac, toMac: group ? 0xffff_ffff_ffff : target.mac, from: 0, to: 0 },
    1 + random.below(random.chance(0.95) ? 2 : 6),
    mac,
    sender,
    random.chance(0.5) ? 0 : target.mac,
    about,
  );
  return bytes;
};

const fragments: Attack = (by) => {
  const { random } = by;
  const offset = random.chance(0.8) ? random.below(40) * 8 : random.below(0x2000);
  const more = random.chance(0.75) ? 0x2000 : 0;
  const size = pick(random, [8, 8, 16, 64, 100, 512, 1480, 1, 0, 7]);
  const payload = build.randomBytes(random, size);
  // A first piece that means something, so that a whole packet does.
  if (offset === 0 && size >= 16) {
    viewOf(payload).setUint16(0, 53);
    viewOf(payload).setUint16(2, 53);
    viewOf(payload).setUint32(4, 0);
  }
  return build.ipv4(
    way(by, random.chance(0.3) ? pick(random, by.addresses) : by.stranger()),
    pick(random, [1, 17, 17, 6, 253]),
    payload,
    {
      // Few numbers for pieces that meet, many for a flood.
      id: random.chance(0.7) ? random.below(6) : random.below(0x1_0000),
      fragment: more | (random.chance(0.02) ? 0x4000 : 0) | (random.chance(0.8) ? offset >> 3 : offset),
    },
  );
};

/** An ICMP message of any kind; errors quote what was heard. */
const icmpAny: Attack = (by) => {
  const { random, ear } = by;
  const type = pick(random, [0, 3, 3, 3, 3, 4, 5, 8, 8, 8, 11, 12, 13, 14, 17, 30, 40, 255]);
  const code = type === 3 && random.chance(0.5) ? 4 : random.below(random.chance(0.9) ? 16 : 256);
  let rest = build.randomBytes(random, pick(random, [0, 1, 7, 8, 20, 28, 56, 548, 1472]));
  const quotes = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  if (quotes && random.chance(0.9)) {
    const heard = ear.frame(random);
    const { ip, transport, end } = heard === null ? placesOf(rest) : placesOf(heard);
    if (heard === null || ip < 0) return null;
    // Whoever quotes a SYN refuses the connection, and has heard it: it is not asked to survive that.
    if (isWitness(heard) && end - transport >= 14 && (viewOf(heard).getUint8(transport + 13) & SYN) !== 0)
      return null;
    rest = heard.slice(14, Math.min(end, 14 + pick(random, [0, 8, 20, 28, 28, 28, 60, 548])));
  }
  const info =
    code === 4 ? pick(random, [0, 1, 67, 68, 296, 552, 576, 1006, 1400, 1500, 0xffff]) : random.uint32();
  const spoofed = random.chance(0.5) ? pick(random, by.addresses) : by.stranger();
  return build.icmp(way(by, spoofed), type, code, info, rest);
};

/** "Fragmentation needed" on paths to everywhere. */
const pathMtuFlood: Attack = (by) => {
  const { random } = by;
  const quoted = build.udp(
    { fromMac: 0, toMac: 0, from: by.target.address, to: random.uint32() },
    53,
    53,
    new Uint8Array(8),
  );
  return build.icmp(way(by, by.stranger()), 3, 4, 552 + random.below(900), quoted.subarray(14));
};

const udpAny: Attack = (by) => {
  const { random } = by;
  const data = build.randomBytes(random, pick(random, [0, 1, 18, 100, 512, 1472]));
  const length = random.chance(0.8) ? 8 + data.length : random.below(0x1_0000);
  const port = random.chance(0.7) ? 53 : random.below(0x1_0000);
  const bytes = build.udp(way(by, by.stranger()), random.below(0x1_0000), port, data, length);
  // A wrong checksum; 0 would be none.
  if (random.chance(0.1)) bytes[41] = (bytes[41] as number) ^ 0x10;
  return bytes;
};

/** IP options (RFC 791 section 3.1), right and wrong; time to live, type of service, protocols at random. */
const ipAny: Attack = (by) => {
  const { random, target } = by;
  const options = build.randomBytes(random, 4 * Math.max(0, random.below(20) - 9));
  if (random.chance(0.8) && options.length >= 4) {
    options[0] = pick(random, [0, 1, 7, 68, 131, 137, 136, 148, 130]);
    options[1] = random.chance(0.7) ? options.length : random.below(60);
    options[2] = random.chance(0.7) ? 4 : random.below(60);
  }
  const from = random.chance(0.7) ? by.stranger() : random.uint32();
  // To the machine it is sent to; to another one, which is to be forwarded; to anywhere.
  const n = random.below(10);
  const to = n < 5 ? target.address : n < 8 ? pick(random, by.addresses) : random.uint32();
  const protocol = random.below(random.chance(0.8) ? 20 : 256);
  return build.ipv4({ ...way(by, from), to }, protocol, build.randomBytes(random, random.below(100)), {
    options,
    ttl: random.chance(0.5) ? random.below(3) : 64,
    tos: random.below(256),
    id: random.below(0x1_0000),
  });
};

/** A valid Ethernet header, or not even that, and anything behind it. */
const garbage: Attack = (by) => {
  const { random } = by;
  const length = random.below(random.chance(0.9) ? 200 : 1514);
  const bytes = build.randomBytes(random, length);
  if (random.chance(0.2)) return bytes;
  const type = pick(random, [0x0800, 0x0800, 0x0806, 0x8100, 0x86dd, 0x88a8, 0x0026, 0xffff, 0x4242]);
  const group = random.chance(0.2)
    ? pick(random, [0xffff_ffff_ffff, 0x01005e000001, 0x0180c2000000])
    : by.target.mac;
  return build.ethernet({ fromMac: by.mac, toMac: group, from: 0, to: 0 }, type, bytes);
};

/** All kinds of attack and how many of about a hundred frames are of each. */
export const ATTACKS: readonly AttackKind[] = [
  { name: 'forged', share: 34, make: forged },
  { name: 'mutated', share: 22, make: mutated },
  { name: 'damaged', share: 4, make: damaged },
  { name: 'replayed', share: 5, make: replayed },
  { name: 'blind', share: 7, make: blind },
  { name: 'syn-flood', share: 5, make: synFlood },
  { name: 'arp-storm', share: 4, make: arpStorm },
  { name: 'fragments', share: 6, make: fragments },
  { name: 'icmp', share: 5, make: icmpAny },
  { name: 'path-mtu-flood', share: 1, make: pathMtuFlood },
  { name: 'udp', share: 2, make: udpAny },
  { name: 'ip', share: 3, make: ipAny },
  { name: 'garbage', share: 2, make: garbage },
  ...ATTACKS6,
];
