import type { Frame, FramePool, Offload } from '../../1-physical/index.ts';
import { ETHERNET_HEADER, ETHERTYPE_VLAN, readEtherType, VLAN_TAG } from '../../2-datalink/index.ts';
import { ipv4Codec } from '../../3-network/index.ts';
import { CWR, FIN, PSH, readDataOffset, writeChecksum } from './codec.ts';

/** Where sequence number and control bits stand in the header. */
const SEQUENCE = 4;
const CONTROL = 13;

/**
 * TCP's part of segmentation and checksum offload over IPv4: makes segments of the agreed size, every checksum
 * complete, out of one that stands for many (Linux: `tcp_gso_segment`, `inet_gso_segment`).
 */
class TcpOffload implements Offload {
  finish(frame: Frame, pool: FramePool, each: (frame: Frame) => void): void {
    const { view, start } = frame;
    const tag = readEtherType(view, start) === ETHERTYPE_VLAN ? VLAN_TAG : 0;
    const ip = start + ETHERNET_HEADER + tag;
    if (frame.segments === 1) {
      complete(frame, ip);
      each(frame);
      return;
    }
    const payload = headersEnd(view, ip);
    const headers = payload - start;
    const { segmentSize } = frame;
    const identification = ipv4Codec.readIdentification(view, ip);
    for (let from = payload, i = 0; from < frame.end; from += segmentSize, i++) {
      const to = Math.min(from + segmentSize, frame.end);
      const cut = pool.take(headers + to - from);
      cut.end = cut.start + headers + to - from;
      cut.bytes.set(frame.bytes.subarray(start, payload), cut.start);
      cut.bytes.set(frame.bytes.subarray(from, to), cut.start + headers);
      cut.reason = frame.reason;
      cut.origins = frame.origins;
      const at = cut.start + ip - start;
      ipv4Codec.rewriteSegment(cut.view, at, cut.end - at, (identification + i) & 0xffff);
      rewriteTcp(cut, at, from - payload, i === 0, to === frame.end);
      complete(cut, at);
      each(cut);
    }
    frame.release();
  }
}

/** What TCP leaves to others; one for all connections. */
export const TCP_OFFLOAD: Offload = new TcpOffload();

/** Where the data of the segment begins whose IPv4 header is at `ip`. */
function headersEnd(view: DataView, ip: number): number {
  const tcp = ip + ipv4Codec.readHeaderLength(view, ip);
  return tcp + readDataOffset(view, tcp);
}

function rewriteTcp({ view }: Frame, ip: number, offset: number, first: boolean, last: boolean): void {
  const tcp = ip + ipv4Codec.readHeaderLength(view, ip);
  view.setInt32(tcp + SEQUENCE, view.getInt32(tcp + SEQUENCE) + offset);
  // The window was reduced once: the first says so (RFC 3168 section 6.1.2).
  const kept = (last ? 0xff : ~(FIN | PSH)) & (first ? 0xff : ~CWR);
  view.setUint8(tcp + CONTROL, view.getUint8(tcp + CONTROL) & kept);
}

function complete(frame: Frame, ip: number): void {
  const { view, start, end } = frame;
  frame.whole();
  // The checksum is over the packet, without what pads a short frame.
  frame.start = ip + ipv4Codec.readHeaderLength(view, ip);
  frame.end = ip + ipv4Codec.readTotalLength(view, ip);
  writeChecksum(frame, ipv4Codec.readSource(view, ip), ipv4Codec.readDestination(view, ip));
  frame.start = start;
  frame.end = end;
}
