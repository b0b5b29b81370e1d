import {
  AF_INET6,
  AsyncDatagramSocket,
  type AsyncSocket,
  IPPROTO_ICMPV6,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  SOCK_DGRAM,
  type Socket,
} from '@netarium/osi/5-session';
import { seconds } from '@netarium/osi/time';
import type { Host, Lab } from 'netarium';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBytes, digest, drain } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { Meeting } from './support/meeting.ts';
import { Namespace } from './support/namespace.ts';

const KERNEL = 'fd77::1';
const BOX = 'fd77::2';
/** Of the box's first interface, whose MAC address is 02:00:00:00:00:01. */
const BOX_LINK_LOCAL = 'fe80::ff:fe00:1';
const SIZES = [0, 1, 1452, 1453, 8000, 65_527];

const SINK = `
c, _ = listener(int(sys.argv[1]), None, socket.AF_INET6).accept()
data = read_all(c); print('got', len(data), digest(data))
`;
const SOURCE = `
data = os.urandom(int(sys.argv[3]))
s = stream(socket.AF_INET6); s.connect((sys.argv[1], int(sys.argv[2]))); s.sendall(data); s.close(); print('sent', len(data), digest(data))
`;
/** Says what becomes of the kernel's addresses (rtnetlink(7)): which flags of DAD one has, and the address. */
const WATCH_ADDRESSES = `
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0x100)); print('watching')
while True:
    m = s.recv(4096)
    print('failed' if m[18] & 8 else 'tentative' if m[18] & 0x40 else 'usable', socket.inet_ntop(socket.AF_INET6, m[28:44]))
`;

/** Says when a default route has gone (RTM_DELROUTE of rtnetlink(7), to a destination of no bits). */
const WATCH_ROUTES = `
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0x400)); print('watching')
while True:
    m = s.recv(4096)
    if m[4] == 25 and m[17] == 0: print('no default')
`;

/** Says which groups a bridge's ports want: struct br_mdb_entry is the innermost attribute of each message (RTNLGRP_MDB, linux/if_bridge.h). */
const WATCH_GROUPS = `
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 1 << 25)); print('watching')
while True:
    m = s.recv(4096); at = 24 + 4 + 4 + 4
    print({84: 'new', 85: 'gone'}.get(m[4], m[4]), socket.inet_ntop(socket.AF_INET6, m[at + 8:at + 24]))
`;

const hostWithIpv6 = (lab: Lab): Host => lab.host('box', { ipv6: { addresses: { eth0: `${BOX}/64` } } });

/** A box of ours and a kernel, both with IPv6 only. */
function meeting(
  options: ConstructorParameters<typeof Meeting>[0] = {},
  build: (lab: Lab) => Host = hostWithIpv6,
): Meeting {
  const met = new Meeting(options, build);
  met.kernel.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
  met.kernel.ip(`addr add ${KERNEL}/64 dev ${met.tap.device} nodad`);
  return met;
}

/** A socket of ours for echo requests of ICMPv6. */
function echoSocket(met: Meeting): AsyncDatagramSocket {
  const socket = met.box.stack.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6) as Socket;
  return new AsyncDatagramSocket(met.lab.sim, socket);
}

/** Sends an echo request with so many bytes of data. @returns who answers it, and whether it is the answer. */
async function echo(met: Meeting, address: string, size: number): Promise<string> {
  const request = new Uint8Array(8 + size);
  request.set(anyBytes(size), 8);
  request[0] = 128;
  request[7] = 1;
  const socket = met.now(() => echoSocket(met));
  const { data, from } = await met.now(() => {
    socket.send(request, { address, port: 0 });
    return socket.receive(seconds(5));
  });
  met.now(() => socket.close());
  const same = data[0] === 129 && digest(data.subarray(6)) === digest(request.subarray(6));
  return `${from.family === AF_INET6 ? from.address : ''} ${same}`;
}

function maxSegment({ socket }: AsyncSocket): number {
  const bytes = socket.getOption(6, 2, 4);
  if (typeof bytes === 'number') throw new Error(`getsockopt: ${bytes}`);
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
}

const address6 = (met: Meeting, address: string) =>
  met.box.stack.addresses6.find((line) => line.address.text.split('%')[0] === address);

describeKernel('IPv6 between a lab and a real Linux kernel', () => {
  let met: Meeting;
  beforeAll(() => {
    met = meeting();
  });
  afterAll(() => met.close());

  test("the kernel's neighbour discovery finds us, and its ping is answered", async () => {
    expect((await met.kernel.ping(3, '-6', BOX)).answered).toEqual([1, 2, 3]);
    expect(met.kernel.ip(`-6 neigh show ${BOX} dev ${met.tap.device}`)).toMatch(
      /^fd77::2 lladdr 02:00:00:00:00:01 (REACHABLE|DELAY|PROBE)/,
    );
  });

  test('our neighbour discovery finds the kernel, and our ping is answered', async () => {
    const solicitations = await met.frames(`icmpv6.type == 135 && icmpv6.nd.ns.target_address == ${KERNEL}`);
    expect(await echo(met, KERNEL, 56)).toBe(`${KERNEL} true`);
    met.box.stack.ip6.on(met.box.stack.interface('eth0')!)?.neighbours?.flush(true);
    expect(await echo(met, KERNEL, 56)).toBe(`${KERNEL} true`);
    const more = await met.frames(`icmpv6.type == 135 && icmpv6.nd.ns.target_address == ${KERNEL}`);
    expect(more.length).toBeGreaterThan(solicitations.length);
  });

  test('the kernel resolves us again after its entry was removed', async () => {
    met.kernel.ip(`-6 neigh flush dev ${met.tap.device}`);
    expect((await met.kernel.command('ping', '-6', '-c', '1', BOX)).status).toBe(0);
  });

  test('each answers at its link-local address', async () => {
    await met.until(() => address6(met, BOX_LINK_LOCAL)?.tentative === false);
    const to = `${BOX_LINK_LOCAL}%${met.tap.device}`;
    const { out } = await met.kernel.command('ping', '-6', '-n', '-c', '1', to);
    expect(out).toContain('1 packets transmitted, 1 received');
  });

  test('the group of all nodes is answered by us, from an address of the scope that asks', async () => {
    const to = `ff02::1%${met.tap.device}`;
    // Without what the kernel would hear and answer of its own.
    const { out } = await met.kernel.command('ping', '-6', '-n', '-L', '-c', '1', to);
    expect(out).toMatch(/bytes from (fd77::2|fe80::ff:fe00:1%\w+): icmp_seq=1 ttl=64/);
  });

  test.each([1452, 1453, 4000, 20_000, 65_507])(
    'a ping of %i bytes goes both ways, in fragments',
    async (size) => {
      expect((await met.kernel.ping(2, '-6', '-s', `${size}`, BOX)).answered).toEqual([1, 2]);
      expect(await echo(met, KERNEL, size)).toBe(`${KERNEL} true`);
    },
  );

  test('an address that nobody has may be used once the kernel has kept silent', async () => {
    expect(met.now(() => met.box.stack.addAddress('eth0', 'fd77::3/64'))).toBe(0);
    expect(address6(met, 'fd77::3')?.tentative).toBe(true);
    await met.until(() => address6(met, 'fd77::3')?.tentative === false);
    expect((await met.kernel.command('ping', '-6', '-c', '1', 'fd77::3')).status).toBe(0);
  });

  test('an address that the kernel has is not taken by us', async () => {
    expect(met.now(() => met.box.stack.addAddress('eth0', `${KERNEL}/64`))).toBe(0);
    await met.until(() => address6(met, KERNEL)?.failed === true);
    expect(met.now(() => met.box.stack.removeAddress('eth0', `${KERNEL}/64`))).toBe(0);
    expect(await echo(met, KERNEL, 56)).toBe(`${KERNEL} true`);
  });

  test('an address that we have is not taken by the kernel', async () => {
    const watching = met.kernel.python(WATCH_ADDRESSES);
    await watching.says('watching');
    // How long the kernel waits for an objection: a busy lab may need longer than a second for it.
    const patience = (time: number) =>
      met.kernel.sysctl(`net.ipv6.neigh.${met.tap.device}.retrans_time_ms`, time);
    patience(30_000);
    met.kernel.ip(`addr add ${BOX}/64 dev ${met.tap.device}`);
    await watching.says(`failed ${BOX}`);
    patience(1000);
    met.kernel.ip(`addr del ${BOX}/64 dev ${met.tap.device}`);
    met.kernel.ip(`addr add fd77::9/64 dev ${met.tap.device}`);
    await watching.says('usable fd77::9');
    watching.kill();
    expect(await echo(met, 'fd77::9', 56)).toBe('fd77::9 true');
  });

  test('a port that nobody has is reported, either way', async () => {
    const client = met.kernel.python(
      `
attempt(lambda: stream(socket.AF_INET6).connect((sys.argv[1], 9)))
s = socket.socket(socket.AF_INET6, UDP); s.connect((sys.argv[1], 9)); s.send(b'x'); attempt(lambda: s.recv(1))`,
      BOX,
    );
    expect((await client.done).out).toBe('ECONNREFUSED\nECONNREFUSED\n');
    await expect(met.now(() => met.box.stack.connect({ address: KERNEL, port: 9 }))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    const socket = met.now(() => met.box.stack.datagram({ address: '::', port: 0 }));
    const refused = met.now(() => {
      const to = { family: AF_INET6, address: KERNEL, port: 9, flowInfo: 0, scopeId: 0 } as const;
      socket.socket.connect(to);
      socket.send('x');
      return socket.receive();
    });
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    met.now(() => socket.close());
  });

  test('what leads nowhere behind the kernel is reported by the kernel as a router', async () => {
    met.kernel.sysctl('net.ipv6.conf.all.forwarding', 1);
    met.kernel.sysctl('net.ipv6.icmp.ratelimit', 0);
    // Behind this link nobody answers, which the kernel shall not take seconds to find out.
    met.kernel.ip('link add quiet type veth peer name nobody');
    met.kernel.sysctl('net.ipv6.conf.quiet.accept_dad', 0);
    met.kernel.sysctl('net.ipv6.neigh.quiet.retrans_time_ms', 50);
    met.kernel.ip('link set nobody up');
    met.kernel.ip('link set quiet up');
    met.kernel.ip('addr add fd78::1/64 dev quiet nodad');
    met.kernel.ip('route add prohibit fd79::/64');
    // For IPv6 it says "no route" of both.
    met.kernel.ip('route add unreachable fd7a::/64');
    met.now(() => met.box.stack.addRoute({ destination: '::/0', via: KERNEL }));
    const reach = (address: string) => met.now(() => met.box.stack.connect({ address, port: 80 }));
    await expect(reach('fd78::9')).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
    await expect(reach('fd79::9')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(reach('fd7a::9')).rejects.toMatchObject({ code: 'ENETUNREACH' });
    await expect(reach('fd7b::9')).rejects.toMatchObject({ code: 'ENETUNREACH' });
  });

  test('options for us are skipped where they may be; of others, and of unknown headers, we say so', async () => {
    const socket = met.now(() => met.box.stack.datagram({ address: BOX, port: 5003 }));
    const heard = met.now(() => socket.receive());
    const client = met.kernel.python(
      `
HOPOPTS, DSTOPTS, RECVERR = 54, 59, 25
def padding(option): return bytes([0, 0, option, 4, 0, 0, 0, 0])
s = socket.socket(socket.AF_INET6, UDP); s.connect((sys.argv[1], 5003)); s.setsockopt(socket.IPPROTO_IPV6, RECVERR, 1)
# 0x1e may be skipped, 0x9e may not (RFC 8200 section 4.2).
s.setsockopt(socket.IPPROTO_IPV6, HOPOPTS, padding(0x1e))
s.setsockopt(socket.IPPROTO_IPV6, DSTOPTS, padding(0x1e)); s.send(b'skipped')
s.setsockopt(socket.IPPROTO_IPV6, DSTOPTS, padding(0x9e)); s.send(b'not skipped'); attempt(lambda: s.recv(1))
r = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 253); r.connect((sys.argv[1], 0)); r.setsockopt(socket.IPPROTO_IPV6, RECVERR, 1)
r.send(b'of no protocol'); attempt(lambda: r.recv(1))`,
      BOX,
    );
    expect((await client.done).out).toBe('EPROTO\nEPROTO\n');
    expect(new TextDecoder().decode((await heard).data)).toBe('skipped');
    expect(met.now(() => socket.socket.receive(new Uint8Array(100), 0))).toBeLessThan(0);
    met.now(() => socket.close());
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
    expect(await met.frames('icmpv6.type == 136 && eth.src == 02:00:00:00:00:01')).not.toBe('');
  });
});

const OFFLOADS = { false: 'without offload', true: 'with offload', whole: 'with offload on the cable too' };

const transports = (offload: boolean | 'whole') =>
  describeKernel(`TCP and UDP over IPv6 with a real Linux kernel ${OFFLOADS[`${offload}`]}`, () => {
    let met: Meeting;
    beforeAll(() => {
      met = meeting({ offload });
    });
    afterAll(() => met.close());

    test('a megabyte comes to us whole', async () => {
      const listener = met.now(() => met.box.stack.listen({ address: '::', port: 5001 }));
      const got = met.now(async () => drain(await listener.accept()));
      const source = met.kernel.python(SOURCE, BOX, '5001', `${1 << 20}`);
      expect((await source.done).out).toBe(`sent ${await got}\n`);
      met.now(() => listener.close());
    });

    test('a megabyte comes to the kernel whole', async () => {
      const sink = met.kernel.python(SINK, '5000');
      await sink.says('listening');
      const data = anyBytes(1 << 20);
      await met.now(async () => {
        const socket = await met.box.stack.connect({ address: KERNEL, port: 5000 });
        await socket.write(data);
        socket.close();
      });
      expect((await sink.done).out).toBe(`listening\ngot ${data.length} ${digest(data)}\n`);
    });

    test('curl gets a page from us', async () => {
      const listener = met.now(() => met.box.stack.listen({ address: BOX, port: 80 }));
      const page = 'x'.repeat(200_000);
      const serving = met.now(async () => {
        const socket = await listener.accept();
        await socket.read();
        await socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${page.length}\r\n\r\n${page}`);
        socket.close();
        listener.close();
      });
      const argv = ['-6', '-g', '-sS', '--fail', '--http1.0', '--noproxy', '*', `http://[${BOX}]/page`];
      const { status, out, err } = await met.kernel.command('curl', ...argv);
      expect([status, err, out === page]).toEqual([0, '', true]);
      await serving;
    });

    test('datagrams of every size reach the kernel, in fragments where they are too large', async () => {
      const server = met.kernel.python(`
s = socket.socket(socket.AF_INET6, UDP); s.bind(('', 5000)); print('bound')
while True:
    data, address = s.recvfrom(70000); print(len(data), digest(data), address[0]); s.sendto(digest(data).encode(), address)`);
      await server.says('bound');
      const socket = met.now(() => met.box.stack.datagram({ address: '::', port: 6000 }));
      for (const size of SIZES) {
        const data = anyBytes(size);
        const answer = await met.now(() => {
          socket.send(data, { address: KERNEL, port: 5000 });
          return socket.receive();
        });
        expect(new TextDecoder().decode(answer.data)).toBe(digest(data));
        expect(answer.from).toMatchObject({ address: KERNEL, port: 5000 });
        await server.says(`${size} ${digest(data)} ${BOX}`);
      }
      met.now(() => socket.close());
      server.kill();
      await server.done;
    });

    test('datagrams of every size come from the kernel, and go back as they came', async () => {
      const socket = met.now(() => met.box.stack.datagram({ address: BOX, port: 5001 }));
      const serving = met.now(async () => {
        for (const _ of SIZES) {
          const { data, from } = await socket.receive();
          if (from.family === AF_INET6) socket.send(data, { address: from.address, port: from.port });
        }
      });
      const client = met.kernel.python(
        `
s = socket.socket(socket.AF_INET6, UDP); s.connect((sys.argv[1], 5001))
for size in map(int, sys.argv[2:]):
    data = os.urandom(size); s.send(data); print(size, s.recv(70000) == data)`,
        BOX,
        ...SIZES.map(String),
      );
      expect((await client.done).out).toBe(SIZES.map((size) => `${size} True\n`).join(''));
      await serving;
      met.now(() => socket.close());
    });

    test('only a cable with offload carries many segments in one frame, both ways', async () => {
      for (const source of ['==', '!=']) {
        const large = await met.frames(`tcp && frame.len > 1514 && eth.src ${source} 02:00:00:00:00:01`);
        expect(large !== '').toBe(offload === 'whole');
      }
      // Checksums that nobody computed are wrong for tshark.
      if (offload !== 'whole') expect(await met.faults()).toBe('');
      expect(met.kernel.complaints()).toEqual({});
    });
  }, ['curl']);
for (const offload of [false, true, 'whole'] as const) transports(offload);

describeKernel('a cable with faults that carries IPv6', () => {
  test('every byte arrives, both ways', async () => {
    const met = meeting({ loss: 0.02, reorder: 0.02, duplicate: 0.02, corrupt: 0.02, delay: '1ms' });
    try {
      const sink = met.kernel.python(SINK, '5000');
      await sink.says('listening');
      const data = anyBytes(400_000);
      await met.now(async () => {
        const socket = await met.box.stack.connect({ address: KERNEL, port: 5000 });
        await socket.write(data);
        socket.close();
      });
      expect((await sink.done).out).toBe(`listening\ngot ${data.length} ${digest(data)}\n`);
      const listener = met.now(() => met.box.stack.listen({ address: '::', port: 5001 }));
      const got = met.now(async () => drain(await listener.accept()));
      const source = met.kernel.python(SOURCE, BOX, '5001', '400000');
      expect((await source.done).out).toBe(`sent ${await got}\n`);
      expect(await met.faults()).toBe('');
      expect(met.kernel.complaints()).toEqual({});
    } finally {
      await met.close();
    }
  });
});

/** Behind the kernel: `far`, another namespace; the kernel's interface towards it has a smaller MTU. */
describeKernel('an IPv6 path with a smaller MTU behind a real kernel', () => {
  const FAR = 'fd78::2';
  let met: Meeting;
  let far: Namespace;
  beforeAll(() => {
    met = meeting();
    far = new Namespace();
    const { kernel } = met;
    far.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
    kernel.sysctl('net.ipv6.conf.all.forwarding', 1);
    kernel.ip(`link add narrow type veth peer name wide netns ${far.name}`);
    // Before their link-local addresses may be used they would ask for no neighbour.
    kernel.sysctl('net.ipv6.conf.narrow.accept_dad', 0);
    far.sysctl('net.ipv6.conf.wide.accept_dad', 0);
    kernel.ip('addr add fd78::1/64 dev narrow nodad');
    kernel.ip('link set narrow mtu 1280 up');
    far.ip(`addr add ${FAR}/64 dev wide nodad`);
    far.ip('link set wide mtu 1500 up');
    // What comes back has to fit as well, which is not to be seen in the segment size that it asks for.
    far.ip(`route add ${BOX}/128 via fd78::1 mtu lock 1280 advmss 1440`);
    met.now(() => met.box.stack.addRoute({ destination: '::/0', via: KERNEL }));
  });
  afterAll(async () => {
    far.close();
    await met.close();
  });

  test('our TCP takes its word, and every byte arrives in smaller segments', async () => {
    const sink = far.python(SINK, '5000');
    await sink.says('listening');
    const data = anyBytes(200_000);
    const segments = await met.now(async () => {
      const socket = await met.box.stack.connect({ address: FAR, port: 5000 });
      const before = maxSegment(socket);
      await socket.write(data);
      socket.end();
      await socket.readAll();
      const after = maxSegment(socket);
      socket.close();
      return { before, after };
    });
    expect((await sink.done).out).toBe(`listening\ngot ${data.length} ${digest(data)}\n`);
    expect(segments).toEqual({ before: 1428, after: 1208 });
    expect(await met.frames('icmpv6.type == 2 && icmpv6.mtu == 1280')).not.toBe('');
  });

  test('our datagrams that are larger arrive in fragments, once the path is known', async () => {
    const server = far.python(`
s = socket.socket(socket.AF_INET6, UDP); s.bind(('', 5002)); print('bound')
for i in range(2): data = s.recv(70000); print(len(data), digest(data))`);
    await server.says('bound');
    const [data, more] = [anyBytes(1400), anyBytes(30_000)];
    met.now(() => {
      const socket = met.box.stack.datagram({ address: '::', port: 0 });
      socket.send(data, { address: FAR, port: 5002 });
      socket.send(more, { address: FAR, port: 5002 });
      socket.close();
    });
    expect((await server.done).out).toBe(
      `bound\n${data.length} ${digest(data)}\n${more.length} ${digest(more)}\n`,
    );
    expect(await echo(met, FAR, 3000)).toBe(`${FAR} true`);
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
    expect(far.complaints()).toEqual({});
  });
});

describeKernel('an IPv6 path with a smaller MTU behind a router of ours', () => {
  const FAR = 'fd79::2';
  let met: Meeting;
  let far: Host;
  beforeAll(() => {
    met = meeting({}, (lab) => {
      const router = lab.router('box', {
        ipv6: { addresses: { eth0: `${BOX}/64`, eth1: 'fd79::1/64' } },
      });
      far = lab.host('far', { ipv6: { addresses: { eth0: `${FAR}/64` }, gateway: 'fd79::1' } });
      lab.link('box:eth1', 'far:eth0');
      expect(router.stack.setLinkMtu('eth1', 1280)).toBe(0);
      return router;
    });
    met.kernel.ip(`route add fd79::/64 via ${BOX}`);
  });
  afterAll(() => met.close());

  test('the kernel is told the MTU, then sends fragments that arrive', async () => {
    const argv = ['-6', '-n', '-c', '1', '-s'];
    const told = await met.kernel.command('ping', ...argv, '1400', '-M', 'do', FAR);
    expect(told.out + told.err).toMatch(/From fd77::2 icmp_seq=1 Packet too big: mtu=1280/);
    const { out } = await met.kernel.command('ping', ...argv, '3000', FAR);
    expect(out).toContain('1 packets transmitted, 1 received');
    expect(met.kernel.ip(`route get ${FAR}`)).toContain('mtu 1280');
  });

  test("the kernel's TCP takes our word, and every byte arrives in smaller segments", async () => {
    met.kernel.ip('-6 route flush cache');
    const listener = met.now(() => far.stack.listen({ address: '::', port: 5001 }));
    const got = met.now(async () => drain(await listener.accept()));
    const source = met.kernel.python(SOURCE, FAR, '5001', '200000');
    expect((await source.done).out).toBe(`sent ${await got}\n`);
    expect(met.kernel.ip(`route get ${FAR}`)).toContain('mtu 1280');
  });

  test('the kernel is told where its hop limit is used up, and where no route leads on', async () => {
    const expired = await met.kernel.command('ping', '-6', '-n', '-c', '1', '-t', '1', FAR);
    expect(expired.out).toMatch(/From fd77::2 icmp_seq=1 Time exceeded: Hop limit/);
    met.kernel.ip(`route add fd7a::/64 via ${BOX}`);
    const lost = await met.kernel.command('ping', '-6', '-n', '-c', '1', 'fd7a::1');
    expect(lost.out).toMatch(/From fd77::2 icmp_seq=1 Destination unreachable: No route/);
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
  });
});

describeKernel('a router of ours that advertises a prefix', () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting({}, (lab) =>
      lab.router('box', {
        ipv6: {
          addresses: { eth0: 'fd7b::1/64' },
          advertise: { eth0: { interval: 10, lifetime: 1000, valid: 800, preferred: 400, mtu: 1400 } },
        },
      }),
    );
  });
  afterAll(() => met.close());

  test('gives the kernel an address, a default route and an MTU', async () => {
    const watching = met.kernel.python(WATCH_ADDRESSES);
    await watching.says('watching');
    met.kernel.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
    await watching.says('usable fd7b::');
    const { device } = met.tap;
    const [, valid, preferred] =
      /inet6 fd7b:.*\n +valid_lft (\d+)sec preferred_lft (\d+)sec/
        .exec(met.kernel.ip(`-6 addr show dev ${device} dynamic`))
        ?.map(Number) ?? [];
    // Some of both has passed, of the one as of the other.
    expect(valid).toBeGreaterThan(700);
    expect(valid).toBeLessThanOrEqual(800);
    expect((valid ?? 0) - (preferred ?? 0)).toBe(400);
    expect(met.kernel.ip('-6 route show default')).toMatch(
      /default via fe80::ff:fe00:1 dev \S+ proto ra .*mtu 1400/,
    );
    const { out } = await met.kernel.command('ping', '-6', '-n', '-c', '1', 'fd7b::1');
    expect(out).toContain('1 packets transmitted, 1 received');
  });

  test('is no router any more once it says so', async () => {
    const gone = met.kernel.python(WATCH_ROUTES);
    await gone.says('watching');
    met.now(() => met.box.stack.sysctl.set('net.ipv6.conf.all.forwarding', 0));
    await gone.says('no default');
    expect(met.kernel.ip('-6 route show default')).toBe('');
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
  });
});

describeKernel('a Linux bridge that snoops multicast listener discovery', () => {
  const GROUP = 'ff05::77';
  let met: Meeting;
  beforeAll(() => {
    met = meeting();
    met.kernel.ip('link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_mld_version 2');
    met.kernel.ip(`link set ${met.tap.device} master br0`);
    met.kernel.ip('link set br0 up');
  });
  afterAll(() => met.close());

  test('sends a group to us once we have joined it, and no more once we have left', async () => {
    const watching = met.kernel.python(WATCH_GROUPS);
    await watching.says('watching');
    const socket = met.now(() => met.box.stack.datagram({ address: '::', port: 5000 }));
    const request = new Uint8Array(20);
    request.set([0xff, 5]);
    request[15] = 0x77;
    expect(met.now(() => socket.socket.setOption(41, 20, request))).toBe(0);
    await watching.says(`new ${GROUP}`);
    expect(met.kernel.run('bridge', 'mdb', 'show')).toContain(`port ${met.tap.device} grp ${GROUP}`);
    expect(met.now(() => socket.socket.setOption(41, 21, request))).toBe(0);
    await watching.says(`gone ${GROUP}`);
    watching.kill();
    met.now(() => socket.close());
  });

  test('knows from which sources we want a group', async () => {
    const watching = met.kernel.python(WATCH_GROUPS);
    await watching.says('watching');
    const socket = met.now(() => met.box.stack.datagram({ address: '::', port: 5001 }));
    const storage = (last: readonly number[]) => [
      10,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...last,
      ...new Array<number>(104).fill(0),
    ];
    const group = [0xff, 5, ...new Array<number>(13).fill(0), 0x78];
    const source = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 5];
    const request = Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, ...storage(group), ...storage(source)]);
    expect(met.now(() => socket.socket.setOption(41, MCAST_JOIN_SOURCE_GROUP, request))).toBe(0);
    await watching.says('new ff05::78');
    expect(met.kernel.run('bridge', '-d', 'mdb', 'show')).toMatch(
      /grp ff05::78 .*filter_mode include source_list 2001:db8::5\//,
    );
    expect(met.now(() => socket.socket.setOption(41, MCAST_LEAVE_SOURCE_GROUP, request))).toBe(0);
    await watching.says('gone ff05::78');
    watching.kill();
    met.now(() => socket.close());
  });
}, ['bridge']);
