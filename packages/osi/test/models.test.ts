import { describe, expect, test } from 'vitest';
import type { CableOptions } from '../src/1-physical/index.ts';
import { seconds } from '../src/time/index.ts';
import { accept, Pair } from './tcp-pair.ts';

/** Payload of a full segment with timestamps, in bytes. */
const SEGMENT = 1448;

/** What each of several connections over one cable delivers, in bit/s, between two times in seconds. */
function goodputs(
  congestion: string,
  cable: CableOptions,
  flows: number,
  from: number,
  to: number,
): number[] {
  const pair = new Pair({ record: false, ...cable });
  const bytes = new Uint8Array(65_536);
  const scratch = new Uint8Array(1 << 20);
  const received: number[] = [];
  for (let i = 0; i < flows; i++) {
    received.push(0);
    const listener = pair.listen(80 + i);
    listener.app.onReadable = () => {
      const server = accept(listener);
      const read = (): void => {
        for (let n = server.receive(scratch); n > 0; n = server.receive(scratch)) received[i]! += n;
      };
      server.app.onReadable = read;
      read();
    };
    const client = pair.connect(80 + i, { congestion });
    const write = (): void => {
      while (client.send(bytes, 0) > 0);
    };
    client.app.onConnected = write;
    client.app.onWritable = write;
  }
  pair.sim.run(seconds(from));
  const before = [...received];
  pair.sim.run(seconds(to));
  return received.map((total, i) => ((total - before[i]!) * 8) / (to - from));
}

/** Jain's fairness index: 1 when all get the same, 1/n when one gets everything. */
const fairness = (shares: readonly number[]): number =>
  shares.reduce((sum, x) => sum + x, 0) ** 2 / (shares.length * shares.reduce((sum, x) => sum + x * x, 0));

/** Random loss, round trip of the path of 100 Mbit/s. */
const LOSS = 0.001;
const ROUND_TRIP = 0.02;
const PATH: CableOptions = {
  bandwidth: 100e6,
  delay: (ROUND_TRIP / 2) * 1e9,
  queueLimit: 1000,
  aToB: { impairments: { loss: LOSS } },
};

const inBits = (segments: number): number => (segments * SEGMENT * 8) / ROUND_TRIP;

/** Mathis et al. 1997, with an acknowledgment for every segment's growth (RFC 3465): the mean window of Reno, in segments. */
const RENO = Math.sqrt(3 / (2 * LOSS));
/** RFC 9438 section 5.1 (figure 5): the mean window of CUBIC with β 0.7 and C 0.4; never below Reno's (section 4.3). */
const CUBIC = Math.max(RENO, ((0.4 * 3.7) / 1.2) ** 0.25 * (ROUND_TRIP / LOSS) ** 0.75);

describe('a lossy path of 100 Mbit/s and 20 ms', () => {
  test.each([
    ['reno', RENO],
    ['cubic', CUBIC],
  ])('%s reaches what its RFC’s model gives, within 15 %%', (congestion, window) => {
    const [rate = 0] = goodputs(congestion, PATH, 1, 10, 130);
    expect(rate / inBits(window)).toBeGreaterThan(0.85);
    expect(rate / inBits(window)).toBeLessThan(1.15);
  });
});

describe('a bottleneck of 100 Mbit/s and 20 ms', () => {
  test.each(['reno', 'cubic'])('two flows of %s share it fairly and fill it', (congestion) => {
    const shares = goodputs(congestion, { bandwidth: 100e6, delay: 10e6, queueLimit: 170 }, 2, 20, 80);
    expect(fairness(shares)).toBeGreaterThanOrEqual(0.95);
    expect(shares[0]! + shares[1]!).toBeGreaterThan((0.9 * 100e6 * SEGMENT) / 1538);
  });
});
