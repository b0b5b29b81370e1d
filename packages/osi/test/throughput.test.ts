import { expect, test } from 'vitest';
import type { CableOptions } from '../src/1-physical/index.ts';
import { seconds } from '../src/time/index.ts';
import { accept, Pair } from './tcp-pair.ts';

/** What one connection that always has something to send delivers over such a cable, after `warm` seconds, in bit/s. */
function goodput(cable: CableOptions, warm: number, duration: number): number {
  const pair = new Pair({ record: false, ...cable });
  const bytes = new Uint8Array(65_536);
  const scratch = new Uint8Array(1 << 20);
  let received = 0;
  const listener = pair.listen(80);
  listener.app.onReadable = () => {
    const server = accept(listener);
    const read = (): void => {
      for (let n = server.receive(scratch); n > 0; n = server.receive(scratch)) received += n;
    };
    server.app.onReadable = read;
    read();
  };
  const client = pair.connect(80);
  const write = (): void => {
    while (client.send(bytes, 0) > 0);
  };
  client.app.onConnected = write;
  client.app.onWritable = write;
  pair.sim.run(seconds(warm));
  const before = received;
  pair.sim.run(seconds(warm + duration));
  return ((received - before) * 8) / duration;
}

/** Of 1538 bytes a full frame takes on the cable (preamble, FCS and gap included), 1448 are the program's. */
const EFFICIENCY = 1448 / 1538;

test('one connection fills a cable: nothing is lost to windows or timers', () => {
  expect(goodput({ bandwidth: 100e6, delay: 1e6, queueLimit: 1000 }, 1, 5) / 100e6).toBeCloseTo(
    EFFICIENCY,
    2,
  );
  expect(goodput({ bandwidth: 1e9, delay: 5e6, queueLimit: 10_000 }, 2, 1) / 1e9).toBeCloseTo(EFFICIENCY, 2);
});

test('with a queue of a few dozen frames congestion control keeps nine tenths of it', () => {
  expect(goodput({ bandwidth: 100e6, delay: 2e6, queueLimit: 50 }, 5, 20)).toBeGreaterThan(
    0.9 * 100e6 * EFFICIENCY,
  );
});

test('random loss p bounds it at about MSS / RTT × √(3/2p) (Mathis et al. 1997)', () => {
  const p = 0.001;
  const bound = ((1448 * 8) / 0.02) * Math.sqrt(3 / 2 / p);
  const measured = goodput(
    { bandwidth: 1e9, delay: 10e6, queueLimit: 10_000, aToB: { impairments: { loss: p } } },
    10,
    120,
  );
  expect(measured / bound).toBeGreaterThan(0.7);
  expect(measured / bound).toBeLessThan(1.3);
});
