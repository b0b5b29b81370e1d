import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramePool } from '../src/1-physical/index.ts';
import { Random } from '../src/time/index.ts';
import { ERRNO, type TraceRecord } from '../src/trace/index.ts';
import { AuditedPool } from './network-world.ts';
import { accept, converse, Pair } from './tcp-pair.ts';

interface Wire {
  loss: number;
  duplicate: number;
  corrupt: number;
  reorder: number;
  jitter: number;
}

interface Exchange {
  pair: Pair;
  states: (string | undefined)[];
  errors: number[];
  upIntact: boolean;
  downIntact: boolean;
}

function payload(seed: number, size: number): Uint8Array {
  const random = new Random(seed, 'payload');
  const words = new Int32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  return new Uint8Array(words.buffer, 0, size);
}

/** Sends `up` bytes one way and `down` the other over a wire like that, closes, and lets everything end. */
function exchange(
  seed: number,
  wire: Wire,
  up: number,
  down: number,
  record: boolean,
  pool = new FramePool(),
  bandwidth = 1_000_000_000,
): Exchange {
  const pair = new Pair({ seed, record, pool, delay: 100_000, bandwidth });
  // A program that has closed does not wait for its last acknowledgment as long as one that has not, unless told to.
  for (const host of [pair.a, pair.b]) host.network.sysctl.set('net.ipv4.tcp_orphan_retries', 15);
  // The machines know each other's MAC before the weather turns.
  const { tracer } = pair.a;
  const call = { kind: 'system-call', pid: 1, tid: 1, program: 'test', name: 'connect', args: '' } as const;
  tracer.within(tracer.write(call), () => pair.connect(9));
  pair.sim.run();
  pair.cable.set({ impairments: wire });
  const sent = [payload(seed, up), payload(seed + 1, down)] as const;
  const got = [new Uint8Array(up), new Uint8Array(down)] as const;
  let server: ReturnType<typeof accept> | undefined;
  let serverDone = { sent: 0, received: 0 };
  const listener = pair.listen(80);
  listener.app.onReadable = () => {
    server = accept(listener);
    serverDone = converse(server, sent[1], got[0]);
  };
  const client = tracer.within(tracer.write(call), () => pair.connect(80));
  const clientDone = converse(client, sent[0], got[1]);
  pair.sim.run();
  return {
    pair,
    states: [client.state, server?.state],
    errors: [client.app.errno, server?.app.errno ?? -1],
    upIntact: serverDone.received === up && Buffer.compare(sent[0], got[0]) === 0,
    downIntact: clientDone.received === down && Buffer.compare(sent[1], got[1]) === 0,
  };
}

const ADVERSE: Wire = { loss: 0.05, duplicate: 0.01, corrupt: 0.01, reorder: 0.02, jitter: 50_000 };

describe('5 % loss, 1 % duplication, 1 % corruption, reordering', () => {
  test('10 MB each way arrive intact at 100 seeds, and every connection closes', { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { states, errors, upIntact, downIntact } = exchange(seed, ADVERSE, 10_000_000, 10_000_000, false);
      expect({ seed, states, errors, upIntact, downIntact }).toEqual({
        seed,
        states: ['CLOSED', 'CLOSED'],
        errors: [0, 0],
        upIntact: true,
        downIntact: true,
      });
    }
  });

  test('the same seed gives the same trace, byte for byte; another seed another', () => {
    const trace = (seed: number) => digest(exchange(seed, ADVERSE, 200_000, 200_000, true).pair.record!);
    const one = trace(5);
    expect(trace(5)).toEqual(one);
    expect(trace(6)).not.toEqual(one);
  });

  test('every frame of it has a reason, and every cause is an earlier event', () => {
    const record = exchange(9, ADVERSE, 100_000, 100_000, true).pair.record!;
    for (const event of record.events) {
      expect(event.cause).toBeLessThan(event.id);
      if (event.kind === 'frame-sent') expect(event.reason).toMatch(/^(tcp|arp)\./);
      if (event.kind === 'frame-sent') expect(event.cause, event.reason).toBeGreaterThan(0);
    }
  });
});

/** All events and all bytes of a record, as one text. */
function digest(record: TraceRecord): string {
  return record.events
    .map(
      (e) =>
        JSON.stringify(e) + (e.kind === 'frame-sent' ? Buffer.from(record.bytes(e)).toString('base64') : ''),
    )
    .join('\n');
}

const chance = (max: number) => fc.integer({ min: 0, max: 100 }).map((n) => (n / 100) * max);

test('over any wire that lets something through, every byte arrives in both directions and both sides end', {
  timeout: 300_000,
}, () => {
  const wires = fc.record({
    loss: chance(0.25),
    duplicate: chance(0.3),
    corrupt: chance(0.1),
    reorder: chance(0.5),
    jitter: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000_000 })),
  });
  const size = fc.integer({ min: 0, max: 60_000 });
  // Without a bandwidth bursts arrive in one instant, and are taken as one.
  const bandwidths = fc.constantFrom(1e9, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(
      wires,
      bandwidths,
      size,
      size,
      fc.integer({ min: 0, max: 1e6 }),
      (wire, bandwidth, up, down, seed) => {
        const pool = new AuditedPool();
        const { states, errors, upIntact, downIntact } = exchange(
          seed,
          wire,
          up,
          down,
          false,
          pool,
          bandwidth,
        );
        expect(states).toEqual(['CLOSED', 'CLOSED']);
        expect({ upIntact, downIntact }).toEqual({ upIntact: true, downIntact: true });
        // The last acknowledgment may be lost so often that the peer has left TIME_WAIT meanwhile: its answer is RST.
        for (const errno of errors) expect([0, ERRNO.ECONNRESET]).toContain(errno);
        expect(pool.out.size, 'frames that nobody gave back').toBe(0);
      },
    ),
    { numRuns: 300, seed: 9293 },
  );
});
