import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameCheckSequence } from './fcs.ts';

describe('the frame check sequence', () => {
  it('of "123456789" is 0xcbf43926, the check value of CRC-32', () => {
    expect(frameCheckSequence(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('of nothing is 0', () => {
    expect(frameCheckSequence(new Uint8Array())).toBe(0);
  });

  it('of a frame followed by its own FCS is the fixed remainder 0x2144df1c', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const whole = new Uint8Array(bytes.length + 4);
        whole.set(bytes);
        new DataView(whole.buffer).setUint32(bytes.length, frameCheckSequence(bytes), true);
        expect(frameCheckSequence(whole)).toBe(0x2144df1c);
      }),
    );
  });

  it('changes with any burst of inverted bits within a byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 60, maxLength: 1514 }),
        fc.nat(),
        fc.integer({ min: 1, max: 0xff }),
        (bytes, place, pattern) => {
          const before = frameCheckSequence(bytes);
          const at = place % bytes.length;
          bytes[at] = bytes[at]! ^ pattern;
          expect(frameCheckSequence(bytes)).not.toBe(before);
        },
      ),
    );
  });

  it('covers the given range only', () => {
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    expect(frameCheckSequence(bytes, 1, 4)).toBe(frameCheckSequence(Uint8Array.of(1, 2, 3)));
  });
});
