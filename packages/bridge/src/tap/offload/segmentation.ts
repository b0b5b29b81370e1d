import type { Frame } from '@netarium/osi/1-physical';
import { checksumOf, sumFrame } from '@netarium/osi/3-network';
import { TCP_OFFLOAD } from '@netarium/osi/4-transport';
import * as at from './fields.ts';
import { NEEDS_CHECKSUM, TCP_SEGMENTS, type VirtioHeader } from './virtio-header.ts';

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
 * Whether a frame that stands for several segments has to be cut before it goes any further: they may be fragmented on
 * their way, which a frame for several cannot be.
 */
export const mustBeCut = ({ view, start, segments }: Frame): boolean =>
  segments > 1 && (view.getUint16(start + tagOf(view, start) + at.IP_FRAGMENT) & at.DONT_FRAGMENT) === 0;

/** What to tell the kernel of a frame that TCP has left something to do of. */
export function describe(frame: Frame, header: VirtioHeader): void {
  const tcp = at.TCP + tagOf(frame.view, frame.start);
  const several = frame.segments > 1;
  header.flags = NEEDS_CHECKSUM;
  header.segmentation = several ? TCP_SEGMENTS : 0;
  header.headersLength = several ? tcpHeaderOf(frame) : 0;
  header.segmentSize = several ? frame.segmentSize : 0;
  header.checksumStart = tcp;
  header.checksumOffset = at.TCP_CHECKSUM;
}

/** The length of all headers of a frame with a whole TCP segment over IPv4 without options; 0 for any other. */
function tcpHeaderOf({ view, start, length }: Frame): number {
  if (length < at.TCP_OPTIONS) return 0;
  const tag = tagOf(view, start);
  const ethernet = start + tag;
  if (
    length < tag + at.TCP_OPTIONS ||
    view.getUint16(ethernet + at.ETHERTYPE) !== at.ETHERTYPE_IPV4 ||
    view.getUint8(ethernet + at.IP) !== at.PLAIN_IPV4 ||
    view.getUint8(ethernet + at.IP_PROTOCOL) !== at.PROTOCOL_TCP
  ) {
    return 0;
  }
  const packet = view.getUint16(ethernet + at.IP_TOTAL_LENGTH);
  const headers = tag + at.TCP + (view.getUint8(ethernet + at.TCP_DATA_OFFSET) >> 4) * 4;
  const whole = tag + at.IP + packet <= length && headers <= tag + at.IP + packet;
  return whole && headers >= tag + at.TCP_OPTIONS ? headers : 0;
}

function noteSegments({ segmentation, segmentSize }: VirtioHeader, frame: Frame): boolean {
  const headers = tcpHeaderOf(frame);
  const payload = frame.length - headers;
  if ((segmentation & 0x7f) !== TCP_SEGMENTS || segmentSize === 0 || headers === 0 || payload === 0)
    return false;
  frame.offload = TCP_OFFLOAD;
  frame.segments = Math.ceil(payload / segmentSize);
  frame.segmentSize = segmentSize;
  frame.packetSize = headers - tagOf(frame.view, frame.start) - at.IP + segmentSize;
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
