import { frameCheckSequence } from '../fcs.ts';
import { MIN_FRAME } from '../frame.ts';
import { FCS, PREAMBLE } from '../framing.ts';

/** Seven octets of alternating bits, then the one that ends with two ones (IEEE 802.3 section 3.2.1 and 3.2.2). */
const PREAMBLE_OCTET = 0x55;
const START_DELIMITER = 0xd5;

/** Why no frame could be read from a line. */
export type LineFault = 'code-violation' | 'no-start-delimiter' | 'cut-short' | 'frame-check-sequence';

/** A frame as octets on the wire: preamble, start delimiter, the frame padded to 60 bytes, FCS with its low octet first. */
export function wireOctets(frame: Uint8Array): Uint8Array {
  const length = Math.max(frame.length, MIN_FRAME);
  const octets = new Uint8Array(PREAMBLE + length + FCS);
  octets.fill(PREAMBLE_OCTET, 0, PREAMBLE - 1);
  octets[PREAMBLE - 1] = START_DELIMITER;
  octets.set(frame, PREAMBLE);
  const check = frameCheckSequence(octets, PREAMBLE, PREAMBLE + length);
  new DataView(octets.buffer).setUint32(PREAMBLE + length, check, true);
  return octets;
}

/** Octets as bits, 0 or 1, each octet with its least significant bit first (IEEE 802.3 section 3.3). */
export function bitsOf(octets: Uint8Array): Uint8Array {
  const bits = new Uint8Array(octets.length * 8);
  for (let i = 0; i < bits.length; i++) bits[i] = ((octets[i >> 3] as number) >> (i & 7)) & 1;
  return bits;
}

/**
 * The frame in a stream of bits, found behind the start delimiter, with its padding: without FCS.
 * @returns why there is none.
 */
export function frameOfBits(bits: Uint8Array): Uint8Array | LineFault {
  let at = 0;
  // A start delimiter is where the alternation ends: two ones in a row behind at least one octet of preamble.
  while (at < bits.length && !(at >= 8 && bits[at] === 1 && bits[at - 1] === 1)) at++;
  if (at >= bits.length) return 'no-start-delimiter';
  const octets = new Uint8Array((bits.length - at - 1) >> 3);
  for (let i = 0; i < octets.length * 8; i++) {
    octets[i >> 3] = (octets[i >> 3] as number) | ((bits[at + 1 + i] as number) << (i & 7));
  }
  const end = octets.length - FCS;
  if (end < MIN_FRAME) return 'cut-short';
  const check = new DataView(octets.buffer).getUint32(end, true);
  return check === frameCheckSequence(octets, 0, end) ? octets.slice(0, end) : 'frame-check-sequence';
}
