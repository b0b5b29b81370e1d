import { describe, expect, test } from 'vitest';
import { loadLab } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

const LAB = (queue: string) => `name: queue
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [ping -c 3 10.0.0.2]}
    b: {kind: host, addresses: {eth0: 10.0.0.2/24}}
  links:
    - {endpoints: ["a:eth0", "b:eth0"], queue: ${queue}}
`;

/** The round-trip times that ping prints, in milliseconds. */
async function pings(queue: string): Promise<number[]> {
  const { lab } = loadLab(new Map([['lab.yaml', bytes(LAB(queue))]]), { seed: 3 });
  await lab.run();
  lab.close();
  const output = lab.record.events.map((event) => (event.kind === 'terminal' ? event.text : '')).join('');
  return [...output.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
}

describe('the queue of a link in a lab file', () => {
  test('may hold each frame back as a network would', async () => {
    const times = await pings('{kind: netem, delay: 20ms}');
    // The first one waits for ARP, there and back.
    expect(times.map(Math.floor)).toEqual([80, 40, 40]);
  });

  test('may hold to a rate', async () => {
    const times = await pings('{kind: tbf, rate: 8 kbit, burst: 110}');
    expect(times).toHaveLength(3);
    expect(times[0]).toBeGreaterThan(40);
  });

  test('may be fair and short', async () => {
    expect(await pings('{kind: fq_codel, target: 2ms, ecn: false}')).toHaveLength(3);
  });

  test('may be a number of frames, as ever', async () => {
    expect(await pings('10')).toHaveLength(3);
  });
});
