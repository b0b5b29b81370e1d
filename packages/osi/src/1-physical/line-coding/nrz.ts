import { bitsOf, frameOfBits, type LineFault, wireOctets } from './bits.ts';
import { GAP_BITS, partsOf, type Waveform } from './waveform.ts';

/**
 * Non-return to zero: high for the time of a 1, low for that of a 0. The simplest of all; a long run of equal bits
 * has no edges by which a receiver could keep its clock, so no Ethernet uses it as it is.
 *
 * @param frame destination MAC first, without FCS; padded to 60 bytes. @returns one level per bit; none in the gap.
 */
export function encodeNrz(frame: Uint8Array): Waveform {
  const octets = wireOctets(frame);
  const bits = bitsOf(octets);
  const levels = new Int8Array(bits.length + GAP_BITS);
  bits.forEach((bit, i) => {
    levels[i] = bit === 1 ? 1 : -1;
  });
  return { levels, levelsPerBit: 1, parts: partsOf(octets, 1, levels.length) };
}

/** The frame in a waveform, from its first level to the gap. @returns why there is none. */
export function decodeNrz(levels: Int8Array): Uint8Array | LineFault {
  const end = levels.indexOf(0);
  const used = end < 0 ? levels : levels.subarray(0, end);
  return frameOfBits(Uint8Array.from(used, (level) => (level > 0 ? 1 : 0)));
}
