/**
 * `struct virtio_net_hdr` of `linux/virtio_net.h`, in the byte order of the computer (here always little-endian): what
 * one side of a TAP device leaves to the other, in front of each frame.
 */
export const VIRTIO_HEADER = 10;

/** The transport checksum holds the sum of the pseudo-header only: whoever sends the frame on has to complete it. */
export const NEEDS_CHECKSUM = 1;
/** The frame stands for several TCP segments of `segmentSize` bytes, over IPv4 or over IPv6. */
export const TCP_SEGMENTS = 1;
export const TCP_SEGMENTS6 = 4;

export interface VirtioHeader {
  /** `NEEDS_CHECKSUM` or 0, and bits that do not matter here. */
  flags: number;
  /** 0, `TCP_SEGMENTS` or `TCP_SEGMENTS6`. */
  segmentation: number;
  /** Length of all headers of a frame that stands for several. */
  headersLength: number;
  segmentSize: number;
  /** Where the checksum's range begins, from the start of the frame; it goes to the frame's end. */
  checksumStart: number;
  /** Where the checksum stands, from there. */
  checksumOffset: number;
}

/** Reads the header at `at` into `into`. */
export function readVirtioHeader(view: DataView, at: number, into: VirtioHeader): void {
  into.flags = view.getUint8(at);
  into.segmentation = view.getUint8(at + 1);
  into.headersLength = view.getUint16(at + 2, true);
  into.segmentSize = view.getUint16(at + 4, true);
  into.checksumStart = view.getUint16(at + 6, true);
  into.checksumOffset = view.getUint16(at + 8, true);
}

export function writeVirtioHeader(view: DataView, at: number, header: VirtioHeader): void {
  view.setUint8(at, header.flags);
  view.setUint8(at + 1, header.segmentation);
  view.setUint16(at + 2, header.headersLength, true);
  view.setUint16(at + 4, header.segmentSize, true);
  view.setUint16(at + 6, header.checksumStart, true);
  view.setUint16(at + 8, header.checksumOffset, true);
}

export const noOffload = (): VirtioHeader => ({
  flags: 0,
  segmentation: 0,
  headersLength: 0,
  segmentSize: 0,
  checksumStart: 0,
  checksumOffset: 0,
});
