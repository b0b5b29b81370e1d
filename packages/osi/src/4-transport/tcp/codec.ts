import type { Frame } from '../../1-physical/index.ts';
import {
  ANY,
  checksumOf,
  type IpAddress,
  PROTOCOL_TCP,
  pseudoHeaderSum,
  sumFrame,
} from '../../3-network/index.ts';
import { COOKIE_MAX } from './fast-open/cookie.ts';
import { clearOptions, readOptions, SACK_BLOCKS, type SegmentOptions } from './options.ts';
import type { Sequence } from './sequence.ts';

/** Control bits (RFC 9293 section 3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
/** Explicit congestion notification (RFC 3168 section 6.1). */
export const ECE = 0x40;
export const CWR = 0x80;

/** Length of a header without options. */
export const HEADER_LENGTH = 20;

/**
 * The fields of an arrived segment. A layer has one such object and reads each segment into it, so nothing is
 * allocated per header; its fields hold until the next segment is read.
 */
export class Segment implements SegmentOptions {
  source: IpAddress = ANY;
  destination: IpAddress = ANY;
  sourcePort = 0;
  destinationPort = 0;
  seq: Sequence = 0;
  ack: Sequence = 0;
  flags = 0;
  /** As it stands in the header, not scaled. */
  window = 0;
  urgentPointer = 0;
  /** The segment's data is `frame.bytes[dataStart … dataEnd)`. */
  dataStart = 0;
  dataEnd = 0;
  mss = 0;
  windowScale = -1;
  hasTimestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  sackPermitted = false;
  sacks = 0;
  readonly sackEdges = new Int32Array(2 * SACK_BLOCKS);
  fastOpen = -1;
  fastOpenExperimental = false;
  readonly fastOpenCookie = new Uint8Array(COOKIE_MAX);
  /** Type of service / DS field of the packet that brought it, with the ECN bits (RFC 3168). */
  tos = 0;
  /** The options of the IP header that an answer to it bears; null for none. */
  replyOptions: Uint8Array | null = null;

  get dataLength(): number {
    return this.dataEnd - this.dataStart;
  }

  /** How much sequence space it takes: its data, SYN and FIN count one each. */
  get length(): number {
    return this.dataEnd - this.dataStart + (this.flags & FIN) + ((this.flags & SYN) >> 1);
  }

  /** The sequence number behind it. */
  get end(): Sequence {
    return (this.seq + this.length) | 0;
  }
}

/** Why a segment cannot be read. */
export type SegmentFault = 'tcp.malformed' | 'tcp.checksum';

/** Reads the segment in `frame` (header at `frame.start`) into `segment`. @returns what is wrong with it, or null. */
export function readSegment(
  frame: Frame,
  source: IpAddress,
  destination: IpAddress,
  segment: Segment,
): SegmentFault | null {
  const { view, start, end } = frame;
  const length = end - start;
  if (length < HEADER_LENGTH) return 'tcp.malformed';
  const headerLength = readDataOffset(view, start);
  if (headerLength < HEADER_LENGTH || headerLength > length) return 'tcp.malformed';
  // A sender on the same computer has left it to whoever damages it: nobody has (Linux: CHECKSUM_PARTIAL).
  if (frame.offload === null) {
    const sum = sumFrame(frame, start, end, pseudoHeaderSum(source, destination, PROTOCOL_TCP, length));
    if (sum !== 0xffff) return 'tcp.checksum';
  }
  segment.source = source;
  segment.destination = destination;
  segment.sourcePort = view.getUint16(start);
  segment.destinationPort = view.getUint16(start + 2);
  segment.seq = view.getInt32(start + 4);
  segment.ack = view.getInt32(start + 8);
  segment.flags = view.getUint8(start + 13);
  segment.window = view.getUint16(start + 14);
  segment.urgentPointer = view.getUint16(start + 18);
  segment.dataStart = start + headerLength;
  segment.dataEnd = end;
  if (headerLength > HEADER_LENGTH) readOptions(view, start + HEADER_LENGTH, segment.dataStart, segment);
  else clearOptions(segment);
  return null;
}

/** Where the data begins in the segment with its header at `at`, in bytes from there. */
export const readDataOffset = (view: DataView, at: number): number => (view.getUint8(at + 12) >> 4) * 4;

/** Writes the header without options at `at`; checksum and urgent pointer are 0. `window` as it is sent, ≤ 65535. */
export function writeHeader(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  seq: Sequence,
  ack: Sequence,
  headerLength: number,
  flags: number,
  window: number,
): void {
  view.setUint16(at, sourcePort);
  view.setUint16(at + 2, destinationPort);
  view.setInt32(at + 4, seq);
  view.setInt32(at + 8, ack);
  view.setUint16(at + 12, (headerLength << 10) | flags);
  view.setUint16(at + 14, window);
  view.setUint32(at + 16, 0);
}

/** Says in the header at `at` that urgent data ends `pointer` bytes behind the segment's first. */
export function writeUrgent(view: DataView, at: number, pointer: number): void {
  view.setUint8(at + 13, view.getUint8(at + 13) | URG);
  view.setUint16(at + 18, pointer);
}

/** Fills in what of the checksum depends on addresses and length: the sum of the pseudo-header, not complemented. */
export function writePartialChecksum(frame: Frame, source: IpAddress, destination: IpAddress): void {
  const { view, start, end } = frame;
  view.setUint16(start + 16, pseudoHeaderSum(source, destination, PROTOCOL_TCP, end - start));
}

/** Fills in the checksum of the segment in `frame`: header at `frame.start`, data to `frame.end`. */
export function writeChecksum(frame: Frame, source: IpAddress, destination: IpAddress): void {
  const { view, start, end } = frame;
  view.setUint16(start + 16, 0);
  const pseudo = pseudoHeaderSum(source, destination, PROTOCOL_TCP, end - start);
  view.setUint16(start + 16, checksumOf(sumFrame(frame, start, end, pseudo)));
}
