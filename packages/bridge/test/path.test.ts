import type { Lab, LinkOptions } from 'netarium';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBytes, digest, drain } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';
import { Namespace } from './support/namespace.ts';

const SINK = `
c, _ = listener(5000).accept()
data = read_all(c); print('got', len(data), digest(data))
`;
const SOURCE = `
data = os.urandom(int(sys.argv[2]))
s = stream(); s.connect((sys.argv[1], 5001)); s.sendall(data); s.close(); print('sent', len(data), digest(data))
`;

/** Bytes to the kernel's `address` and back from it to ours, each way over a connection of its own. */
async function bothWays(
  met: Meeting,
  kernel: Namespace,
  address: string,
  box: string,
  size: number,
): Promise<void> {
  const sink = kernel.python(SINK);
  await sink.says('listening');
  const data = anyBytes(size);
  await met.now(async () => {
    const socket = await met.box.stack.connect({ address, port: 5000 });
    await socket.write(data);
    socket.close();
  });
  expect((await sink.done).out).toBe(`listening\ngot ${size} ${digest(data)}\n`);
  const listener = met.now(() => met.box.stack.listen({ port: 5001 }));
  const got = met.now(async () => drain(await listener.accept()));
  const source = kernel.python(SOURCE, box, `${size}`);
  expect((await source.done).out).toBe(`sent ${await got}\n`);
  met.now(() => listener.close());
}

describeKernel('a cable with faults between us and a real kernel', () => {
  const size = 400_000;
  test.each<[string, LinkOptions]>([
    ['loses one frame in fifty', { loss: 0.02, delay: '1ms' }],
    ['delivers frames out of order', { reorder: 0.05, jitter: '200us', delay: '1ms' }],
    ['delivers frames twice', { duplicate: 0.05 }],
    ['damages frames', { corrupt: 0.02, delay: '1ms' }],
    ['carries 20 Mbit/s and holds ten frames', { bandwidth: '20 Mbit', delay: '2ms', queue: 10 }],
  ])('one that %s: every byte arrives, both ways', async (_, link) => {
    const met = new Meeting(link);
    try {
      await bothWays(met, met.kernel, KERNEL, BOX, size);
      expect(await met.faults()).toBe('');
      expect(met.kernel.complaints()).toEqual({});
    } finally {
      await met.close();
    }
  });
});

/** Behind the kernel: `far`, another namespace; the kernel's interface towards it has a smaller MTU. */
describeKernel('a path with a smaller MTU behind a real kernel', () => {
  const FAR = '10.78.0.2';
  let met: Meeting;
  let far: Namespace;
  beforeAll(() => {
    met = new Meeting();
    far = new Namespace();
    const { kernel } = met;
    kernel.sysctl('net.ipv4.ip_forward', 1);
    kernel.ip(`link add narrow type veth peer name wide netns ${far.name}`);
    kernel.ip('addr add 10.78.0.1/24 dev narrow');
    kernel.ip('link set narrow mtu 1280 up');
    far.ip(`addr add ${FAR}/24 dev wide`);
    far.ip('link set wide mtu 1500 up');
    // What comes back has to fit as well, which is not to be seen in the segment size that it asks for.
    far.ip(`route add ${BOX}/32 via 10.78.0.1 mtu lock 1280 advmss 1460`);
    met.now(() => met.box.stack.addRoute({ destination: 'default', via: KERNEL }));
  });
  afterAll(async () => {
    far.close();
    await met.close();
  });

  test('our TCP takes its word, and every byte arrives in smaller segments', async () => {
    const sink = far.python(SINK);
    await sink.says('listening');
    const data = anyBytes(200_000);
    const mss = await met.now(async () => {
      const socket = await met.box.stack.connect({ address: FAR, port: 5000 });
      const before = maxSegment(socket.socket.getOption(6, 2, 4));
      await socket.write(data);
      socket.end();
      await socket.readAll();
      const after = maxSegment(socket.socket.getOption(6, 2, 4));
      socket.close();
      return { before, after };
    });
    expect((await sink.done).out).toBe(`listening\ngot ${data.length} ${digest(data)}\n`);
    expect(mss).toEqual({ before: 1448, after: 1228 });
    const told = await met.frames('icmp.type == 3 && icmp.code == 4');
    expect(told.split('\n').length).toBeGreaterThan(1);
  });

  test('our datagrams that are larger arrive in fragments, once the path is known', async () => {
    const server = far.python(`
s = socket.socket(socket.AF_INET, UDP); s.bind(('', 5002)); print('bound')
for i in range(2): data = s.recv(70000); print(len(data), digest(data))`);
    await server.says('bound');
    const data = anyBytes(1400);
    const more = anyBytes(30_000);
    met.now(() => {
      const socket = met.box.stack.datagram();
      socket.send(data, { address: FAR, port: 5002 });
      socket.send(more, { address: FAR, port: 5002 });
      socket.close();
    });
    expect((await server.done).out).toBe(
      `bound\n${data.length} ${digest(data)}\n${more.length} ${digest(more)}\n`,
    );
  });

  test('ping of a large packet arrives as well', async () => {
    const { text } = await met.command(`ping -c 1 -s 3000 ${FAR}`);
    expect(text).toContain('1 packets transmitted, 1 received');
  });
});

describeKernel('a path with a smaller MTU behind a router of ours', () => {
  const FAR = '10.79.0.2';
  let met: Meeting;
  let far: ReturnType<Lab['host']>;
  beforeAll(() => {
    met = new Meeting({}, (lab) => {
      const router = lab.router('box', { addresses: { eth0: `${BOX}/24`, eth1: '10.79.0.1/24' } });
      far = lab.host('far', { addresses: { eth0: `${FAR}/24` }, gateway: '10.79.0.1' });
      lab.link('box:eth1', 'far:eth0');
      expect(router.stack.setLinkMtu('eth1', 1280)).toBe(0);
      return router;
    });
    met.kernel.ip(`route add 10.79.0.0/24 via ${BOX}`);
  });
  afterAll(() => met.close());

  test("the kernel's ping that may not be fragmented is told the MTU; one that may arrives", async () => {
    const told = await met.kernel.command('ping', '-c', '1', '-M', 'do', '-s', '1400', FAR);
    expect(told.out).toMatch(/From 10\.77\.0\.2 icmp_seq=1 Frag needed and DF set \(mtu = 1280\)/);
    const { out } = await met.kernel.command('ping', '-c', '1', '-M', 'dont', '-s', '3000', FAR);
    expect(out).toContain('1 packets transmitted, 1 received');
  });

  test("the kernel's TCP takes our word, and every byte arrives in smaller segments", async () => {
    met.kernel.ip('route flush cache');
    const listener = met.now(() => far.stack.listen({ port: 5001 }));
    const got = met.now(async () => drain(await listener.accept()));
    const source = met.kernel.python(SOURCE, FAR, '200000');
    expect((await source.done).out).toBe(`sent ${await got}\n`);
    expect(met.kernel.ip(`route get ${FAR}`)).toContain('mtu 1280');
  });

  test("the kernel's traceroute sees our router", async () => {
    const { out } = await met.kernel.command('ping', '-c', '1', '-t', '1', FAR);
    expect(out).toContain('From 10.77.0.2 icmp_seq=1 Time to live exceeded');
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
  });
});

function maxSegment(bytes: Uint8Array | number): number {
  if (typeof bytes === 'number') throw new Error(`getsockopt: ${bytes}`);
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
}
