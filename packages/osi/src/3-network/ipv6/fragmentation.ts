import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { IPV6_HEADER, IPV6_NEXT_HEADER, writePayloadLength } from './codec.ts';
import {
  DESTINATION_OPTIONS,
  FRAGMENT,
  FRAGMENT_HEADER,
  HOP_BY_HOP,
  ROUTING,
  readExtensionLength,
  writeFragmentHeader,
} from './extensions.ts';

/** What each fragment of a packet begins with: its length, and where in it the number of what follows stands. */
export interface FragmentHead {
  readonly length: number;
  readonly fieldAt: number;
}

/**
 * The headers that are for machines on the way, of a packet of ours at `at` (RFC 8200 section 4.5). As on Linux
 * destination options are among them, unless they follow a routing header (`ip6_find_1stfragopt`).
 */
export function fragmentHead(view: DataView, at: number): FragmentHead {
  let fieldAt = IPV6_NEXT_HEADER;
  let length = IPV6_HEADER;
  for (let routed = false; ; ) {
    const protocol = view.getUint8(at + fieldAt);
    if (protocol === ROUTING) routed = true;
    else if (protocol !== HOP_BY_HOP && (protocol !== DESTINATION_OPTIONS || routed)) break;
    fieldAt = length;
    length += readExtensionLength(view, at + length);
  }
  return { length, fieldAt };
}

/** What of a packet's payload one fragment carries, in bytes: a multiple of 8. */
const roomOf = (mtu: number, { length }: FragmentHead): number => (mtu - length - FRAGMENT_HEADER) & ~7;

/** Where the fragment behind the one from `from` begins, or -1 when that was the last. */
export function nextFragment6(packet: Frame, from: number, mtu: number, head: FragmentHead): number {
  const next = from + roomOf(mtu, head);
  return next < packet.length - head.length ? next : -1;
}

/**
 * Copies one fragment out of a packet of ours, `packet.start` at its header; the packet stays the caller's (RFC 8200
 * section 4.5). @param from where behind the packet's head to begin, a multiple of 8.
 */
export function cutFragment6(
  pool: FramePool,
  packet: Frame,
  from: number,
  mtu: number,
  head: FragmentHead,
  identification: number,
): Frame {
  const { start } = packet;
  const left = packet.length - head.length - from;
  const length = Math.min(left, roomOf(mtu, head));
  const fragment = pool.take(head.length + FRAGMENT_HEADER + length);
  const { view, bytes } = fragment;
  const at = HEADROOM + head.length;
  fragment.end = at + FRAGMENT_HEADER + length;
  bytes.set(packet.bytes.subarray(start, start + head.length), HEADROOM);
  const payload = start + head.length + from;
  bytes.set(packet.bytes.subarray(payload, payload + length), at + FRAGMENT_HEADER);
  writeFragmentHeader(
    view,
    at,
    packet.view.getUint8(start + head.fieldAt),
    from,
    length < left,
    identification,
  );
  view.setUint8(HEADROOM + head.fieldAt, FRAGMENT);
  writePayloadLength(view, HEADROOM, at + FRAGMENT_HEADER + length - HEADROOM - IPV6_HEADER);
  fragment.reason = packet.reason;
  fragment.origins = packet.origins;
  fragment.sent = packet.sent;
  return fragment;
}
