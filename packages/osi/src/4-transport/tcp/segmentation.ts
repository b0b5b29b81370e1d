import type { Frame, FramePool, Offload } from '../../1-physical/index.ts';
import { ETHERNET_HEADER, ETHERTYPE_VLAN, readEtherType, VLAN_TAG } from '../../2-datalink/index.ts';
import { checksumOf, ipv4Codec, ipv6Codec, PROTOCOL_TCP, sumBytes, sumFrame } from '../../3-network/index.ts';
import { CWR, FIN, PSH, readDataOffset } from './codec.ts';

/** Where sequence number, control bits and checksum stand in the header. */
const SEQUENCE = 4;
const CONTROL = 13;
const CHECKSUM = 16;

/**
 * TCP's part of segmentation and checksum offload: makes segments of the agreed size, every checksum complete, out of one
 * that stands for many (Linux: `tcp_gso_segment`, `inet_gso_segment`, `ipv6_gso_segment`).
 */
class TcpOffload implements Offload {
  finish(frame: Frame, pool: FramePool, each: (frame: Frame) => void): void {
    const { view, start } = frame;
    const tag = readEtherType(view, start) === ETHERTYPE_VLAN ? VLAN_TAG : 0;
    const ip = start + ETHERNET_HEADER + tag;
    const six = view.getUint8(ip) >>> 4 === 6;
    const tcp = ip + (six ? ipv6Codec.IPV6_HEADER : ipv4Codec.readHeaderLength(view, ip));
    if (frame.segments === 1) {
      complete(frame, ip, tcp, six);
      each(frame);
      return;
    }
    const payload = tcp + readDataOffset(view, tcp);
    const headers = payload - start;
    const { segmentSize } = frame;
    for (let from = payload, i = 0; from < frame.end; from += segmentSize, i++) {
      const to = Math.min(from + segmentSize, frame.end);
      const cut = pool.take(headers + to - from);
      cut.end = cut.start + headers + to - from;
      cut.bytes.set(frame.bytes.subarray(start, payload), cut.start);
      cut.bytes.set(frame.bytes.subarray(from, to), cut.start + headers);
      cut.reason = frame.reason;
      cut.origins = frame.origins;
      const at = cut.start + ip - start;
      if (six) ipv6Codec.writePayloadLength(cut.view, at, cut.end - at - ipv6Codec.IPV6_HEADER);
      else rewriteIpv4(cut, at, i);
      rewriteTcp(cut.view, at + tcp - ip, from - payload, i === 0, to === frame.end);
      complete(cut, at, at + tcp - ip, six);
      each(cut);
    }
    frame.release();
  }
}

/** What TCP leaves to others; one for all connections. */
export const TCP_OFFLOAD: Offload = new TcpOffload();

/** @param i which of the segments it is: they are numbered one after the other. */
function rewriteIpv4({ view, end }: Frame, ip: number, i: number): void {
  ipv4Codec.rewriteSegment(view, ip, end - ip, (ipv4Codec.readIdentification(view, ip) + i) & 0xffff);
}

function rewriteTcp(view: DataView, tcp: number, offset: number, first: boolean, last: boolean): void {
  view.setInt32(tcp + SEQUENCE, view.getInt32(tcp + SEQUENCE) + offset);
  // The window was reduced once: the first says so (RFC 3168 section 6.1.2).
  const kept = (last ? 0xff : ~(FIN | PSH)) & (first ? 0xff : ~CWR);
  view.setUint8(tcp + CONTROL, view.getUint8(tcp + CONTROL) & kept);
}

/** Computes the checksum, over the packet without what pads a short frame. */
function complete(frame: Frame, ip: number, tcp: number, six: boolean): void {
  const { view } = frame;
  frame.whole();
  const end = six
    ? ip + ipv6Codec.IPV6_HEADER + ipv6Codec.readPayloadLength(view, ip)
    : ip + ipv4Codec.readTotalLength(view, ip);
  // Both addresses stand together, so they are summed where they are.
  const addresses = ip + (six ? ipv6Codec.IPV6_SOURCE : ipv4Codec.IPV4_SOURCE);
  const pseudo = sumBytes(view, addresses, addresses + (six ? 32 : 8), PROTOCOL_TCP + end - tcp);
  view.setUint16(tcp + CHECKSUM, 0);
  view.setUint16(tcp + CHECKSUM, checksumOf(sumFrame(frame, tcp, end, pseudo)));
}
