import { Cable, type CableOptions, Port } from '@netarium/osi/1-physical';
import { type MacAddress, parseMac, Switch } from '@netarium/osi/2-datalink';
import { drive, Stack } from '@netarium/osi/5-session';
import { capturedFrames, writePcapng } from '@netarium/osi/capture';
import { dissect, findField } from '@netarium/osi/dissect';
import { microseconds, Simulation } from '@netarium/osi/time';
import { type FrameSent, TraceRecord } from '@netarium/osi/trace';
import { describe, expect, test } from 'vitest';
import { twoStacks } from './two-stacks.ts';

const OFFLOAD: CableOptions = { delay: microseconds(5), offload: true };
const SIZE = 400_000;
const SYN = 0x02;
const CWR = 0x80;

/** Sends bytes from one machine to another. @returns what arrived. */
async function transfer(from: Stack, to: Stack, address: string, data: Uint8Array): Promise<Uint8Array> {
  const listener = to.listen({ port: 9000 });
  const socket = await from.connect({ address, port: 9000 });
  const accepted = await listener.accept();
  const all = accepted.readAll();
  await socket.write(data);
  socket.end();
  const arrived = await all;
  for (const each of [socket, accepted, listener]) each.close();
  return arrived;
}

function randomBytes(sim: Simulation): Uint8Array {
  const data = new Uint8Array(SIZE);
  sim.randomFor('test').fill(data);
  return data;
}

const sentBy = (record: TraceRecord, node: string): FrameSent[] =>
  record.events.filter((event): event is FrameSent => event.kind === 'frame-sent' && event.node === node);

const largest = (frames: readonly FrameSent[]): number => Math.max(...frames.map(({ length }) => length));

/** Each frame's checksum as the dissector finds it: `correct`, `partial` … */
const checksums = (record: TraceRecord, frames: readonly FrameSent[]): Set<string> =>
  new Set(
    frames.flatMap((frame) => {
      const field = findField(dissect(record.bytes(frame)).protocols, 'tcp.checksum');
      return field === undefined ? [] : [/correct|partial|incorrect/.exec(field.text)?.[0] ?? field.text];
    }),
  );

/** Client, switch and server; the second cable is the ordinary one unless told otherwise. */
function switched(second: CableOptions = {}) {
  const sim = new Simulation(1);
  const record = new TraceRecord();
  const device = new Switch({ sim, name: 'switch', record });
  const stacks = ['client', 'server'].map((name, i) => {
    const stack = new Stack({ sim, name, record });
    const port = new Port('eth0', stack.tracer, stack.pool);
    stack.addPort(port, { mac: parseMac(`02:00:00:00:00:0${i + 1}`) as MacAddress });
    stack.addAddress('eth0', `10.0.0.${i + 1}/24`);
    new Cable(sim, port, device.addPort(), i === 0 ? OFFLOAD : { delay: microseconds(5), ...second });
    return stack;
  });
  const [client, server] = stacks as [Stack, Stack];
  return { sim, record, client, server };
}

describe('a cable with offload', () => {
  test('carries TCP in frames of up to 64 KiB, whose checksums nobody computed, and what arrives is what was sent', async () => {
    const { sim, record, client, server } = twoStacks(1, OFFLOAD);
    const data = randomBytes(sim);
    const arrived = await drive(sim, transfer(client, server, '10.0.0.2', data));
    expect(Buffer.compare(arrived, data)).toBe(0);
    const frames = sentBy(record, 'client').filter((frame) => frame.offload !== undefined);
    expect(largest(frames)).toBeGreaterThan(30_000);
    expect(largest(frames)).toBeLessThanOrEqual(65_535 + 14);
    expect(checksums(record, frames)).toEqual(new Set(['partial']));
    const { counters } = client.tcp;
    expect(frames.length).toBeLessThan(counters.tcp.OutSegs / 3);
    expect(frames.reduce((sum, frame) => sum + (frame.offload?.segments ?? 0), 0)).toBe(
      counters.tcp.OutSegs - 1,
    );
    expect(server.tcp.counters.tcp.InSegs).toBe(counters.tcp.OutSegs);
    expect(counters.tcp.RetransSegs).toBe(0);
  });

  test('is asked for: without, every frame is as it crosses a real cable', async () => {
    const { sim, record, client, server } = twoStacks(1, { delay: microseconds(5) });
    await drive(sim, transfer(client, server, '10.0.0.2', randomBytes(sim)));
    const frames = sentBy(record, 'client');
    expect(largest(frames)).toBe(1514);
    expect(frames.some((frame) => frame.offload !== undefined)).toBe(false);
    expect(checksums(record, frames)).toEqual(new Set(['correct']));
  });

  test.each<[string, CableOptions]>([
    ['with a bandwidth', { bandwidth: 1e9 }],
    ['with accidents', { impairments: { loss: 0.01 } }],
    ['with a queue discipline', { queue: { kind: 'fq_codel' } }],
  ])('%s carries whole frames', async (_, options) => {
    const { sim, record, client, server } = twoStacks(2, { ...OFFLOAD, ...options });
    const data = randomBytes(sim);
    expect(Buffer.compare(await drive(sim, transfer(client, server, '10.0.0.2', data)), data)).toBe(0);
    const frames = sentBy(record, 'client');
    expect(largest(frames)).toBe(1514);
    expect(checksums(record, frames)).toEqual(new Set(['correct']));
  });

  test('that begins to lose frames while a connection goes on gets them whole from then on', async () => {
    const { sim, record, client, server, cable } = twoStacks(3, OFFLOAD);
    sim.after(microseconds(45), () => cable.set({ impairments: { loss: 0.02 } }));
    const data = randomBytes(sim);
    expect(Buffer.compare(await drive(sim, transfer(client, server, '10.0.0.2', data)), data)).toBe(0);
    const [before, after] = [0, 1].map((part) =>
      sentBy(record, 'client').filter(({ time }) => time > microseconds(45) === (part === 1)),
    ) as [FrameSent[], FrameSent[]];
    expect(largest(before)).toBeGreaterThan(1514);
    expect(largest(after)).toBe(1514);
    expect(checksums(record, after)).toEqual(new Set(['correct']));
    expect(client.tcp.counters.tcp.RetransSegs).toBeGreaterThan(0);
  });
});

describe('a large frame that comes to an ordinary cable', () => {
  test('is cut at the port into the segments that would have been sent, numbers and flags as they belong', async () => {
    const { sim, record, client, server } = switched();
    const data = randomBytes(sim);
    expect(Buffer.compare(await drive(sim, transfer(client, server, '10.0.0.2', data)), data)).toBe(0);
    const forwarded = sentBy(record, 'switch').filter(({ port }) => port === '2');
    expect(largest(sentBy(record, 'client'))).toBeGreaterThan(1514);
    expect(largest(forwarded)).toBe(1514);
    expect(checksums(record, forwarded)).toEqual(new Set(['correct']));
    let next: number | null = null;
    let identification: number | null = null;
    for (const frame of forwarded) {
      const { protocols } = dissect(record.bytes(frame));
      const value = (name: string): number => Number(findField(protocols, name)?.value);
      if (findField(protocols, 'tcp.seq_raw') === undefined) continue;
      const flags = value('tcp.flags');
      const length = frame.length - 14 - 20 - value('tcp.hdr_len');
      if (next !== null) expect(value('tcp.seq_raw')).toBe(next);
      if (identification !== null) expect(value('ip.id')).toBe((identification + 1) & 0xffff);
      next = (value('tcp.seq_raw') + length + (flags & 3 ? 1 : 0)) >>> 0;
      identification = value('ip.id');
    }
  });

  test('says once that the congestion window was reduced, in the first of them (RFC 3168 section 6.1.2)', async () => {
    const { sim, record, client, server } = switched({
      bandwidth: 10e6,
      bToA: { queue: { kind: 'fq_codel' } },
    });
    client.sysctl.set('net.ipv4.tcp_ecn', 1);
    await drive(sim, transfer(client, server, '10.0.0.2', randomBytes(sim)));
    const toldBy = (node: string): FrameSent[] =>
      sentBy(record, node).filter((frame) => {
        const flags = Number(findField(dissect(record.bytes(frame)).protocols, 'tcp.flags')?.value);
        return (flags & (CWR | SYN)) === CWR;
      });
    expect(toldBy('client').some(({ offload }) => (offload?.segments ?? 1) > 1)).toBe(true);
    expect(toldBy('switch')).toHaveLength(toldBy('client').length);
  });

  test('is cut for a machine on a VLAN too, behind the tag', async () => {
    const sim = new Simulation(1);
    const record = new TraceRecord();
    const device = new Switch({ sim, name: 'switch', record });
    const ports = [device.addPort(), device.addPort()] as const;
    device.setVlans(ports[0], { access: 10 });
    device.setVlans(ports[1], { trunk: [10] });
    const [client, server] = ['client', 'server'].map((name, i) => {
      const stack = new Stack({ sim, name, record });
      const port = new Port('eth0', stack.tracer, stack.pool);
      const link = stack.addPort(port, { mac: parseMac(`02:00:00:00:00:0${i + 1}`) as MacAddress });
      new Cable(sim, port, ports[i] as Port, i === 0 ? OFFLOAD : { delay: microseconds(5) });
      if (i === 1) {
        stack.addPort(link.vlanPort(10), { mac: parseMac('02:00:00:00:00:02') as MacAddress });
        stack.addAddress('eth0.10', '10.0.0.2/24');
      } else {
        stack.addAddress('eth0', '10.0.0.1/24');
      }
      return stack;
    }) as [Stack, Stack];
    const data = randomBytes(sim);
    expect(Buffer.compare(await drive(sim, transfer(client, server, '10.0.0.2', data)), data)).toBe(0);
    const tagged = sentBy(record, 'switch').filter(({ port }) => port === '2');
    expect(largest(tagged)).toBe(1518);
    expect(checksums(record, tagged)).toEqual(new Set(['correct']));
  });

  test('passes a router whole, and a smaller MTU behind it is told of', async () => {
    const sim = new Simulation(1);
    const record = new TraceRecord();
    const make = (name: string, links: readonly (readonly [string, number])[]): [Stack, Port[]] => {
      const stack = new Stack({ sim, name, record });
      const ports = links.map(([prefix, last], i) => {
        const port = new Port(`eth${i}`, stack.tracer, stack.pool);
        stack.addPort(port, {
          mac: parseMac(`02:00:00:00:0${i}:${String(last).padStart(2, '0')}`) as MacAddress,
        });
        stack.addAddress(`eth${i}`, `${prefix}.${last}/24`);
        return port;
      });
      return [stack, ports];
    };
    const [client, [a]] = make('client', [['10.0.1', 1]]) as [Stack, [Port]];
    const [router, [b, c]] = make('router', [
      ['10.0.1', 9],
      ['10.0.2', 9],
    ]) as [Stack, [Port, Port]];
    const [server, [d]] = make('server', [['10.0.2', 2]]) as [Stack, [Port]];
    router.sysctl.set('net.ipv4.ip_forward', 1);
    new Cable(sim, a, b, OFFLOAD);
    new Cable(sim, c, d, OFFLOAD);
    client.addRoute({ destination: 'default', via: '10.0.1.9' });
    server.addRoute({ destination: 'default', via: '10.0.2.9' });
    router.setLinkMtu('eth1', 1400);
    const data = randomBytes(sim);
    expect(Buffer.compare(await drive(sim, transfer(client, server, '10.0.2.2', data)), data)).toBe(0);
    const forwarded = sentBy(record, 'router').filter(({ port }) => port === 'eth1');
    expect(largest(forwarded)).toBeGreaterThan(10_000);
    expect(router.tracer.drops.get('ip.fragmentation-needed')).toBeGreaterThan(0);
    const sizes = new Set(
      forwarded
        .filter(({ offload }) => offload !== undefined && offload.segments > 3)
        .map((frame) => {
          const whole = frame.length - 66;
          return Math.ceil(whole / (frame.offload?.segments ?? 1)) <= 1348;
        }),
    );
    expect(sizes).toEqual(new Set([true]));
  });
});

test('the capture says what a large frame stands for', async () => {
  const { sim, record, client, server } = twoStacks(1, OFFLOAD);
  await drive(sim, transfer(client, server, '10.0.0.2', randomBytes(sim)));
  expect(writePcapng(record).length).toBeGreaterThan(SIZE);
  const comments = capturedFrames(record).frames.map(({ comment }) => comment);
  expect(comments).toContainEqual(
    expect.stringMatching(
      /Stands for \d+ segments \(segmentation offload\); nobody computed their TCP checksums\.$/,
    ),
  );
  expect(comments).toContainEqual(
    expect.stringMatching(/Nobody computed its TCP checksum \(checksum offload\)\.$/),
  );
});
