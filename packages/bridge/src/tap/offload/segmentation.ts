import type { Frame } from '@netarium/osi/1-physical';
import { checksumOf, sumFrame } from '@netarium/osi/3-network';
import { TCP_OFFLOAD } from '@netarium/osi/4-transport';
import * as at from './fields.ts';
import { NEEDS_CHECKSUM, TCP_SEGMENTS, TCP_SEGMENTS6, type VirtioHeader } from './virtio-header.ts';

/**
 * Takes over for a frame of the kernel's what the kernel has left to do of it. TCP's part is noted on the frame, for
 * whoever puts it on a cable without offload; any other checksum is completed here.
 *
 * @returns false when what is asked for cannot be done with these bytes.
 */
export function takeOver(header: VirtioHeader, frame: Frame): boolean {
  if (header.segmentation !== 0) return noteSegments(header, frame);
  if ((header.flags & NEEDS_CHECKSUM) === 0) return true;
  if (tcpHeaderOf(frame) === 0) return completeChecksum(header, frame);
  frame.offload = TCP_OFFLOAD;
  return true;
}

/**
 * Whether a frame that stands for several segments has to be cut before it goes any further: over IPv4 they may be
 * fragmented on their way, which a frame for several cannot be.
 */
export function mustBeCut({ view, start, segments }: Frame): boolean {
  if (segments === 1) return false;
  const ethernet = start + tagOf(view, start);
  return !isIpv6(view, ethernet) && (view.getUint16(ethernet + at.IP_FRAGMENT) & at.DONT_FRAGMENT) === 0;
}

/** What to tell the kernel of a frame that TCP has left something to do of. */
export function describe(frame: Frame, header: VirtioHeader): void {
  const { view, start } = frame;
  const tag = tagOf(view, start);
  const several = frame.segments > 1;
  const six = isIpv6(view, start + tag);
  header.flags = NEEDS_CHECKSUM;
  header.segmentation = several ? (six ? TCP_SEGMENTS6 : TCP_SEGMENTS) : 0;
  header.headersLength = several ? tcpHeaderOf(frame) : 0;
  header.segmentSize = several ? frame.segmentSize : 0;
  header.checksumStart = tag + (six ? at.IP + at.IPV6_HEADER : at.TCP);
  header.checksumOffset = at.TCP_CHECKSUM;
}

/** The length of all headers of a frame with a whole TCP segment, its IP header a plain one; 0 for any other. */
function tcpHeaderOf({ view, start, length }: Frame): number {
  if (length < at.TCP_OPTIONS) return 0;
  const tag = tagOf(view, start);
  const ethernet = start + tag;
  const six = isIpv6(view, ethernet);
  const tcp = tag + (six ? at.IP + at.IPV6_HEADER : at.TCP);
  if (length < tcp + LEAST_TCP || !(six ? isTcp6(view, ethernet) : isTcp4(view, ethernet))) return 0;
  const packet = six
    ? at.IPV6_HEADER + view.getUint16(ethernet + at.IPV6_PAYLOAD_LENGTH)
    : view.getUint16(ethernet + at.IP_TOTAL_LENGTH);
  const end = tag + at.IP + packet;
  const headers = tcp + (view.getUint8(start + tcp + DATA_OFFSET) >> 4) * 4;
  return end <= length && headers <= end && headers >= tcp + LEAST_TCP ? headers : 0;
}

/** TCP's header without options, and where in it its length stands. */
const LEAST_TCP = at.TCP_OPTIONS - at.TCP;
const DATA_OFFSET = at.TCP_DATA_OFFSET - at.TCP;

const isIpv6 = (view: DataView, ethernet: number): boolean =>
  view.getUint16(ethernet + at.ETHERTYPE) === at.ETHERTYPE_IPV6;

const isTcp4 = (view: DataView, ethernet: number): boolean =>
  view.getUint16(ethernet + at.ETHERTYPE) === at.ETHERTYPE_IPV4 &&
  view.getUint8(ethernet + at.IP) === at.PLAIN_IPV4 &&
  view.getUint8(ethernet + at.IP_PROTOCOL) === at.PROTOCOL_TCP;

const isTcp6 = (view: DataView, ethernet: number): boolean =>
  view.getUint8(ethernet + at.IPV6_NEXT_HEADER) === at.PROTOCOL_TCP;

function noteSegments({ segmentation, segmentSize }: VirtioHeader, frame: Frame): boolean {
  const headers = tcpHeaderOf(frame);
  const payload = frame.length - headers;
  const tag = tagOf(frame.view, frame.start);
  const wanted = isIpv6(frame.view, frame.start + tag) ? TCP_SEGMENTS6 : TCP_SEGMENTS;
  if ((segmentation & 0x7f) !== wanted || segmentSize === 0 || headers === 0 || payload === 0) return false;
  frame.offload = TCP_OFFLOAD;
  frame.segments = Math.ceil(payload / segmentSize);
  frame.segmentSize = segmentSize;
  frame.packetSize = headers - tag - at.IP + segmentSize;
  return true;
}

function completeChecksum({ checksumStart, checksumOffset }: VirtioHeader, frame: Frame): boolean {
  const { view, start, end } = frame;
  const field = start + checksumStart + checksumOffset;
  if (field + 2 > end) return false;
  // The field holds the pseudo-header's sum already, so it is summed along with the rest.
  const sum = checksumOf(sumFrame(frame, start + checksumStart, end));
  // RFC 768, and RFC 8200 section 8.1: no checksum would be 0, so a checksum of 0 is sent as its other form.
  view.setUint16(field, sum === 0 && checksumOffset === at.UDP_CHECKSUM ? 0xffff : sum);
  return true;
}

/** How many bytes a VLAN tag takes in the frame at `start`. */
const tagOf = (view: DataView, start: number): number =>
  view.getUint16(start + at.ETHERTYPE) === at.ETHERTYPE_VLAN ? at.VLAN_TAG : 0;
