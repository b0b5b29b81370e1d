import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Frame, FramePool } from '../1-physical/index.ts';
import { checksumOf, pseudoHeaderSum, sumBytes, sumFrame } from './checksum.ts';
import { Ipv6Address, writeIpv6Address } from './ipv6/address.ts';

/** RFC 1071 section 4.1, word by word. */
function reference(bytes: Uint8Array, sum = 0): number {
  let total = sum;
  for (let i = 0; i < bytes.length; i += 2) {
    total += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
    while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  }
  return total;
}

function frameWith(pool: FramePool, bytes: Uint8Array): Frame {
  const frame = pool.take(bytes.length);
  frame.end = frame.start + bytes.length;
  frame.bytes.set(bytes, frame.start);
  return frame;
}

describe('the Internet checksum', () => {
  test('of the example in RFC 1071 section 3', () => {
    const view = new DataView(new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).buffer);
    expect(sumBytes(view, 0, 8)).toBe(0xddf2);
    expect(checksumOf(0xddf2)).toBe(0x220d);
  });

  test('of a pseudo-header is that of its twelve bytes', () => {
    const bytes = new Uint8Array([10, 0, 0, 1, 192, 168, 255, 254, 0, 6, 5, 0xdc]);
    expect(pseudoHeaderSum(0x0a000001, 0xc0a8fffe, 6, 0x5dc)).toBe(reference(bytes));
  });

  test('of a pseudo-header over IPv6 is that of its forty bytes (RFC 8200 section 8.1)', () => {
    const source = new Ipv6Address(0x20010db8, 0xffffffff | 0, 0x12345678, 1);
    const destination = new Ipv6Address(0xfe800000 | 0, 0, 0x00ff_fe00, -2);
    const view = new DataView(new ArrayBuffer(40));
    writeIpv6Address(view, 0, source);
    writeIpv6Address(view, 16, destination);
    view.setUint32(32, 0x1_2345);
    view.setUint32(36, 17);
    expect(pseudoHeaderSum(source, destination, 17, 0x1_2345)).toBe(reference(new Uint8Array(view.buffer)));
  });

  test('is the same word by word, in JavaScript and in WebAssembly, at any place and length', () => {
    const pool = new FramePool();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1600 }),
        fc.nat(9),
        fc.integer({ min: 0, max: 0xffff }),
        (bytes, from, sum) => {
          const frame = frameWith(pool, bytes);
          const start = Math.min(frame.start + from, frame.end);
          const expected = reference(bytes.subarray(start - frame.start), sum);
          expect(sumBytes(frame.view, start, frame.end, sum)).toBe(expected);
          expect(sumFrame(frame, start, frame.end, sum)).toBe(expected);
          frame.release();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('does not overflow on 64 KiB of ones', () => {
    const frame = frameWith(new FramePool(), new Uint8Array(65535).fill(0xff));
    const expected = reference(frame.data(), 0xffff);
    expect(sumBytes(frame.view, frame.start, frame.end, 0xffff)).toBe(expected);
    expect(sumFrame(frame, frame.start, frame.end, 0xffff)).toBe(expected);
  });

  test('is taken by WebAssembly where there is SIMD, as here', () => {
    expect(new FramePool().take(1500).wordSum).not.toBeNull();
  });

  test('is taken of the right frame when the arena has several chunks, in more than one memory', () => {
    const pool = new FramePool();
    const frames = Array.from({ length: 1500 }, (_, i) => {
      const frame = frameWith(pool, new Uint8Array(60_000).fill(i & 255));
      frame.end = frame.start + 200 + (i % 50);
      return frame;
    });
    for (const frame of frames) {
      expect(sumFrame(frame, frame.start, frame.end)).toBe(sumBytes(frame.view, frame.start, frame.end));
    }
    expect(new Set(frames.map((frame) => frame.view.buffer)).size).toBeGreaterThan(1);
  });
});
