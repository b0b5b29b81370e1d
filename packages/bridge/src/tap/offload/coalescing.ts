import type { Frame } from '@netarium/osi/1-physical';
import { checksumOf, pseudoHeaderSum, sumBytes } from '@netarium/osi/3-network';
import * as at from './fields.ts';
import {
  NEEDS_CHECKSUM,
  noOffload,
  TCP_SEGMENTS,
  VIRTIO_HEADER,
  writeVirtioHeader,
} from './virtio-header.ts';

/** The longest packet, behind an Ethernet header and the header for the kernel. */
const LONGEST = VIRTIO_HEADER + at.IP + 65_535;

/**
 * Puts TCP segments that follow one another into one frame that stands for all of them, as a network card's
 * receive offload does: the kernel takes them in one call, and whatever it passes on it parts as they were.
 */
export class Coalescer {
  /** Those that have been taken and not been written yet: the first is whole, of the others the data was copied. */
  readonly #frames: Frame[] = [];
  readonly #bytes = new Uint8Array(LONGEST);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #header = noOffload();
  #end = 0;
  /** Length of the headers and of the data of the first: all but the last are as long. */
  #headers = 0;
  #size = 0;
  #nextSequence = 0;
  #closed = false;

  /** The frames that wait, in order; none when it is empty. They are the caller's to give back after `take`. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** Takes a segment if it begins a new row, or continues the one that waits. @returns whether it did. */
  add(frame: Frame): boolean {
    const headers = headersOfData(frame);
    if (headers === 0) return false;
    const size = frame.length - headers;
    const { view, start } = frame;
    const first = this.#frames[0];
    if (first === undefined) {
      this.#headers = headers;
      this.#size = size;
    } else {
      if (
        this.#closed ||
        headers !== this.#headers ||
        size > this.#size ||
        view.getUint32(start + at.TCP_SEQUENCE) !== this.#nextSequence ||
        Math.max(this.#end, VIRTIO_HEADER + first.length) + size > LONGEST ||
        !sameStream(first, frame, headers)
      ) {
        return false;
      }
      if (this.#end === 0) this.#append(first, first.start);
      this.#append(frame, start + headers);
    }
    this.#frames.push(frame);
    this.#nextSequence = (view.getUint32(start + at.TCP_SEQUENCE) + size) >>> 0;
    this.#closed = size < this.#size || (view.getUint8(start + at.TCP_FLAGS) & at.PSH) !== 0;
    return true;
  }

  /** What is to be written for the frames that wait, header for the kernel first; valid until the next `add`. */
  bytes(): Uint8Array {
    const first = this.#frames[0];
    if (first === undefined) return this.#bytes.subarray(0, 0);
    if (this.#end === 0) return withHeader(first);
    const view = this.#view;
    const last = this.#frames[this.#frames.length - 1] ?? first;
    const ethernet = VIRTIO_HEADER;
    view.setUint16(ethernet + at.IP_TOTAL_LENGTH, this.#end - ethernet - at.IP);
    view.setUint16(ethernet + at.IP_CHECKSUM, 0);
    view.setUint16(
      ethernet + at.IP_CHECKSUM,
      checksumOf(sumBytes(view, ethernet + at.IP, ethernet + at.TCP)),
    );
    view.setUint8(ethernet + at.TCP_FLAGS, last.view.getUint8(last.start + at.TCP_FLAGS));
    const source = view.getUint32(ethernet + at.IP_SOURCE);
    const destination = view.getUint32(ethernet + at.IP_DESTINATION);
    const length = this.#end - ethernet - at.TCP;
    view.setUint16(
      ethernet + at.TCP + at.TCP_CHECKSUM,
      pseudoHeaderSum(source, destination, at.PROTOCOL_TCP, length),
    );
    const header = this.#header;
    header.flags = NEEDS_CHECKSUM;
    header.segmentation = TCP_SEGMENTS;
    header.headersLength = this.#headers;
    header.segmentSize = this.#size;
    header.checksumStart = at.TCP;
    header.checksumOffset = at.TCP_CHECKSUM;
    writeVirtioHeader(view, 0, header);
    return this.#bytes.subarray(0, this.#end);
  }

  clear(): void {
    this.#frames.length = 0;
    this.#end = 0;
    this.#closed = false;
  }

  #append(frame: Frame, from: number): void {
    if (this.#end === 0) this.#end = VIRTIO_HEADER;
    this.#bytes.set(frame.bytes.subarray(from, frame.end), this.#end);
    this.#end += frame.end - from;
  }
}

/** The frame with an empty header for the kernel in front of it, in its own place. */
export function withHeader(frame: Frame): Uint8Array {
  if (frame.start < VIRTIO_HEADER) {
    const copy = new Uint8Array(VIRTIO_HEADER + frame.length);
    copy.set(frame.data(), VIRTIO_HEADER);
    return copy;
  }
  const from = frame.start - VIRTIO_HEADER;
  frame.bytes.fill(0, from, frame.start);
  return frame.bytes.subarray(from, frame.end);
}

/** The length of all headers of a TCP segment with nothing but data and ACK, perhaps PSH; 0 for any other frame. */
function headersOfData({ view, start, length }: Frame): number {
  if (
    length <= at.TCP_OPTIONS ||
    view.getUint16(start + at.ETHERTYPE) !== at.ETHERTYPE_IPV4 ||
    view.getUint8(start + at.IP) !== at.PLAIN_IPV4 ||
    view.getUint8(start + at.IP_PROTOCOL) !== at.PROTOCOL_TCP ||
    (view.getUint16(start + at.IP_FRAGMENT) & 0xbfff) !== 0 ||
    view.getUint16(start + at.IP_TOTAL_LENGTH) !== length - at.IP ||
    (view.getUint8(start + at.TCP_FLAGS) & ~at.PSH) !== at.ACK
  ) {
    return 0;
  }
  const headers = at.TCP + (view.getUint8(start + at.TCP_DATA_OFFSET) >> 4) * 4;
  return headers < length ? headers : 0;
}

/** Whether two segments differ in nothing but what segmentation makes anew. */
function sameStream(a: Frame, b: Frame, headers: number): boolean {
  const x = a.view;
  const y = b.view;
  const p = a.start;
  const q = b.start;
  const same = (offset: number) => x.getUint32(p + offset) === y.getUint32(q + offset);
  const sameShort = (offset: number) => x.getUint16(p + offset) === y.getUint16(q + offset);
  if (
    !same(at.TCP) ||
    !same(at.IP_DESTINATION) ||
    !same(at.IP_SOURCE) ||
    !same(0) ||
    !same(4) ||
    !same(8) ||
    !sameShort(at.IP) ||
    !sameShort(at.IP_FRAGMENT) ||
    !sameShort(at.IP_TTL) ||
    !same(at.TCP_ACKNOWLEDGMENT) ||
    !sameShort(at.TCP_WINDOW) ||
    !sameShort(at.TCP_URGENT)
  ) {
    return false;
  }
  for (let offset = at.TCP_OPTIONS; offset < headers; offset += 4) if (!same(offset)) return false;
  return true;
}
