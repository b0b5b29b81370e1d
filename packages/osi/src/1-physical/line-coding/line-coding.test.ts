import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsOf, wireOctets } from './bits.ts';
import { DATA_CODES } from './four-b-five-b.ts';
import { codingFor, drawLevels, MANCHESTER, MLT3, NRZ } from './index.ts';

const frame = fc.uint8Array({ minLength: 14, maxLength: 300 });
const SAMPLE = Uint8Array.from({ length: 60 }, (_, i) => i * 7);

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(Math.max(60, bytes.length));
  whole.set(bytes);
  return whole;
};

describe('what is on the wire', () => {
  it('begins with seven octets 0x55 and the start delimiter 0xd5, and ends with the FCS', () => {
    const octets = wireOctets(new Uint8Array(14));
    expect([...octets.subarray(0, 8)]).toEqual([0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5]);
    expect(octets.length).toBe(8 + 60 + 4);
    // CRC-32 of sixty zeros, as zlib computes it, its low octet first.
    expect([...octets.subarray(-4)]).toEqual([0x08, 0x89, 0x12, 0x04]);
  });

  it('sends each octet with its least significant bit first, so that the preamble alternates from 1', () => {
    expect([...bitsOf(Uint8Array.of(0x55, 0xd5))]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1]);
  });
});

describe.each([NRZ, MANCHESTER, MLT3])('$name', (coding) => {
  it('gives any frame back as it was, padded to the shortest length', () => {
    fc.assert(
      fc.property(frame, (bytes) => {
        expect(coding.decode(coding.encode(bytes).levels)).toEqual(padded(bytes));
      }),
    );
  });

  it('takes the time of preamble, frame, FCS and gap', () => {
    const { levels, levelsPerBit, parts } = coding.encode(SAMPLE);
    const delimiters = coding === MLT3 ? 8 : 0;
    expect(levels.length).toBe((8 * (8 + 60 + 4 + 12) + delimiters) * levelsPerBit);
    expect(parts[0]).toMatchObject({ name: 'preamble', start: 0 });
    for (const [i, part] of parts.slice(1).entries()) expect(part.start).toBe(parts[i]!.end);
    expect(parts.at(-1)).toMatchObject({ name: 'gap', end: levels.length });
    expect(parts.find(({ name }) => name === 'frame')).toMatchObject({
      start: 64 * levelsPerBit,
      end: (64 + 480) * levelsPerBit,
    });
  });

  it('never takes a damaged frame for a sound one', () => {
    const { levels, parts } = coding.encode(SAMPLE);
    const { start, end } = parts.find(({ name }) => name === 'frame')!;
    fc.assert(
      fc.property(fc.integer({ min: start, max: end - 1 }), (at) => {
        const changed = levels.slice();
        changed[at] = changed[at] === 1 ? -1 : 1;
        if (changed[at] === levels[at]) return;
        expect(typeof coding.decode(changed)).toBe('string');
      }),
    );
  });

  it('says why there is no frame', () => {
    const { levels, parts } = coding.encode(SAMPLE);
    expect(coding.decode(new Int8Array(0))).toBe('no-start-delimiter');
    expect(coding.decode(levels.slice(0, parts[2]!.start + 100))).toBe('cut-short');
  });
});

describe('Manchester coding', () => {
  it('has an edge in the middle of each bit: upwards for 1, downwards for 0', () => {
    const { levels } = MANCHESTER.encode(SAMPLE);
    expect(drawLevels(levels, 0, 8)).toBe('▁▔▔▁▁▔▔▁');
    expect(drawLevels(levels, 120, 128)).toBe('▁▔▔▁▁▔▁▔');
    expect(drawLevels(levels, levels.length - 4)).toBe('────');
  });

  it('finds a bit without an edge', () => {
    const { levels } = MANCHESTER.encode(SAMPLE);
    levels[201] = levels[200] as number;
    expect(MANCHESTER.decode(levels)).toBe('code-violation');
  });
});

describe('4B5B and MLT-3', () => {
  it('has codes that differ, with two ones at least and never more than three zeros in a row between them', () => {
    expect(new Set(DATA_CODES).size).toBe(16);
    for (const one of DATA_CODES) {
      for (const other of DATA_CODES) {
        const bits = (one.toString(2).padStart(5, '0') + other.toString(2).padStart(5, '0')) as string;
        expect(bits).not.toContain('0000');
      }
      expect(one.toString(2).replaceAll('0', '').length).toBeGreaterThanOrEqual(2);
    }
  });

  it('goes round through 0, high, 0, low with each 1, and stays for a 0', () => {
    // /J/K/ is 11000 10001.
    expect(drawLevels(MLT3.encode(SAMPLE).levels, 0, 10)).toBe('▔────▁▁▁▁─');
  });

  it('never jumps from high to low', () => {
    fc.assert(
      fc.property(frame, (bytes) => {
        const { levels } = MLT3.encode(bytes);
        for (let i = 1; i < levels.length; i++) {
          expect(Math.abs((levels[i] as number) - (levels[i - 1] as number))).toBeLessThan(2);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('the coding of a cable', () => {
  it('follows from its rate', () => {
    expect([1e6, 10e6, 100e6, 1e9, Number.POSITIVE_INFINITY].map((rate) => codingFor(rate).name)).toEqual([
      'Manchester',
      'Manchester',
      '4B5B, MLT-3',
      'NRZ',
      'NRZ',
    ]);
  });
});
