import { describe, expect, test } from 'vitest';
import { Random } from '../time/index.ts';
import type { NewEvent, TraceEvent } from './events.ts';
import { TraceRecord } from './record.ts';

const sent = (length: number, cause = 0): NewEvent => ({
  kind: 'frame-sent',
  port: 'eth0',
  length,
  reason: 'test',
  origins: [],
  cause,
});

/** Adds an event of one kind or another, as chance has it. @returns what it is to be read as, and its frame's bytes. */
function addOne(record: TraceRecord, random: Random): { event: TraceEvent; bytes: Uint8Array | null } {
  const id = record.size + 1;
  const time = id * 10 + random.below(10);
  const node = `node${random.below(3)}`;
  const cause = random.below(id);
  const port = `eth${random.below(2)}`;
  const length = random.below(3) === 0 ? 1514 : random.below(2000);
  if (random.below(3) === 0) {
    expect(record.received(time, node, port, cause, length)).toBe(id);
    return {
      event: { id, time, node, cause, kind: 'frame-received', port, sent: cause, length },
      bytes: null,
    };
  }
  // Of some frames not all bytes are there.
  const bytes = new Uint8Array(random.below(8) === 0 ? length >> 1 : length).fill(id);
  const reason = random.below(2) === 0 ? 'tcp.data' : 'tcp.ack-second-segment';
  const origins = ORIGINS[random.below(ORIGINS.length)] as readonly number[];
  const offload = random.below(8) === 0 && { offload: { segments: 2 + random.below(40) } };
  const event = { kind: 'frame-sent' as const, port, length, reason, origins, ...offload, cause };
  expect(record.add(time, node, event, bytes)).toBe(id);
  return { event: { id, time, node, ...event }, bytes };
}

const ORIGINS = [[], [], [1], [1, 2]] as const;

describe('the record', () => {
  test('gives back whatever was written, wherever reading stands, also in memory that a closed one had', () => {
    const random = new Random(1, 'events');
    for (let round = 0; round < 2; round++) {
      const record = new TraceRecord();
      const written: ReturnType<typeof addOne>[] = [];
      const total = 90_000 + random.below(1000);
      for (let i = 0; i < total; i++) {
        written.push(addOne(record, random));
        if (random.below(5000) === 0) record.get(1 + random.below(i + 1));
      }
      if (round === 0) record.close();
      for (const { event, bytes } of written.slice(0, record.size)) {
        expect(record.get(event.id)).toEqual(event);
        if (bytes !== null) expect(Buffer.compare(record.bytes(event.id), bytes)).toBe(0);
      }
      record.close();
    }
  });

  test('numbers events from 1 in the order in which they happened', () => {
    const record = new TraceRecord();
    expect(record.size).toBe(0);
    expect(record.add(5, 'a', sent(1))).toBe(1);
    expect(record.add(9, 'b', sent(2, 1))).toBe(2);
    expect(record.size).toBe(2);
    expect(record.get(2)).toMatchObject({ id: 2, time: 9, node: 'b', cause: 1, length: 2 });
    expect(record.get(0)).toBeUndefined();
    expect(record.get(3)).toBeUndefined();
    expect(record.events.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('keeps a copy of a frame’s bytes', () => {
    const record = new TraceRecord();
    const bytes = Uint8Array.of(1, 2, 3);
    const id = record.add(0, 'a', sent(3), bytes);
    bytes.fill(0);
    expect([...record.bytes(id)]).toEqual([1, 2, 3]);
  });

  test('when it is closed keeps what was asked for, forgets the rest, and takes nothing more', () => {
    const record = new TraceRecord();
    const first = record.add(0, 'a', sent(3), Uint8Array.of(1, 2, 3));
    record.get(first);
    const second = record.add(1, 'a', sent(1), Uint8Array.of(4));
    record.close();
    expect(record.events.map(({ id }) => id)).toEqual([first]);
    expect(record.bytes(first)).toEqual(Uint8Array.of(1, 2, 3));
    expect(() => record.bytes(second)).toThrow(RangeError);
    expect(() => record.add(2, 'a', sent(1), Uint8Array.of(5))).toThrow('the record is closed');
  });

  test('keeps frames of any size, also when many megabytes come together', () => {
    const record = new TraceRecord();
    const sizes = [10, 65_550, 1_500, 3 << 20, 60];
    const ids: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (const size of sizes)
        ids.push(record.add(0, 'a', sent(size), new Uint8Array(size).fill(ids.length)));
    }
    ids.forEach((id, i) => {
      const bytes = record.bytes(id);
      expect(bytes.length).toBe(sizes[i % sizes.length]);
      expect(bytes[0]).toBe(i);
      expect(bytes.at(-1)).toBe(i);
    });
  });

  test('refuses bytes of what is no sent frame', () => {
    const record = new TraceRecord();
    record.add(0, 'a', { kind: 'frame-dropped', port: '', sent: 0, reason: 'x', cause: 0 });
    expect(() => record.bytes(1)).toThrow(RangeError);
    expect(() => record.bytes(99)).toThrow(/99/);
  });

  test('tells subscribers of each event until they leave', () => {
    const record = new TraceRecord();
    const seen: TraceEvent[] = [];
    record.add(0, 'a', sent(1));
    const leave = record.subscribe((event) => seen.push(event));
    record.add(1, 'a', sent(2));
    leave();
    record.add(2, 'a', sent(3));
    expect(seen.map(({ id }) => id)).toEqual([2]);
  });
});
