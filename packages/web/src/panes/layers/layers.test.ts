import { describe, expect, it } from 'vitest';
import { charactersOf } from './layers.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('characters of UTF-8', () => {
  it('a Hangul syllable is three bytes, a letter one, an emoji four', () => {
    expect(charactersOf(bytes('가a🙂')).map(({ text, bytes: part, at }) => [text, part.length, at])).toEqual([
      ['가', 3, 0],
      ['a', 1, 3],
      ['🙂', 4, 4],
    ]);
  });

  it('a syllable cut by the end of the segment is no character, byte by byte', () => {
    const cut = charactersOf(bytes('가나').subarray(0, 5));
    expect(cut.map(({ valid }) => valid)).toEqual([true, false, false]);
    expect(cut.reduce((sum, { bytes: part }) => sum + part.length, 0)).toBe(5);
  });

  it('bytes that are no UTF-8 are all kept', () => {
    const noise = Uint8Array.from([0xff, 0xc0, 0x80, 0x41]);
    expect(charactersOf(noise).map(({ text }) => text)).toEqual(['', '', '', 'A']);
  });
});
