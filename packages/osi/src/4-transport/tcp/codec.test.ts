import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Ipv4Address } from '../../3-network/index.ts';
import { HEADER_LENGTH, readSegment, Segment, writeChecksum, writeHeader } from './codec.ts';
import {
  MSS_LENGTH,
  TIMESTAMPS_LENGTH,
  WINDOW_SCALE_LENGTH,
  writeMss,
  writeTimestamps,
  writeWindowScale,
} from './options.ts';

const pool = new FramePool();
const US = 0x0a00_0001 as Ipv4Address;
const THEM = 0x0a00_0002 as Ipv4Address;

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const segments = fc.record({
  sourcePort: uint16,
  destinationPort: uint16,
  seq: int32,
  ack: int32,
  flags: fc.integer({ min: 0, max: 0x3f }),
  window: uint16,
  mss: fc.option(fc.integer({ min: 1, max: 0xffff }), { nil: 0 }),
  stamps: fc.option(fc.tuple(int32, int32), { nil: null }),
  windowScale: fc.option(fc.integer({ min: 0, max: 14 }), { nil: -1 }),
  data: fc.uint8Array({ maxLength: 100 }),
});
type Fields = typeof segments extends fc.Arbitrary<infer T> ? T : never;

/** A frame with the segment written in front of its data, as `transmit` does. */
function written(fields: Fields) {
  const { mss, stamps, windowScale, data } = fields;
  const options =
    (mss > 0 ? MSS_LENGTH : 0) +
    (stamps ? TIMESTAMPS_LENGTH : 0) +
    (windowScale >= 0 ? WINDOW_SCALE_LENGTH : 0);
  const frame = pool.take(data.length);
  frame.bytes.set(data, HEADROOM);
  frame.end = HEADROOM + data.length;
  frame.start -= HEADER_LENGTH + options;
  const { view, start } = frame;
  const { sourcePort, destinationPort, seq, ack, flags, window } = fields;
  writeHeader(view, start, sourcePort, destinationPort, seq, ack, HEADER_LENGTH + options, flags, window);
  let at = start + HEADER_LENGTH;
  if (mss > 0) at = writeMss(view, at, mss);
  if (stamps) at = writeTimestamps(view, at, ...stamps);
  if (windowScale >= 0) at = writeWindowScale(view, at, windowScale);
  expect(at).toBe(HEADROOM);
  writeChecksum(frame, US, THEM);
  return frame;
}

describe('a segment', () => {
  test('is read as it was written, with any options and data', () => {
    fc.assert(
      fc.property(segments, (fields) => {
        const frame = written(fields);
        const segment = new Segment();
        expect(readSegment(frame, US, THEM, segment)).toBe(null);
        const { stamps, data, ...plain } = fields;
        expect(segment).toMatchObject({
          ...plain,
          source: US,
          destination: THEM,
          hasTimestamps: stamps !== null,
        });
        if (stamps) expect([segment.timestamp, segment.timestampEcho]).toEqual(stamps);
        expect(frame.bytes.slice(segment.dataStart, segment.dataEnd)).toEqual(data);
        frame.release();
      }),
    );
  });

  test('of which one byte is another, or that came to another address, is refused', () => {
    fc.assert(
      fc.property(segments, fc.nat(), fc.integer({ min: 1, max: 255 }), (fields, place, change) => {
        const frame = written(fields);
        expect(readSegment(frame, US, (THEM + 1) as Ipv4Address, new Segment())).toBe('tcp.checksum');
        const at = frame.start + (place % frame.length);
        frame.bytes[at] = frame.bytes[at]! ^ change;
        expect(readSegment(frame, US, THEM, new Segment())).toMatch(/^tcp\.(checksum|malformed)$/);
        frame.release();
      }),
    );
  });

  test('that ends too soon, anywhere in its header, is refused and not read beyond its end', () => {
    fc.assert(
      fc.property(segments, fc.nat(), (fields, cut) => {
        const frame = written(fields);
        frame.end = frame.start + (cut % (HEADROOM - frame.start));
        expect(readSegment(frame, US, THEM, new Segment())).toBe('tcp.malformed');
        frame.release();
      }),
    );
  });
});
