import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { type Ipv6Address, readIpv6, writeIpv6Address } from './address.ts';
import { IPV6_DESTINATION, IPV6_HEADER } from './codec.ts';
import { DESTINATION_OPTIONS, HOP_BY_HOP, judgeOptions, ROUTING } from './extensions.ts';

/**
 * What a program has between the IPv6 header and the payload of what it sends (RFC 3542 sections 7–9): whole headers of
 * multiples of 8 bytes. Their first bytes, which name what follows, are written when they are sent.
 */
export interface ExtensionHeaders {
  readonly hopByHop?: Uint8Array;
  /** Destination options for the stations of the routing header too: not sent without one. */
  readonly atStations?: Uint8Array;
  /** A segment routing header (RFC 8754); in the place of its last segment goes the packet's destination. */
  readonly routing?: Uint8Array;
  readonly destination?: Uint8Array;
}

/** One extension header of a packet that came. */
export interface ExtensionHeader {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

/** A segment routing header: how many segments are left, and from where on the segments stand, the last of them first (RFC 8754 section 2). */
export const SEGMENT_ROUTING = 4;
export const SEGMENTS_LEFT = 3;
const SEGMENTS = 8;
const SEGMENT = 16;

/** What link headers need in front of a packet. */
const LINK_ROOM = 24;

/** In the order in which they stand (RFC 8200 section 4.1). */
function inOrder({ hopByHop, atStations, routing, destination }: ExtensionHeaders): ExtensionHeader[] {
  const headers: ExtensionHeader[] = [];
  const add = (protocol: number, bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) headers.push({ protocol, bytes });
  };
  add(HOP_BY_HOP, hopByHop);
  if (routing !== undefined) add(DESTINATION_OPTIONS, atStations);
  add(ROUTING, routing);
  add(DESTINATION_OPTIONS, destination);
  return headers;
}

/** Whether routers were to look at a packet that came (RFC 2711). */
export function hasRouterAlert(headers: readonly ExtensionHeader[] | null): boolean {
  const bytes = headers?.find(({ protocol }) => protocol === HOP_BY_HOP)?.bytes;
  if (bytes === undefined) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const verdict = { reason: null, pointer: -1, routerAlert: false };
  return judgeOptions(view, 0, bytes.length, true, true, verdict).routerAlert;
}

/** How many bytes they take. */
export function extensionsLength(headers: ExtensionHeaders | undefined): number {
  if (headers === undefined) return 0;
  const { hopByHop, atStations, routing, destination } = headers;
  const length = (hopByHop?.length ?? 0) + (routing?.length ?? 0) + (destination?.length ?? 0);
  return routing === undefined ? length : length + (atStations?.length ?? 0);
}

/** Where a packet to `destination` goes first: to the segment that its routing header is at. */
export function firstSegment(destination: Ipv6Address, headers: ExtensionHeaders | undefined): Ipv6Address {
  const routing = headers?.routing;
  const left = routing?.[SEGMENTS_LEFT] ?? 0;
  return routing === undefined || left === 0
    ? destination
    : readIpv6(viewOf(routing), SEGMENTS + SEGMENT * left);
}

/** Where a packet with a segment routing header at `at` goes at last; null for a header of another type, or cut off at `end`. */
export function lastSegment(view: DataView, at: number, end: number): Ipv6Address | null {
  if (at + SEGMENTS + SEGMENT > end || view.getUint8(at + 2) !== SEGMENT_ROUTING) return null;
  return readIpv6(view, at + SEGMENTS);
}

/**
 * Sends a packet at `packet` on to the next segment of its header at `at`, which has some left (RFC 8754 section 4.3.1.1,
 * `ipv6_srh_rcv`). @returns false when it has not as many segments as are left.
 */
export function toNextSegment(view: DataView, packet: number, at: number): boolean {
  const left = view.getUint8(at + SEGMENTS_LEFT) - 1;
  if (left + 1 >= view.getUint8(at + 1) >>> 1) return false;
  view.setUint8(at + SEGMENTS_LEFT, left);
  writeIpv6Address(view, packet + IPV6_DESTINATION, readIpv6(view, at + SEGMENTS + SEGMENT * left));
  return true;
}

/**
 * Writes them in front of a packet's payload, `frame.start` at it; takes the frame over.
 * @param protocol of the payload. @returns the frame, another one if there was no room.
 */
export function writeExtensions(
  pool: FramePool,
  given: Frame,
  headers: ExtensionHeaders,
  protocol: number,
  destination: Ipv6Address,
): Frame {
  const length = extensionsLength(headers);
  const frame = given.start - length < IPV6_HEADER + LINK_ROOM ? moved(pool, given, length) : given;
  let next = protocol;
  for (const header of inOrder(headers).reverse()) {
    frame.start -= header.bytes.length;
    frame.bytes.set(header.bytes, frame.start);
    frame.view.setUint8(frame.start, next);
    if (header.protocol === ROUTING) writeIpv6Address(frame.view, frame.start + SEGMENTS, destination);
    next = header.protocol;
  }
  return frame;
}

/** The protocol number of the first of them; of the payload where there is none. */
export const firstHeader = (headers: ExtensionHeaders, protocol: number): number =>
  inOrder(headers)[0]?.protocol ?? protocol;

/** Copies a frame into one with so much more room in front. */
function moved(pool: FramePool, frame: Frame, room: number): Frame {
  const target = pool.take(room + frame.length);
  target.start = HEADROOM + room;
  target.end = target.start + frame.length;
  target.bytes.set(frame.data(), target.start);
  target.reason = frame.reason;
  target.origins = frame.origins;
  frame.release();
  return target;
}

/**
 * Whether a program may send it (`seg6_validate_srh`): a segment routing header of its own length, with no more segments
 * left than it has, and TLVs that end where it does. Routing headers of other types are for nobody to send (RFC 5095;
 * type 2 is that of Mobile IPv6).
 */
export function isSendableRouting(header: Uint8Array): boolean {
  const [, units = 0, type, left = 0, last = 0] = header;
  if (type !== SEGMENT_ROUTING || (units + 1) * 8 !== header.length || left > last) return false;
  let at = SEGMENTS + SEGMENT * (last + 1);
  // A padding of one byte is not told from others there: each is taken to have a length.
  while (at + 2 <= header.length) at += 2 + (header[at + 1] ?? 0);
  return at === header.length;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
