import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { IPV6_HEADER, readNextHeader, writeNextHeader, writePayloadLength } from './codec.ts';
import { FRAGMENT, FRAGMENT_HEADER, writeFragmentHeader } from './extensions.ts';

/** What of a packet's payload one fragment carries, in bytes: a multiple of 8. */
const roomOf = (mtu: number): number => (mtu - IPV6_HEADER - FRAGMENT_HEADER) & ~7;

/** Where the fragment behind the one from `from` begins, or -1 when that was the last. */
export function nextFragment6(packet: Frame, from: number, mtu: number): number {
  const next = from + roomOf(mtu);
  return next < packet.length - IPV6_HEADER ? next : -1;
}

/**
 * Copies one fragment out of a packet of ours that has no extension headers, `packet.start` at its header; the packet
 * stays the caller's (RFC 8200 section 4.5). @param from where in the packet's payload to begin, a multiple of 8.
 */
export function cutFragment6(
  pool: FramePool,
  packet: Frame,
  from: number,
  mtu: number,
  identification: number,
): Frame {
  const { start } = packet;
  const left = packet.length - IPV6_HEADER - from;
  const length = Math.min(left, roomOf(mtu));
  const fragment = pool.take(IPV6_HEADER + FRAGMENT_HEADER + length);
  const { view, bytes } = fragment;
  const at = HEADROOM + IPV6_HEADER;
  fragment.end = at + FRAGMENT_HEADER + length;
  bytes.set(packet.bytes.subarray(start, start + IPV6_HEADER), HEADROOM);
  const payload = start + IPV6_HEADER + from;
  bytes.set(packet.bytes.subarray(payload, payload + length), at + FRAGMENT_HEADER);
  writeFragmentHeader(view, at, readNextHeader(packet.view, start), from, length < left, identification);
  writeNextHeader(view, HEADROOM, FRAGMENT);
  writePayloadLength(view, HEADROOM, FRAGMENT_HEADER + length);
  fragment.reason = packet.reason;
  fragment.origins = packet.origins;
  fragment.sent = packet.sent;
  return fragment;
}
