import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBytes, digest } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

const SIZES = [0, 1, 1472, 1473, 8000, 65_507];

describeKernel("UDP between a lab's machine and a real Linux kernel", () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting();
  });
  afterAll(() => met.close());

  test('datagrams of every size reach the kernel, in fragments where they are too large', async () => {
    const server = met.kernel.python(`
s = socket.socket(socket.AF_INET, UDP); s.bind(('', 5000)); print('bound')
while True:
    data, address = s.recvfrom(70000); print(len(data), digest(data), address[0]); s.sendto(digest(data).encode(), address)`);
    await server.says('bound');
    const socket = met.now(() => met.box.stack.datagram({ port: 6000 }));
    for (const size of SIZES) {
      const data = anyBytes(size);
      const answer = met.now(() => {
        socket.send(data, { address: KERNEL, port: 5000 });
        return socket.receive();
      });
      expect(new TextDecoder().decode((await answer).data)).toBe(digest(data));
      expect((await answer).from).toMatchObject({ address: KERNEL, port: 5000 });
      await server.says(`${size} ${digest(data)} ${BOX}`);
    }
    met.now(() => socket.close());
    server.kill();
    await server.done;
  });

  test('datagrams of every size come from the kernel, and go back as they came', async () => {
    const socket = met.now(() => met.box.stack.datagram({ port: 5001 }));
    let live = true;
    const serving = met
      .now(async () => {
        for await (const { data, from } of socket) socket.send(data, from);
      })
      .catch((error) => {
        if (live) throw error;
      });
    const client = met.kernel.python(
      `
s = socket.socket(socket.AF_INET, UDP); s.connect((sys.argv[1], 5001))
# Fragments of what may not be fragmented would say so: the kernel must be allowed to.
s.setsockopt(socket.IPPROTO_IP, 10, 0)
for size in map(int, sys.argv[2:]):
    data = os.urandom(size); s.send(data); print(size, s.recv(70000) == data)`,
      BOX,
      ...SIZES.map(String),
    );
    expect((await client.done).out).toBe(SIZES.map((size) => `${size} True\n`).join(''));
    live = false;
    met.now(() => socket.close());
    await serving;
  });

  test('a port that nobody has is reported, either way', async () => {
    const client = met.kernel.python(
      `s = socket.socket(socket.AF_INET, UDP); s.connect((sys.argv[1], 9)); s.send(b'x'); attempt(lambda: s.recv(1))`,
      BOX,
    );
    expect((await client.done).out).toBe('ECONNREFUSED\n');
    const socket = met.now(() => met.box.stack.datagram());
    const refused = met.now(() => {
      socket.socket.connect({ family: 2, address: KERNEL, port: 9 });
      socket.send('x');
      return socket.receive();
    });
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    met.now(() => socket.close());
  });

  test('what leads nowhere behind the kernel is reported by the kernel as a router', async () => {
    met.kernel.sysctl('net.ipv4.ip_forward', 1);
    met.kernel.sysctl('net.ipv4.icmp_ratelimit', 0);
    met.kernel.ip(`route add 10.80.0.0/24 dev ${met.tap.device}`);
    met.kernel.ip('route add unreachable 10.78.0.0/24');
    met.kernel.ip('route add prohibit 10.79.0.0/24');
    met.now(() => met.box.stack.addRoute({ destination: 'default', via: KERNEL }));
    const { text } = await met.command('ip route');
    expect(text).toContain('default via 10.77.0.1');
    const unreachable = await met.command('ping -c 1 10.78.0.1');
    expect(unreachable.text).toContain('From 10.77.0.1 icmp_seq=1 Destination Host Unreachable');
    const prohibited = await met.command('ping -c 1 10.79.0.1');
    expect(prohibited.text).toContain('From 10.77.0.1 icmp_seq=1 Packet filtered');
    const expired = await met.command('ping -c 1 -t 1 10.80.0.1');
    expect(expired.text).toContain('From 10.77.0.1 icmp_seq=1 Time to live exceeded');
  });

  test('a broadcast of the kernel reaches our socket, and ours the kernel', async () => {
    const socket = met.now(() => met.box.stack.datagram({ port: 5002 }));
    const heard = met.now(() => socket.receive());
    const client = met.kernel.python(`
s = socket.socket(socket.AF_INET, UDP); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.bind(('', 5003))
s.sendto(b'all', ('10.77.0.255', 5002)); print(s.recv(100).decode())`);
    expect(new TextDecoder().decode((await heard).data)).toBe('all');
    met.now(() => {
      socket.setOption(1, 6, 1);
      socket.send('all of you', { address: '10.77.0.255', port: 5003 });
      socket.close();
    });
    expect((await client.done).out).toBe('all of you\n');
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    // A packet whose TTL ran out counts as one (RFC 4293, ipIfStatsInHdrErrors).
    expect(met.kernel.complaints()).toEqual({ 'Ip InHdrErrors': 1 });
  });
});
