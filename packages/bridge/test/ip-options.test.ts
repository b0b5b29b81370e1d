import type { FrameSent } from '@netarium/osi/trace';
import type { Host } from 'netarium';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digest, drain } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

const ROUTE = [7, 39, 4, ...new Array<number>(36).fill(0)];
const SYN_ACK = 0x12;

describeKernel('streams with IP options between us and a real kernel', () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting();
  });
  afterAll(() => met.close());

  /** The options of the IP header of the latest SYN+ACK from an address, with addresses as letters of who has them. */
  const answer = (from: string): string => {
    const last = Number(from.split('.')[3]);
    const frames = met.lab.record.events
      .filter((event): event is FrameSent => event.kind === 'frame-sent')
      .map((event) => met.lab.record.bytes(event).subarray(14))
      .filter((packet) => {
        const header = ((packet[0] ?? 0) & 15) * 4;
        return packet[9] === 6 && packet[15] === last && packet[header + 13] === SYN_ACK;
      });
    const packet = frames.at(-1) ?? new Uint8Array(20);
    const names = new Map([
      [Number(KERNEL.split('.')[3]), 'kernel'],
      [Number(BOX.split('.')[3]), 'box'],
    ]);
    const options = [...packet.subarray(20, ((packet[0] ?? 0) & 15) * 4)];
    const stations = Array.from({ length: 9 }, (_, i) => names.get(options[6 + 4 * i] ?? 0) ?? '-');
    return `${options.slice(0, 3)}: ${stations.join(' ')}`;
  };

  test('each answers the other alike, and every byte arrives', async () => {
    const sink = met.kernel.python(`
c, _ = listener(5000).accept(); data = read_all(c); print('got', len(data), digest(data)); c.close()`);
    await sink.says('listening');
    const data = new Uint8Array(300_000).map((_, i) => (i * 7) & 255);
    await met.now(async () => {
      const socket = met.box.stack.socket(2, 1, 0);
      if (typeof socket === 'number') throw new Error(`socket: ${socket}`);
      expect(socket.setOption(0, 4, Uint8Array.from(ROUTE))).toBe(0);
      socket.connect({ family: 2, address: KERNEL, port: 5000 });
      await met.until(() => (socket.poll() & 4) !== 0);
      for (let sent = 0; sent < data.length; ) {
        sent += Math.max(0, socket.send(data.subarray(sent), 0, null, 0));
        if (sent < data.length) await met.until(() => (socket.poll() & 4) !== 0);
      }
      socket.close();
    });
    expect((await sink.done).out).toBe(`listening\ngot ${data.length} ${digest(data)}\n`);
    expect(answer(KERNEL)).toBe('7,39,16: box kernel kernel - - - - - -');

    const listener = met.now(() => met.box.stack.listen({ port: 5001 }));
    const got = met.now(async () => drain(await listener.accept()));
    const source = met.kernel.python(
      `
data = os.urandom(300000)
s = stream(); s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes(${JSON.stringify(ROUTE)}))
s.connect((sys.argv[1], 5001)); s.sendall(data); s.close(); print('sent', len(data), digest(data))`,
      BOX,
    );
    expect((await source.done).out).toBe(`sent ${await got}\n`);
    expect(answer(BOX)).toBe('7,39,16: kernel box box - - - - - -');
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
  });
});

const OTHER = '10.77.0.3';

describeKernel('a source route by way of us and of a real kernel', () => {
  let met: Meeting;
  let other: Host;
  beforeAll(() => {
    met = new Meeting(
      {},
      (lab) => {
        lab.switch('sw');
        const box = lab.router('box', { addresses: { eth0: `${BOX}/24` } });
        other = lab.host('other', { addresses: { eth0: `${OTHER}/24` } });
        lab.link('box:eth0', 'sw:1');
        lab.link('other:eth0', 'sw:2');
        return box;
      },
      'sw:3',
    );
    met.now(() => {
      for (const { stack } of [met.box, other]) stack.sysctl.set('net.ipv4.conf.all.accept_source_route', 1);
    });
    met.kernel.sysctl('net.ipv4.conf.all.accept_source_route', 1);
    met.kernel.sysctl('net.ipv4.ip_forward', 1);
  });
  afterAll(() => met.close());

  /** The packets for the other machine with a source route: how many hops are left, destination, and the route. */
  const routed = (): string[] =>
    met.lab.record.events
      .filter((event): event is FrameSent => event.kind === 'frame-sent' && event.node !== 'sw')
      .map((event) => [event.node, met.lab.record.bytes(event).subarray(14)] as const)
      .filter(([, packet]) => packet[9] === 17 && packet[20] === 131)
      .map(
        ([node, packet]) =>
          `${node}: ttl ${packet[8]} to ${packet.subarray(16, 20).join('.')} ${packet.subarray(21, 27).join('.')}`,
      );

  test('is followed alike', async () => {
    await met.kernel.python(
      `
s = socket.socket(socket.AF_INET, UDP)
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 7, 4, 10, 77, 0, 2]))
s.sendto(b'x', ('${OTHER}', 9))`,
    ).done;
    await met.until(() => routed().length === 2);
    met.now(() => {
      const socket = met.box.stack.socket(2, 3, 255);
      if (typeof socket === 'number') throw new Error(`socket: ${socket}`);
      const header = [0x47, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 10, 77, 0, 1];
      const packet = Uint8Array.from([...header, 131, 7, 4, 10, 77, 0, 3, 0, 0, 9, 0, 9, 0, 8, 0, 0]);
      expect(socket.send(packet, 0, { family: 2, address: KERNEL, port: 0 }, 0)).toBe(packet.length);
      socket.close();
    });
    await met.until(() => routed().length === 4);
    expect(routed()).toEqual([
      'kernel: ttl 64 to 10.77.0.2 7.4.10.77.0.3',
      'box: ttl 63 to 10.77.0.3 7.8.10.77.0.2',
      'box: ttl 64 to 10.77.0.1 7.4.10.77.0.3',
      'kernel: ttl 63 to 10.77.0.3 7.8.10.77.0.1',
    ]);
  });

  test('is gone back by, in reverse: a stream goes by way of its stations both ways', async () => {
    const listener = met.now(() => other.stack.listen({ port: 5001 }));
    const serving = met.now(async () => {
      const socket = await listener.accept();
      const all = await socket.readAll();
      await socket.write(all);
      socket.close();
    });
    const client = met.kernel.python(
      `
data = os.urandom(100000)
s = stream(); s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 7, 4, 10, 77, 0, 2]))
s.connect(('${OTHER}', 5001)); s.sendall(data); s.shutdown(socket.SHUT_WR)
print('back' if read_all(s) == data else 'something else')`,
    );
    expect((await client.done).out).toBe('back\n');
    await serving;
    const hops = new Set(
      met.lab.record.events
        .filter((event): event is FrameSent => event.kind === 'frame-sent' && event.node !== 'sw')
        .map((event) => [event.node, met.lab.record.bytes(event).subarray(14)] as const)
        .filter(([, packet]) => packet[9] === 6)
        .map(([node, packet]) => `${node} to ${packet[19]}, route ${packet[20]} ${packet[22]} ${packet[26]}`),
    );
    expect([...hops].sort()).toEqual([
      'box to 1, route 131 8 2',
      'box to 3, route 131 8 2',
      'kernel to 2, route 131 4 3',
      'other to 2, route 131 4 1',
    ]);
  });
});
