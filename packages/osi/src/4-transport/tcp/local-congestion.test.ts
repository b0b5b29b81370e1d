import { expect, test } from 'vitest';
import { Pair, pour } from '../../../test/tcp-pair.ts';

test('a full queue of the own interface slows a connection down and loses nothing', () => {
  const pair = new Pair({ bandwidth: 10e6, delay: 5_000_000, queueLimit: 5 });
  const { client, server } = pair.established();
  pour(client, new Uint8Array(500_000));
  let count = 0;
  const into = new Uint8Array(100_000);
  for (let i = 0; i < 100; i++) {
    pair.wait(0.01);
    count += server.receive(into);
  }
  expect(count).toBe(500_000);
  expect(pair.a.tracer.drops.get('cable.queue-full')).toBeGreaterThan(0);
  expect(pair.a.tcp.counters.tcp.RetransSegs).toBe(0);
  expect(client.info().ssthresh).toBeLessThan(60 * 1448);
});
