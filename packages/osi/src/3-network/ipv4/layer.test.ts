import { describe, expect, it } from 'vitest';
import { counting, ip, routed, type TestHost, twoHosts, World } from '../../../test/network-world.ts';
import { HEADROOM } from '../../1-physical/index.ts';
import type { EthernetInterface } from '../../2-datalink/index.ts';
import { milliseconds, seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { type Ipv4Address, parseIpv4Prefix } from '../address.ts';
import { readIdentification, readTos, readTtl, writeChecksum, writeIpv4 } from './codec.ts';

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Hands a packet to a machine as if it had come in by its `eth0`, in a frame to it alone or to a group. */
function inject(
  world: World,
  host: TestHost,
  fields: {
    source: string;
    destination: string;
    ttl?: number;
    protocol?: number;
    options?: number[];
    group?: boolean;
    /** Makes the packet, which is right, a wrong one. */
    spoil?: (view: DataView, at: number) => void;
  },
): void {
  const { source, destination, ttl = 64, protocol = 253, options = [], group = false, spoil } = fields;
  const header = 20 + options.length;
  const frame = world.pool.take(header + 16);
  frame.end = HEADROOM + header + 16;
  frame.bytes.fill(0, HEADROOM, frame.end);
  writeIpv4(frame.view, HEADROOM, 0, frame.length, 9, 0, ttl, protocol, ip(source), ip(destination));
  if (options.length > 0) {
    frame.bytes.set(options, HEADROOM + 20);
    frame.view.setUint8(HEADROOM, 0x40 | (header / 4));
    frame.view.setUint16(HEADROOM + 10, 0);
    let sum = 0;
    for (let at = 0; at < header; at += 2) sum += frame.view.getUint16(HEADROOM + at);
    sum = (sum & 0xffff) + (sum >>> 16);
    frame.view.setUint16(HEADROOM + 10, ~(sum + (sum >>> 16)) & 0xffff);
  }
  spoil?.(frame.view, HEADROOM);
  host.net.ip.receive(host.net.links[1]!, frame, group);
}

describe('sending', () => {
  it('without a route is ENETUNREACH', () => {
    const { a } = twoHosts();
    expect(a.send('192.0.2.1', counting(4), { from: '10.0.0.1' })).toBe(-ERRNO.ENETUNREACH);
    expect(a.net.ip.counters.OutNoRoutes).toBe(1);
    expect(a.drops('ip.no-route')).toBe(1);
  });

  it('more than the MTU with Don’t Fragment is EMSGSIZE', () => {
    const { a } = twoHosts();
    expect(a.send('10.0.0.2', counting(1481), { dontFragment: true })).toBe(-ERRNO.EMSGSIZE);
    expect(a.send('10.0.0.2', counting(1480), { dontFragment: true })).toBe(0);
  });

  it('more than a packet can hold is EMSGSIZE', () => {
    const { a } = twoHosts();
    expect(a.send('10.0.0.2', counting(65_516))).toBe(-ERRNO.EMSGSIZE);
  });

  it('with "if it fits" sets the bit on a packet that fits, and cuts a larger one without it', () => {
    const { world, a, b } = twoHosts();
    a.send('10.0.0.2', counting(10), { dontFragment: 'if-it-fits' });
    world.sim.run(milliseconds(1));
    expect(world.latest('a', 'test')[20]).toBe(0x40);
    expect(readIdentification(viewOf(world.latest('a', 'test')), 14)).toBe(0);
    a.send('10.0.0.2', counting(3000), { dontFragment: 'if-it-fits' });
    world.sim.run(milliseconds(2));
    expect(b.transport.received[1]!.data).toEqual(counting(3000));
  });

  it('takes TTL and type of service from the options', () => {
    const { world, a, b } = twoHosts();
    a.send('10.0.0.2', counting(4), { ttl: 3, tos: 0x10 });
    world.sim.run(milliseconds(1));
    expect(b.transport.received[0]!.packet).toMatchObject({ ttl: 3, tos: 0x10, interface: 'eth0' });
    const view = viewOf(world.latest('a', 'test'));
    expect([readTtl(view, 14), readTos(view, 14)]).toEqual([3, 0x10]);
  });

  it('has the TTL of net.ipv4.ip_default_ttl unless told otherwise', () => {
    const { world, a, b } = twoHosts();
    a.net.sysctl.set('net.ipv4.ip_default_ttl', 17);
    a.send('10.0.0.2', counting(4));
    world.sim.run(milliseconds(1));
    expect(b.transport.received).toMatchObject([{ packet: { ttl: 17 } }]);
  });

  it('numbers packets to one place one after another', () => {
    const { world, a } = twoHosts();
    const ids = [1, 2, 3].map(() => {
      a.send('10.0.0.2', counting(4));
      world.sim.run(milliseconds(1));
      return readIdentification(viewOf(world.latest('a', 'test')), 14);
    });
    expect([ids[1]! - ids[0]!, ids[2]! - ids[1]!].map((n) => n & 0xffff)).toEqual([1, 1]);
  });

  it('numbers packets to other places and of other protocols by other counters (RFC 6864 section 4.3)', () => {
    const { world, a } = twoHosts();
    const number = () => {
      a.send('10.0.0.2', counting(4));
      world.sim.run(world.sim.now + milliseconds(1));
      return readIdentification(viewOf(world.latest('a', 'test')), 14);
    };
    const first = number();
    a.send('10.0.0.3', counting(4));
    expect((number() - first) & 0xffff).toBe(1);
    a.ping('10.0.0.2');
    expect((number() - first) & 0xffff).toBe(2);
  });

  it('goes to what is on a network of ours directly, past the router', () => {
    const { world, a, b } = twoHosts();
    a.route('0.0.0.0/0', '10.0.0.254');
    a.send('10.0.0.2', counting(4));
    world.sim.run(milliseconds(1));
    expect(b.transport.received).toHaveLength(1);
  });

  it('goes to a group directly, past the router', () => {
    const { world, a } = twoHosts();
    a.route('0.0.0.0/0', '10.0.0.254');
    a.send('224.0.0.1', counting(4));
    world.sim.run(milliseconds(1));
    expect([...world.latest('a', 'test').subarray(0, 6)]).toEqual([1, 0, 0x5e, 0, 0, 1]);
  });

  it('chooses the source address by the route, the network of the next hop, the link', () => {
    const world = new World();
    const a = world.host('a');
    a.port('10.0.0.1/24', '10.0.5.1/24');
    a.port('192.168.1.1/24');
    a.route('0.0.0.0/0', '10.0.5.254');
    expect(a.net.ip.sourceFor(ip('10.0.0.9'))).toBe(ip('10.0.0.1'));
    expect(a.net.ip.sourceFor(ip('192.168.1.9'))).toBe(ip('192.168.1.1'));
    expect(a.net.ip.sourceFor(ip('8.8.8.8'))).toBe(ip('10.0.5.1'));
    expect(a.net.ip.sourceFor(ip('127.0.0.9'))).toBe(ip('127.0.0.1'));
    expect(a.net.ip.sourceFor(ip('192.168.1.1'))).toBe(ip('192.168.1.1'));
    expect(world.host('b').net.ip.sourceFor(ip('8.8.8.8'))).toBe(null);
  });

  it.each([null, '10.0.0.254'])(
    'takes the source address that the route names, its gateway being %s',
    (via) => {
      const a = new World().host('a');
      const link = a.port('10.0.0.1/24', '10.0.5.1/24');
      a.net.ip.routes.add({
        destination: ip('192.0.2.0'),
        length: 24,
        gateway: via === null ? null : ip(via),
        link,
        metric: 0,
        source: ip('10.0.5.1'),
        protocol: 'boot',
      });
      expect(a.net.ip.sourceFor(ip('192.0.2.9'))).toBe(ip('10.0.5.1'));
      expect(a.net.ip.sourceFor(ip('192.0.2.9'), 'eth0')).toBe(ip('10.0.5.1'));
    },
  );

  it('binds to an interface when told to', () => {
    const world = new World();
    const a = world.host('a');
    const b = world.host('b');
    const first = a.port('10.0.0.1/24');
    const second = a.port('10.0.1.1/24');
    world.link(second, b.port('10.0.0.2/24'));
    b.net.ip.routes.add({
      destination: ip('10.0.1.0'),
      length: 24,
      gateway: null,
      link: b.net.links[1]!,
      metric: 0,
      source: null,
      protocol: 'boot',
    });
    expect(a.send('10.0.0.2', counting(4), { interface: second.name, from: '10.0.1.1' })).toBe(0);
    world.sim.run(milliseconds(1));
    expect(b.transport.received).toHaveLength(1);
    expect(a.send('10.0.0.2', counting(4), { interface: 'eth9' })).toBe(-ERRNO.ENODEV);
    expect(first.statistics.txPackets).toBe(0);
  });
});

describe('broadcast', () => {
  it('to the network or to 255.255.255.255 reaches everybody on the link, the sender too', () => {
    for (const destination of ['10.0.0.255', '255.255.255.255']) {
      const { world, a, b } = twoHosts();
      expect(a.send(destination, counting(4), { from: '10.0.0.1' })).toBe(0);
      expect(a.transport.received).toEqual([]);
      world.sim.run();
      for (const host of [a, b]) {
        expect(host.transport.received).toMatchObject([
          { packet: { broadcast: true, source: ip('10.0.0.1') } },
        ]);
      }
      expect(world.sent()).toEqual(['a eth0 test']);
    }
  });

  it('to 255.255.255.255 without any route or address to go by is ENETUNREACH', () => {
    const a = new World().host('a');
    a.port();
    expect(a.send('255.255.255.255', counting(4))).toBe(-ERRNO.ENETUNREACH);
  });

  it('knows its broadcast addresses', () => {
    const { a } = twoHosts();
    const { ip: layer } = a.net;
    expect(
      ['10.0.0.255', '255.255.255.255', '224.0.0.1', '239.1.2.3'].every((x) => layer.isBroadcast(ip(x))),
    ).toBe(true);
    expect(
      ['10.0.0.0', '10.0.0.254', '10.0.1.255', '127.255.255.255'].some((x) => layer.isBroadcast(ip(x))),
    ).toBe(false);
  });

  it('has no address in a network of two (RFC 3021): its stations talk to each other', () => {
    const world = new World();
    const [a, b] = [world.host('a'), world.host('b')];
    world.link(a.port('10.0.0.0/31'), b.port('10.0.0.1/31'));
    a.send('10.0.0.1', counting(4));
    b.send('10.0.0.0', counting(4));
    world.sim.run(milliseconds(1));
    for (const host of [a, b]) {
      expect(host.transport.received).toMatchObject([{ packet: { broadcast: false } }]);
    }
  });

  it('to a group has TTL 1 unless told otherwise', () => {
    const { world, a, b } = twoHosts();
    a.send('224.0.0.1', counting(4), { from: '10.0.0.1' });
    a.send('224.0.0.1', counting(4), { from: '10.0.0.1', ttl: 5 });
    world.sim.run();
    expect(b.transport.received.map(({ packet }) => packet.ttl)).toEqual([1, 5]);
  });

  it('a group nobody has joined is not heard; 224.0.0.1 is', () => {
    const { world, a, b } = twoHosts();
    a.send('239.1.2.3', counting(4), { from: '10.0.0.1' });
    a.send('224.0.0.1', counting(4), { from: '10.0.0.1' });
    // 32 groups share the address of its frames with 224.0.0.1 (RFC 1112 section 6.4): the card cannot tell.
    a.send('225.128.0.1', counting(4), { from: '10.0.0.1' });
    world.sim.run();
    expect(b.transport.received).toHaveLength(1);
    expect(b.drops('ethernet.not-for-us')).toBe(1);
    expect(b.drops('ip.multicast-not-joined')).toBe(1);
  });
});

describe('receiving', () => {
  it.each<[string, string, (view: DataView, at: number) => void]>([
    ['another version', 'ip.version', (view, at) => view.setUint8(at, 0x65)],
    ['less than a header', 'ip.header-length', (view, at) => view.setUint8(at, 0x44)],
    ['a header longer than the packet', 'ip.header-length', (view, at) => view.setUint8(at, 0x4a)],
    ['a length less than its header’s', 'ip.total-length', (view, at) => view.setUint16(at + 2, 19)],
    ['a length beyond its frame', 'ip.total-length', (view, at) => view.setUint16(at + 2, 37)],
  ])('drops and counts without a word what has %s, the checksum being right', (_what, reason, change) => {
    const { world, a } = twoHosts();
    const spoil = (view: DataView, at: number) => {
      change(view, at);
      writeChecksum(view, at, (view.getUint8(at) & 15) * 4);
    };
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', spoil });
    world.sim.run(seconds(1));
    expect([...a.tracer.drops]).toEqual([[reason, 1]]);
    expect(a.net.ip.counters).toMatchObject({ InReceives: 1, InHdrErrors: 1, InDelivers: 0 });
    expect(a.transport.received).toEqual([]);
    expect(world.sent()).toEqual([]);
  });

  it('drops and counts without a word what has a wrong checksum', () => {
    const { world, a } = twoHosts();
    const spoil = (view: DataView, at: number) => view.setUint8(at + 8, 63);
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', spoil });
    world.sim.run(seconds(1));
    expect([...a.tracer.drops]).toEqual([['ip.checksum', 1]]);
    expect(a.net.ip.counters).toMatchObject({ InReceives: 1, InHdrErrors: 1, InDelivers: 0 });
    expect(a.transport.received).toEqual([]);
    expect(world.sent()).toEqual([]);
  });

  it.each([
    ['ip.martian-source', { source: '127.0.0.1', destination: '10.0.0.1' }],
    ['ip.martian-source', { source: '255.255.255.255', destination: '10.0.0.1' }],
    ['ip.martian-source', { source: '224.0.0.5', destination: '10.0.0.1' }],
    ['ip.martian-source', { source: '10.0.0.255', destination: '10.0.0.1' }],
    ['ip.martian-source', { source: '10.0.0.1', destination: '10.0.0.1' }],
    ['ip.martian-source', { source: '0.0.0.0', destination: '10.0.0.1' }],
    ['ip.martian-destination', { source: '10.0.0.2', destination: '127.0.0.1' }],
    ['ip.martian-destination', { source: '10.0.0.2', destination: '0.0.0.0' }],
    ['ip.not-for-us', { source: '10.0.0.2', destination: '10.0.0.77' }],
  ])('drops as %s: %j', (reason, addresses) => {
    const { world, a } = twoHosts();
    inject(world, a, addresses);
    world.sim.run(seconds(1));
    expect([...a.tracer.drops]).toEqual([[reason, 1]]);
    expect(a.net.ip.counters.InAddrErrors).toBe(1);
    expect(a.transport.received).toEqual([]);
    expect(world.sent()).toEqual([]);
  });

  it('takes a packet to us in a broadcast frame, as Linux does', () => {
    const { world, a } = twoHosts();
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', group: true });
    expect(a.transport.received).toMatchObject([{ packet: { broadcast: false } }]);
  });

  it.each([0, 1])('takes a packet to us with a TTL of %i', (ttl) => {
    const { world, a } = twoHosts();
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', ttl });
    expect(a.transport.received).toMatchObject([{ packet: { ttl } }]);
  });

  it('hands up the payload without the padding of a short frame', () => {
    const { world, a, b } = twoHosts();
    a.send('10.0.0.2', counting(3));
    world.sim.run(milliseconds(1));
    expect(world.latest('a', 'test')).toHaveLength(60);
    expect(b.transport.received[0]!.data).toEqual(counting(3));
  });

  it('answers options it cannot read with "parameter problem", pointing at them', () => {
    const { world, a } = twoHosts();
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', options: [1, 7, 99, 4] });
    world.sim.run(milliseconds(1));
    expect(a.drops('ip.options')).toBe(1);
    const message = world.latest('a', 'icmp.parameter-problem').subarray(34);
    expect([message[0], message[1], message[4]]).toEqual([12, 0, 21]);
  });

  it('drops what asks for a source route without a word, as Linux does', () => {
    const { world, a } = twoHosts();
    const options = [131, 7, 4, 10, 0, 0, 9, 0];
    inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', options });
    world.sim.run(milliseconds(1));
    expect(a.drops('ip.source-route')).toBe(1);
    expect(a.transport.received).toEqual([]);
    expect(world.record.events.filter(({ kind }) => kind === 'frame-sent')).toEqual([]);
  });

  it('takes options that are in order', () => {
    const { world, a } = twoHosts();
    // Router alert, a stream identifier, one that nobody knows.
    for (const options of [
      [148, 4, 0, 0],
      [136, 4, 0, 7],
      [30, 3, 9, 0],
    ]) {
      inject(world, a, { source: '10.0.0.2', destination: '10.0.0.1', options });
    }
    expect(a.transport.received.map(({ data }) => data.length)).toEqual([16, 16, 16]);
  });
});

describe('forwarding', () => {
  it('needs net.ipv4.ip_forward', () => {
    const { world, a, r } = routed();
    r.net.sysctl.set('net.ipv4.ip_forward', 0);
    a.send('10.0.2.1', counting(4));
    world.sim.run(seconds(1));
    expect(r.drops('ip.not-for-us')).toBe(1);
  });

  it('a packet whose TTL ends is dropped, and its sender told: time exceeded', () => {
    const { world, a, r, b } = routed();
    a.send('10.0.2.1', counting(30), { ttl: 1 });
    world.sim.run(seconds(1));
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.ttl')).toBe(1);
    expect(r.net.ip.counters.InHdrErrors).toBe(1);
    expect(a.transport.errors).toMatchObject([
      {
        error: { type: 11, code: 0, errno: ERRNO.EHOSTUNREACH, fatal: false, from: ip('10.0.1.254') },
        original: [...counting(8)],
      },
    ]);
    a.send('10.0.2.1', counting(30), { ttl: 2 });
    world.sim.run(seconds(2));
    expect(b.transport.received).toMatchObject([{ packet: { ttl: 1 } }]);
  });

  it('without a route tells: network unreachable', () => {
    const { world, a, r } = routed();
    a.send('192.0.2.1', counting(8));
    world.sim.run(seconds(1));
    expect(r.drops('ip.no-route')).toBe(1);
    expect(a.transport.errors).toMatchObject([{ error: { type: 3, code: 0, errno: ERRNO.ENETUNREACH } }]);
  });

  it('to a silent address tells after three seconds: host unreachable', () => {
    const { world, a } = routed();
    a.send('10.0.2.99', counting(8));
    world.sim.run(seconds(5));
    expect(a.transport.errors).toMatchObject([
      { error: { type: 3, code: 1, errno: ERRNO.EHOSTUNREACH, from: ip('10.0.1.254') } },
    ]);
  });

  it('into a smaller MTU cuts the packet', () => {
    const { world, a, r, b } = routed();
    r.net.links[2]!.setMtu(600);
    a.send('10.0.2.1', counting(1400));
    world.sim.run(seconds(1));
    expect(b.transport.received[0]!.data).toEqual(counting(1400));
    expect(r.net.ip.counters).toMatchObject({ ForwDatagrams: 1, FragCreates: 3 });
  });

  it('with Don’t Fragment tells the MTU instead, and the sender remembers it for ten minutes', () => {
    const { world, a, r, b } = routed();
    r.net.links[2]!.setMtu(600);
    expect(a.send('10.0.2.1', counting(1400), { dontFragment: true })).toBe(0);
    world.sim.run(seconds(1));
    expect(r.drops('ip.fragmentation-needed')).toBe(1);
    expect(a.transport.errors).toMatchObject([{ error: { code: 4, mtu: 600, errno: ERRNO.EMSGSIZE } }]);
    expect(a.net.ip.mtuTo(ip('10.0.2.1'))).toBe(600);
    expect(a.net.ip.mtuTo(ip('10.0.2.2'))).toBe(1500);
    expect(a.send('10.0.2.1', counting(1400), { dontFragment: true })).toBe(-ERRNO.EMSGSIZE);
    expect(a.send('10.0.2.1', counting(580), { dontFragment: true })).toBe(0);
    world.sim.run(seconds(2));
    expect(b.transport.received).toHaveLength(1);
    world.sim.run(seconds(599));
    expect(a.net.ip.mtuTo(ip('10.0.2.1'))).toBe(600);
    world.sim.run(seconds(602));
    expect(a.net.ip.mtuTo(ip('10.0.2.1'))).toBe(1500);
  });

  it('passes on what it does not know as it is: options, a reserved bit, the type of service', () => {
    const { world, r, b } = routed();
    const spoil = (view: DataView, at: number) => {
      view.setUint8(at + 1, 0xff);
      view.setUint8(at + 6, 0x80);
      writeChecksum(view, at, 24);
    };
    inject(world, r, { source: '10.0.1.1', destination: '10.0.2.1', options: [30, 4, 9, 8], spoil });
    world.sim.run(seconds(1));
    expect(b.transport.received).toMatchObject([
      { packet: { options: Uint8Array.of(30, 4, 9, 8), tos: 0xff, ttl: 63 } },
    ]);
    expect(world.latest('r', 'ip.forward')[14 + 6]).toBe(0x80);
  });

  it('passes fragments on as they come', () => {
    const { world, a, r, b } = routed();
    a.send('10.0.2.1', counting(3000));
    world.sim.run(seconds(1));
    expect(r.net.ip.counters).toMatchObject({ ForwDatagrams: 3, ReasmReqds: 0 });
    expect(b.transport.received[0]!.data).toEqual(counting(3000));
  });

  it('passes no directed broadcast on', () => {
    const { world, a, r, b } = routed();
    a.send('10.0.2.255', counting(4));
    world.sim.run(seconds(1));
    // The router itself hears it, as Linux does.
    expect(r.transport.received).toHaveLength(1);
    expect(b.transport.received).toEqual([]);
    expect(world.sent().filter((line) => line.startsWith('r eth1'))).toEqual([]);
  });

  it('a packet in a broadcast frame goes no further', () => {
    const { world, r } = routed();
    inject(world, r, { source: '10.0.1.1', destination: '10.0.2.1', group: true });
    expect(r.drops('ip.not-for-us')).toBe(1);
  });

  it('two routers that point at each other let a packet die by its TTL', () => {
    const world = new World();
    const [a, r, s] = ['a', 'r', 's'].map((name) => world.host(name)) as [TestHost, TestHost, TestHost];
    for (const router of [r, s]) router.net.sysctl.set('net.ipv4.ip_forward', 1);
    world.link(a.port('10.0.1.1/24'), r.port('10.0.1.254/24'));
    world.link(r.port('10.0.2.1/24'), s.port('10.0.2.2/24'));
    a.route('0.0.0.0/0', '10.0.1.254');
    r.route('0.0.0.0/0', '10.0.2.2');
    s.route('0.0.0.0/0', '10.0.2.1');
    a.send('8.8.8.8', counting(8), { ttl: 20 });
    world.sim.run(seconds(1));
    expect(world.sent().filter((line) => line.endsWith('ip.forward'))).toHaveLength(19 + 1);
    expect(a.transport.errors).toMatchObject([{ error: { type: 11 } }]);
  });
});

describe('addresses and routes', () => {
  const prefix = (text: string) => parseIpv4Prefix(text)!;
  const lines = (host: TestHost) =>
    [...host.net.ip.routes.entries()].map(
      (route) => `${route.destination}/${route.length} ${route.link.name}`,
    );

  it('an address brings the route to its network, and takes it away', () => {
    const { a } = twoHosts();
    expect(lines(a)).toEqual([`${ip('10.0.0.0')}/24 eth0`]);
    expect(a.net.ip.removeAddress(a.net.links[1]!, prefix('10.0.0.1/24'))).toBe(0);
    expect(lines(a)).toEqual([]);
    expect(a.net.ip.isLocal(ip('10.0.0.1'))).toBe(false);
  });

  it('an address twice, of a group, or that is not there is refused', () => {
    const { a } = twoHosts();
    const eth = a.net.links[1]!;
    expect(a.net.ip.addAddress(eth, prefix('10.0.0.1/24'))).toBe(-ERRNO.EEXIST);
    expect(a.net.ip.addAddress(eth, prefix('224.0.0.5/24'))).toBe(-ERRNO.EINVAL);
    expect(a.net.ip.removeAddress(eth, prefix('10.0.0.9/24'))).toBe(-ERRNO.EADDRNOTAVAIL);
  });

  it('an interface switched off takes all its routes with it; on again, its networks come back', () => {
    const { a } = routed();
    const eth = a.net.links[1]!;
    expect(lines(a)).toHaveLength(2);
    eth.setUp(false);
    expect(lines(a)).toEqual([]);
    expect(a.send('10.0.2.1', counting(4))).toBe(-ERRNO.ENETUNREACH);
    eth.setUp(true);
    expect(lines(a)).toEqual([`${ip('10.0.1.0')}/24 eth0`]);
  });

  it('with arp_notify an address is announced when its interface comes up', () => {
    const { world, a } = twoHosts();
    a.net.sysctl.set('net.ipv4.conf.all.arp_notify', 1);
    a.net.links[1]!.setUp(false);
    a.net.links[1]!.setUp(true);
    world.sim.run(milliseconds(1));
    expect(world.sent()).toEqual(['a eth0 arp.announcement']);
  });

  it('all of 127.0.0.0/8 is local', () => {
    const { a } = twoHosts();
    const local = (text: string) => a.net.ip.isLocal(ip(text) as Ipv4Address);
    expect(['127.0.0.1', '127.255.1.2', '10.0.0.1'].every(local)).toBe(true);
    expect(local('10.0.0.2')).toBe(false);
  });

  it('ARP says nothing of 127.0.0.0/8: neither to who asks for it nor to who has it', () => {
    const { world, a, b } = twoHosts();
    a.net.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    const arp = (b.net.links[1] as EthernetInterface).arp;
    arp.request(ip('127.0.0.1'), null, null);
    arp.announce(ip('127.0.0.1'));
    world.sim.run(seconds(1));
    expect(world.sent()).toEqual(['b eth0 arp.request', 'b eth0 arp.announcement']);
    expect([...a.tracer.drops]).toEqual([]);
    expect(a.net.ip.log.entries()).toEqual([]);
  });

  it('what transports confirm is not probed by ARP', () => {
    const { world, a } = routed();
    a.net.ip.routes
      .lookup(ip('10.0.1.254'))
      ?.link.neighbours?.learn(ip('10.0.1.254'), 0x020000000002 as never, true, false, true);
    a.send('10.0.2.1', counting(4));
    world.sim.run(seconds(3));
    a.net.ip.confirm(ip('10.0.2.1'));
    world.sim.run(seconds(9));
    expect(world.sent()).not.toContain('a eth0 arp.reachability-probe');
  });
});
