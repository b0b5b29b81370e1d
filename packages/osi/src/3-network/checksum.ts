import type { Frame } from '../1-physical/index.ts';
import type { Ipv6Address } from './ipv6/address.ts';

/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words.
 *
 * Sums are kept as plain sums of 16- and 32-bit words and folded at the end: adding a 32-bit word is
 * adding its two halves, since 2^16 ≡ 1 in one's complement arithmetic (RFC 1071 section 2, C).
 */
/**
 * Adds the bytes `[start, end)` of `view` to a running sum and folds it to 16 bits.
 * A piece of odd length counts as padded with a zero byte, so only the last piece may be odd.
 */
export function sumBytes(view: DataView, start: number, end: number, sum = 0): number {
  let total = 0;
  let at = start;
  for (const stop = end - 31; at < stop; at += 32) {
    total +=
      view.getUint32(at) +
      view.getUint32(at + 4) +
      view.getUint32(at + 8) +
      view.getUint32(at + 12) +
      view.getUint32(at + 16) +
      view.getUint32(at + 20) +
      view.getUint32(at + 24) +
      view.getUint32(at + 28);
  }
  for (; at + 3 < end; at += 4) total += view.getUint32(at);
  if (at + 1 < end) {
    total += view.getUint16(at);
    at += 2;
  }
  if (at < end) total += view.getUint8(at) << 8;
  return fold(total + sum);
}

/** From this length on a call into WebAssembly costs less than summing in JavaScript. */
const WORTH_A_CALL = 96;

/** The same for a piece of a frame's slot: by SIMD in place where it is long enough and the platform can. */
export function sumFrame(frame: Frame, start: number, end: number, sum = 0): number {
  const { wordSum, view } = frame;
  if (wordSum === null || end - start < WORTH_A_CALL) return sumBytes(view, start, end, sum);
  return fold(wordSum(view.byteOffset + start, end - start) + sum);
}

/** The sum of a pseudo-header (RFC 9293 section 3.1, RFC 768, RFC 8200 section 8.1). `length`: of the segment, in bytes. */
export function pseudoHeaderSum(
  source: number | Ipv6Address,
  destination: number | Ipv6Address,
  protocol: number,
  length: number,
): number {
  const addresses =
    typeof source === 'number' && typeof destination === 'number'
      ? source + destination
      : addressSum(source) + addressSum(destination);
  return fold(addresses + protocol + length);
}

const addressSum = (address: number | Ipv6Address): number =>
  typeof address === 'number' ? address : address.sum;

/** The checksum field for a folded sum: its one's complement. */
export const checksumOf = (sum: number): number => ~sum & 0xffff;

/** Brings a sum below 2^53 to 16 bits by end-around carry. */
function fold(sum: number): number {
  const high = Math.floor(sum / 0x1_0000_0000);
  const low = sum >>> 0;
  let folded = (low >>> 16) + (low & 0xffff) + (high >>> 16) + (high & 0xffff);
  while (folded > 0xffff) folded = (folded >>> 16) + (folded & 0xffff);
  return folded;
}
