import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkIcmp,
  ICMP_HEADER,
  readCode,
  readIdentifier,
  readInfo,
  readSequence,
  readType,
  writeIcmp,
  writeIcmpChecksum,
  writeIdentifier,
} from './codec.ts';

const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const data = fc.uint8Array({ maxLength: 60 });
const START = 3;

function written(type: number, code: number, info: number, rest: Uint8Array) {
  const bytes = new Uint8Array(START + ICMP_HEADER + rest.length);
  const view = new DataView(bytes.buffer);
  bytes.set(rest, START + ICMP_HEADER);
  writeIcmp(view, START, type, code, info);
  writeIcmpChecksum(view, START, bytes.length);
  return { bytes, view };
}

describe('an ICMP message', () => {
  it('is read as it was written, at any place and with any data', () => {
    fc.assert(
      fc.property(byte, byte, word, data, (type, code, info, rest) => {
        const { bytes, view } = written(type, code, info, rest);
        expect(checkIcmp(view, START, bytes.length)).toBe(null);
        expect([readType(view, START), readCode(view, START), readInfo(view, START)]).toEqual([
          type,
          code,
          info,
        ]);
        expect([readIdentifier(view, START), readSequence(view, START)]).toEqual([
          info >>> 16,
          info & 0xffff,
        ]);
        expect(bytes.slice(START + ICMP_HEADER)).toEqual(rest);
      }),
    );
  });

  it('may be given another identifier: nothing else of it changes but the checksum', () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 0xffff }), data, (info, identifier, rest) => {
        const { bytes, view } = written(8, 0, info, rest);
        writeIdentifier(view, START, identifier);
        writeIcmpChecksum(view, START, bytes.length);
        expect(bytes).toEqual(written(8, 0, ((identifier << 16) | (info & 0xffff)) >>> 0, rest).bytes);
      }),
    );
  });

  it('of which one byte is another is refused, and so is one that is too short', () => {
    fc.assert(
      fc.property(
        byte,
        word,
        data,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (type, info, rest, place, change) => {
          const { bytes, view } = written(type, 0, info, rest);
          const at = START + (place % (bytes.length - START));
          bytes[at] = bytes[at]! ^ change;
          expect(checkIcmp(view, START, bytes.length)).toBe('icmp.checksum');
          expect(checkIcmp(view, START, START + (place % ICMP_HEADER))).toBe('icmp.truncated');
        },
      ),
    );
  });
});
