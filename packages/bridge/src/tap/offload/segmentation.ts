import type { Frame, FramePool } from '@netarium/osi/1-physical';
import { checksumOf, pseudoHeaderSum, sumBytes, sumFrame } from '@netarium/osi/3-network';
import * as at from './fields.ts';
import { NEEDS_CHECKSUM, TCP_SEGMENTS, type VirtioHeader } from './virtio-header.ts';

/**
 * Makes the frames that the kernel would have sent without offload out of what it left to us: segments of TCP's
 * maximum size, every checksum complete. So nothing behind the device sees that there was an offload.
 *
 * @param bytes one frame as the kernel gave it. @param each takes each frame over, in order.
 * @returns how many; 0 when what is asked for cannot be done with these bytes.
 */
export function framesOf(
  header: VirtioHeader,
  bytes: Uint8Array,
  pool: FramePool,
  each: (frame: Frame) => void,
): number {
  if (header.segmentation !== 0) return segment(header, bytes, pool, each);
  const frame = pool.take(bytes.length);
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  if ((header.flags & NEEDS_CHECKSUM) !== 0 && !completeChecksum(header, frame)) {
    frame.release();
    return 0;
  }
  each(frame);
  return 1;
}

function completeChecksum({ checksumStart, checksumOffset }: VirtioHeader, frame: Frame): boolean {
  const { view, start, end } = frame;
  const field = start + checksumStart + checksumOffset;
  if (field + 2 > end) return false;
  // The field holds the pseudo-header's sum already, so it is summed along with the rest.
  const sum = checksumOf(sumFrame(frame, start + checksumStart, end));
  const udp = view.getUint8(start + tagOf(view, start) + at.IP_PROTOCOL) === at.PROTOCOL_UDP;
  // RFC 768: no checksum would be 0, so a checksum of 0 is sent as its other form.
  view.setUint16(field, sum === 0 && udp ? 0xffff : sum);
  return true;
}

/** How many bytes a VLAN tag takes in the frame at `start`. */
const tagOf = (view: DataView, start: number): number =>
  view.getUint16(start + at.ETHERTYPE) === at.ETHERTYPE_VLAN ? at.VLAN_TAG : 0;

function segment(
  { segmentation, segmentSize }: VirtioHeader,
  bytes: Uint8Array,
  pool: FramePool,
  each: (frame: Frame) => void,
): number {
  const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((segmentation & 0x7f) !== TCP_SEGMENTS || segmentSize === 0 || bytes.length < at.TCP_OPTIONS) return 0;
  const tag = tagOf(whole, 0);
  if (bytes.length < tag + at.TCP_OPTIONS) return 0;
  const headers = tag + at.TCP + (whole.getUint8(tag + at.TCP_DATA_OFFSET) >> 4) * 4;
  const plain =
    headers < bytes.length &&
    whole.getUint16(tag + at.ETHERTYPE) === at.ETHERTYPE_IPV4 &&
    whole.getUint8(tag + at.IP) === at.PLAIN_IPV4;
  if (!plain) return 0;
  const identification = whole.getUint16(tag + at.IP_IDENTIFICATION);
  const sequence = whole.getUint32(tag + at.TCP_SEQUENCE);
  const flags = whole.getUint8(tag + at.TCP_FLAGS);
  const source = whole.getUint32(tag + at.IP_SOURCE);
  const destination = whole.getUint32(tag + at.IP_DESTINATION);
  let count = 0;
  for (let from = headers; from < bytes.length; from += segmentSize, count++) {
    const to = Math.min(from + segmentSize, bytes.length);
    const frame = pool.take(headers + to - from);
    const { view, start } = frame;
    frame.bytes.set(bytes.subarray(0, headers), start);
    frame.bytes.set(bytes.subarray(from, to), start + headers);
    frame.end = start + headers + to - from;
    const ip = start + tag + at.IP;
    const tcp = start + tag + at.TCP;
    view.setUint16(start + tag + at.IP_TOTAL_LENGTH, frame.end - ip);
    view.setUint16(start + tag + at.IP_IDENTIFICATION, (identification + count) & 0xffff);
    view.setUint16(start + tag + at.IP_CHECKSUM, 0);
    view.setUint16(start + tag + at.IP_CHECKSUM, checksumOf(sumBytes(view, ip, tcp)));
    view.setUint32(start + tag + at.TCP_SEQUENCE, (sequence + from - headers) >>> 0);
    // FIN and PSH belong to the last of them, CWR to the first.
    const last = to === bytes.length;
    const kept = (last ? 0xff : ~(at.FIN | at.PSH)) & (count === 0 ? 0xff : ~at.CWR);
    view.setUint8(start + tag + at.TCP_FLAGS, flags & kept);
    const pseudo = pseudoHeaderSum(source, destination, at.PROTOCOL_TCP, frame.end - tcp);
    view.setUint16(tcp + at.TCP_CHECKSUM, 0);
    view.setUint16(tcp + at.TCP_CHECKSUM, checksumOf(sumFrame(frame, tcp, frame.end, pseudo)));
    each(frame);
  }
  return count;
}
