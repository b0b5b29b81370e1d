import { CaptureError } from './error.ts';
import type { ReadFrame } from './read-frame.ts';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** A pcap file (draft-ietf-opsawg-pcap). @param unit nanoseconds in one unit of a time stamp's second part. */
export function readClassic(bytes: Uint8Array, view: DataView, little: boolean, unit: number): ReadFrame[] {
  if (bytes.length < FILE_HEADER) {
    throw new CaptureError(0, `a file of ${bytes.length} bytes`, `a pcap header of ${FILE_HEADER}`);
  }
  const linkType = view.getUint32(20, little) & 0xffff;
  const frames: ReadFrame[] = [];
  for (let at = FILE_HEADER; at < bytes.length; ) {
    if (at + RECORD_HEADER > bytes.length) {
      throw new CaptureError(at, `${bytes.length - at} bytes`, `a record header of ${RECORD_HEADER}`);
    }
    const captured = view.getUint32(at + 8, little);
    const start = at + RECORD_HEADER;
    if (start + captured > bytes.length) {
      throw new CaptureError(
        at + 8,
        `a packet of ${captured} bytes`,
        `at most the ${bytes.length - start} that are left`,
      );
    }
    frames.push({
      time: view.getUint32(at, little) * 1e9 + view.getUint32(at + 4, little) * unit,
      interface: 'if0',
      linkType,
      bytes: bytes.subarray(start, start + captured),
      length: view.getUint32(at + 12, little),
      comment: '',
      direction: 'unknown',
    });
    at = start + captured;
  }
  return frames;
}
