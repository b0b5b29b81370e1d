import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  hasMoreFragments,
  MORE_FRAGMENTS,
  readFragmentOffset,
  readHeaderLength,
  rewriteFragment,
} from './codec.ts';

/** Option types with this bit are in every fragment, others in the first only (RFC 791 section 3.1). */
const COPIED = 0x80;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;

/** Where the fragment behind the one from `from` begins, or -1 when that was the last. */
export function nextFragment(packet: Frame, from: number, mtu: number): number {
  const headerLength = readHeaderLength(packet.view, packet.start);
  const next = from + ((mtu - headerLength) & ~7);
  return next < packet.end - packet.start - headerLength ? next : -1;
}

/**
 * Copies one fragment out of a packet, its header at `packet.start`; the packet stays the caller's (RFC 791
 * section 3.2). It may be a fragment itself.
 * @param from where in the packet's payload to begin, a multiple of 8. @param mtu at least 68.
 */
export function cutFragment(pool: FramePool, packet: Frame, from: number, mtu: number): Frame {
  const { view, start } = packet;
  const headerLength = readHeaderLength(view, start);
  const left = packet.end - start - headerLength - from;
  const room = (mtu - headerLength) & ~7;
  const length = left > room ? room : left;
  const fragment = pool.take(headerLength + length);
  fragment.end = HEADROOM + headerLength + length;
  fragment.bytes.set(packet.bytes.subarray(start, start + headerLength), HEADROOM);
  const payload = start + headerLength + from;
  fragment.bytes.set(packet.bytes.subarray(payload, payload + length), HEADROOM + headerLength);
  if (from > 0 && headerLength > 20) dropOptions(fragment, headerLength);
  const more = length < left || hasMoreFragments(view, start) ? MORE_FRAGMENTS : 0;
  const offset = (readFragmentOffset(view, start) + from) >>> 3;
  rewriteFragment(fragment.view, HEADROOM, headerLength + length, more | offset);
  fragment.reason = packet.reason;
  fragment.origins = packet.origins;
  fragment.sent = packet.sent;
  return fragment;
}

/** Overwrites with no-operations the options that only the first fragment has: the header keeps its length, as in Linux. */
function dropOptions(fragment: Frame, headerLength: number): void {
  const { bytes, start } = fragment;
  const end = start + headerLength;
  for (let at = start + 20; at < end; ) {
    const type = bytes[at] as number;
    if (type === END_OF_OPTIONS) return;
    const length = type === NO_OPERATION ? 1 : (bytes[at + 1] as number);
    if (length < 1 || at + length > end) return;
    if ((type & COPIED) === 0) bytes.fill(NO_OPERATION, at, at + length);
    at += length;
  }
}
