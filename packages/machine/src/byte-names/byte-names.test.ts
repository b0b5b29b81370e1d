import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfText, textOfBytes } from './index.ts';

describe('names of files as text', () => {
  it.each([
    ['of UTF-8', [0xea, 0xb0, 0x80, 0x61], '가a'],
    ['with a byte that is none', [0x61, 0xff, 0xea, 0xb0, 0x80], 'a\udcff가'],
    ['cut in the middle of a character', [0xea, 0xb0], '\udcea\udcb0'],
    ['that is longer than need be', [0xc0, 0x80], '\udcc0\udc80'],
    ['with half of a pair', [0xed, 0xb3, 0xbf], '\udced\udcb3\udcbf'],
    ['with a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    ['with the character that stands for what is wrong', [0xef, 0xbf, 0xbd], '\ufffd'],
  ])('one %s', (_title, bytes, text) => {
    expect(textOfBytes(Uint8Array.from(bytes))).toBe(text);
    expect([...bytesOfText(text)]).toEqual(bytes);
  });

  it('any bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(bytesOfText(textOfBytes(bytes))).toEqual(bytes);
      }),
    );
  });
});
