import type { FrameSent } from '@netarium/osi/trace';
import { expect, test } from 'vitest';
import { Ladder, loadLab, whyText } from './index.ts';

const LAB = (property: string) => `name: pair
topology:
  nodes:
    client: {kind: host, addresses: {eth0: 10.0.0.1/24}}
    server: {kind: host, addresses: {eth0: 10.0.0.2/24}}
  links:
    - {endpoints: ["client:eth0", "server:eth0"], delay: 5us${property}}
`;

async function transfer(property: string) {
  const { lab } = loadLab(new Map([['lab.yaml', new TextEncoder().encode(LAB(property))]]));
  const [client, server] = ['client', 'server'].map((name) => {
    const node = lab.node(name);
    if (!('stack' in node)) throw new Error(`${name} is no machine`);
    return node.stack;
  });
  if (client === undefined || server === undefined) throw new Error('no machines');
  const listener = server.listen({ port: 9000 });
  const work = async () => {
    const socket = await client.connect({ address: '10.0.0.2', port: 9000 });
    const accepted = await listener.accept();
    const all = accepted.readAll();
    await socket.write(new Uint8Array(200_000).fill(1));
    socket.end();
    return (await all).length;
  };
  expect(await lab.finish(work())).toBe(200_000);
  lab.close();
  const frames = lab.record.events.filter((event): event is FrameSent => event.kind === 'frame-sent');
  return { lab, frames, largest: Math.max(...frames.map(({ length }) => length)) };
}

test('a lab asks for offload cable by cable, and the words about a frame say what it stands for', async () => {
  const { lab, frames } = await transfer(', offload: true');
  const frame = frames.find(({ offload }) => (offload?.segments ?? 0) > 20) as FrameSent;
  expect(frame.length).toBeGreaterThan(20 * 1448);
  const { journeys } = new Ladder(lab.record);
  expect(whyText(lab.record, journeys, frame, 'en')).toMatch(
    /\(\d+ segments in one frame, by segmentation offload\)/,
  );
  expect(whyText(lab.record, journeys, frame, 'ko')).toMatch(/\(\d+개 세그먼트를 한 프레임에/);
});

test.each(['', ', offload: false', ', offload: true, bandwidth: 1 Gbit'])(
  'frames are those of a real cable with "%s"',
  async (property) => {
    const { frames, largest } = await transfer(property);
    expect(largest).toBe(1514);
    expect(frames.some(({ offload }) => offload !== undefined)).toBe(false);
  },
);
