import { beforeEach, describe, expect, it } from 'vitest';
import { pool, Station } from '../../../test/station.ts';
import { Cable, type Frame, Port } from '../../1-physical/index.ts';
import { milliseconds, Simulation, seconds } from '../../time/index.ts';
import { TraceRecord, Tracer } from '../../trace/index.ts';
import { ARP_REPLY, ARP_REQUEST, writeArp } from '../arp/codec.ts';
import type { LinkUpcalls } from '../link.ts';
import { writeEthernet } from './codec.ts';
import { EthernetInterface } from './interface.ts';
import { BROADCAST_MAC, type MacAddress, macFromNumber, NULL_MAC } from './mac-address.ts';

const OUR_MAC = macFromNumber(0x020000000001);
const PEER_MAC = macFromNumber(0x020000000002);
const US = 0x0a000001;
const PEER = 0x0a000002;

let sim: Simulation;
let record: TraceRecord;
let tracer: Tracer;
let eth: EthernetInterface;
/** The far end, which sees every frame as it is. */
let far: Station;
let cable: Cable;
/** What came up, as text. */
let up: string[];

beforeEach(() => {
  sim = new Simulation(1);
  record = new TraceRecord();
  tracer = new Tracer(sim, 'us', record);
  up = [];
  const take = (frame: Frame): number => {
    const length = frame.length;
    frame.release();
    return length;
  };
  const upcalls: LinkUpcalls = {
    ip: { receive: (_link, frame, group) => up.push(`received ${take(frame)}${group ? ' group' : ''}`) },
    unresolved: (_link, frame, address) => up.push(`unresolved ${take(frame)} ${address}`),
    isOwn: (address) => address === US,
    mayAsk: () => true,
    sourceFor: () => US,
    format: String,
    linkChanged: (link) => up.push(`link ${link.up} ${link.carrier}`),
  };
  eth = new EthernetInterface({ sim, port: new Port('eth0', tracer, pool), mac: OUR_MAC, upcalls });
  far = new Station(sim, 'far', record);
  cable = new Cable(sim, eth.port, far.port);
  up.length = 0;
});

/** Lets what is on the way arrive. */
const settle = () => sim.run(sim.now + milliseconds(1));

function ethernet(destination: MacAddress, type: number, length = 60, source = PEER_MAC): Uint8Array {
  const bytes = new Uint8Array(length);
  writeEthernet(new DataView(bytes.buffer), 0, destination, source, type);
  return bytes;
}

function arp(operation: number, sender: number, target: number, destination = OUR_MAC): Uint8Array {
  const bytes = ethernet(destination, 0x0806);
  writeArp(new DataView(bytes.buffer), 14, operation, PEER_MAC, sender, NULL_MAC, target);
  return bytes;
}

function packet(length = 20): Frame {
  const frame = pool.take(length);
  frame.end = frame.start + length;
  frame.bytes.fill(0xee, frame.start, frame.end);
  return frame;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('receiving', () => {
  it('hands up IPv4 packets to our address and to groups, without their header', () => {
    far.send(ethernet(OUR_MAC, 0x0800, 100));
    far.send(ethernet(BROADCAST_MAC, 0x0800));
    far.send(ethernet(0x01005e000001 as MacAddress, 0x0800));
    settle();
    expect(up).toEqual(['received 86', 'received 46 group', 'received 46 group']);
    expect(eth.statistics).toMatchObject({ rxPackets: 3, rxBytes: 220, rxMulticast: 1 });
  });

  it('counts frames for other stations without recording a drop', () => {
    far.send(ethernet(macFromNumber(0x020000000099), 0x0800));
    settle();
    expect(up).toEqual([]);
    expect(tracer.drops.get('ethernet.not-for-us')).toBe(1);
    expect(record.events.filter(({ kind }) => kind === 'frame-dropped')).toEqual([]);
  });

  it('drops what it cannot read, each under its name', () => {
    far.send(new Uint8Array(13));
    far.send(ethernet(OUR_MAC, 46));
    far.send(ethernet(OUR_MAC, 0x86dd));
    settle();
    expect([...tracer.drops.keys()]).toEqual([
      'ethernet.truncated',
      'ethernet.length-field',
      'ethernet.unknown-type',
    ]);
  });
});

describe('sending', () => {
  it('asks for an unknown next hop by broadcast and then sends, padded with zeros to 60 bytes', () => {
    eth.send(packet(), PEER, false);
    settle();
    expect(hex(far.arrived[0]!.bytes)).toBe(
      'ffffffffffff' +
        '020000000001' +
        '0806' +
        '0001080006040001' +
        '020000000001' +
        '0a000001' +
        '000000000000' +
        '0a000002' +
        '00'.repeat(18),
    );
    far.send(arp(ARP_REPLY, PEER, US));
    settle();
    expect(hex(far.arrived[1]!.bytes)).toBe(
      `0200000000020200000000010800${'ee'.repeat(20)}${'00'.repeat(26)}`,
    );
    expect(eth.statistics).toMatchObject({ txPackets: 2, txBytes: 120 });
  });

  it('pads nothing that is long enough', () => {
    eth.send(packet(46), 0xffffffff, true);
    eth.send(packet(47), 0xffffffff, true);
    settle();
    expect(far.arrived.map(({ bytes }) => bytes.length)).toEqual([60, 61]);
  });

  it('sends to groups without asking: all stations, or the group of a multicast address', () => {
    eth.send(packet(), 0x0a0000ff, true);
    eth.send(packet(), 0xe0000001, true);
    settle();
    expect(far.arrived.map(({ bytes }) => hex(bytes.subarray(0, 6)))).toEqual([
      'ffffffffffff',
      '01005e000001',
    ]);
  });

  it('gives a packet back after three seconds without an answer', () => {
    eth.send(packet(33), PEER, false);
    sim.run(seconds(5));
    expect(up).toEqual([`unresolved 33 ${PEER}`]);
    expect(far.arrived).toHaveLength(3);
  });
});

describe('ARP', () => {
  it('answers a request for our address to its sender alone, and remembers it', () => {
    far.send(arp(ARP_REQUEST, PEER, US, BROADCAST_MAC));
    settle();
    expect(hex(far.arrived[0]!.bytes).slice(0, 84)).toBe(
      '020000000002' +
        '020000000001' +
        '0806' +
        '0001080006040002' +
        '020000000001' +
        '0a000001' +
        '020000000002' +
        '0a000002',
    );
    expect(eth.neighbours.get(PEER)).toMatchObject({ mac: PEER_MAC, state: 'STALE' });
  });

  it('is silent about other addresses, and does not remember who asks for them', () => {
    far.send(arp(ARP_REQUEST, PEER, PEER + 1, BROADCAST_MAC));
    settle();
    expect(far.arrived).toEqual([]);
    expect(eth.neighbours.get(PEER)).toBe(undefined);
  });

  it('answers a probe of RFC 5227, which has no sender address, without remembering it', () => {
    far.send(arp(ARP_REQUEST, 0, US, BROADCAST_MAC));
    settle();
    expect(far.arrived).toHaveLength(1);
    expect([...eth.neighbours.entries()]).toEqual([]);
  });

  it('believes an announcement about a neighbour it knows, and only that', () => {
    far.send(arp(ARP_REQUEST, PEER, PEER, BROADCAST_MAC));
    settle();
    expect(eth.neighbours.get(PEER)).toBe(undefined);
    eth.neighbours.learn(PEER, macFromNumber(0x02000000000a), true, false, true);
    far.send(arp(ARP_REQUEST, PEER, PEER, BROADCAST_MAC));
    settle();
    expect(eth.neighbours.get(PEER)?.mac).toBe(PEER_MAC);
  });

  it.each<[string, number, number, MacAddress, string]>([
    ['a reply to us alone', ARP_REPLY, US, OUR_MAC, 'REACHABLE'],
    ['a reply to all', ARP_REPLY, US, BROADCAST_MAC, 'STALE'],
    ['a request for our address', ARP_REQUEST, US, OUR_MAC, 'STALE'],
    ['a request for another address', ARP_REQUEST, PEER + 1, OUR_MAC, 'STALE'],
  ])('after %s, a stale neighbour is what that proves of it', (_what, operation, target, to, state) => {
    eth.neighbours.learn(PEER, PEER_MAC, true, false, true);
    far.send(arp(operation, PEER, target, to));
    settle();
    expect(eth.neighbours.get(PEER)).toMatchObject({ mac: PEER_MAC, state });
  });

  it('notices another station with our address', () => {
    far.send(arp(ARP_REPLY, US, PEER, BROADCAST_MAC));
    settle();
    expect(tracer.drops.get('arp.address-conflict')).toBe(1);
    expect(record.events.at(-1)).toMatchObject({ kind: 'table', value: '02:00:00:00:00:02 CONFLICT' });
  });

  it('announces and probes addresses when told to', () => {
    eth.arp.announce(US);
    eth.arp.probe(PEER);
    settle();
    const addresses = far.arrived.map(({ bytes }) => [
      hex(bytes.subarray(28, 32)),
      hex(bytes.subarray(38, 42)),
    ]);
    expect(addresses).toEqual([
      ['0a000001', '0a000001'],
      ['00000000', '0a000002'],
    ]);
  });

  it('drops a packet it cannot read', () => {
    far.send(ethernet(OUR_MAC, 0x0806));
    settle();
    expect(tracer.drops.get('arp.hardware-type')).toBe(1);
  });

  it('an answer names the request as its cause', () => {
    far.send(arp(ARP_REQUEST, PEER, US, BROADCAST_MAC));
    settle();
    const answer = record.events.find((event) => event.kind === 'frame-sent' && event.node === 'us')!;
    expect(answer).toMatchObject({ reason: 'arp.reply' });
    expect(record.get(answer.cause)).toMatchObject({ kind: 'frame-received', node: 'us' });
  });
});

describe('the state of the line', () => {
  it('is told when the cable is pulled and plugged in, once each; neighbours are forgotten', () => {
    eth.neighbours.learn(PEER, PEER_MAC, true, false, true);
    cable.pull();
    expect([...eth.neighbours.entries()]).toEqual([]);
    cable.plugIn();
    expect(up).toEqual(['link true false', 'link true true']);
  });

  it('switched off it sends and receives nothing, and the far end loses its carrier', () => {
    eth.setUp(false);
    expect(far.port.carrier).toBe(false);
    eth.send(packet(), PEER, false);
    expect(tracer.drops.get('ethernet.down')).toBe(1);
    eth.setUp(true);
    expect(far.port.carrier).toBe(true);
    expect(up).toEqual(['link false false', 'link true true']);
  });

  it('an MTU is from 68 to 65535 bytes', () => {
    eth.setMtu(9000);
    expect(eth.mtu).toBe(9000);
    expect(() => eth.setMtu(67)).toThrow('mtu of eth0: expected 68 to 65535 bytes, found 67');
  });
});
