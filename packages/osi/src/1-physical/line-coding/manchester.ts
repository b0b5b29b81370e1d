import { bitsOf, frameOfBits, type LineFault, wireOctets } from './bits.ts';
import { GAP_BITS, partsOf, type Waveform } from './waveform.ts';

/**
 * Manchester coding of 10BASE-T (IEEE 802.3 section 7.3.1.1): in the middle of each bit there is an edge, upwards for a 1
 * and downwards for a 0. So the clock travels with the data, at the price of twice the bandwidth.
 *
 * @param frame destination MAC first, without FCS; padded to 60 bytes. @returns two levels per bit; none in the gap.
 */
export function encodeManchester(frame: Uint8Array): Waveform {
  const octets = wireOctets(frame);
  const bits = bitsOf(octets);
  const levels = new Int8Array((bits.length + GAP_BITS) * 2);
  bits.forEach((bit, i) => {
    levels[2 * i] = bit === 1 ? -1 : 1;
    levels[2 * i + 1] = bit === 1 ? 1 : -1;
  });
  return { levels, levelsPerBit: 2, parts: partsOf(octets, 2, levels.length) };
}

/** The frame in a waveform, from its first level to the gap. @returns why there is none: a bit without an edge, … */
export function decodeManchester(levels: Int8Array): Uint8Array | LineFault {
  const bits: number[] = [];
  for (let at = 0; at + 1 < levels.length && levels[at] !== 0; at += 2) {
    const [first, second] = [levels[at] as number, levels[at + 1] as number];
    if (second !== -first) return 'code-violation';
    bits.push(second > 0 ? 1 : 0);
  }
  return frameOfBits(Uint8Array.from(bits));
}
