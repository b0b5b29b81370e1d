import { CaptureError } from './error.ts';
import { BYTE_ORDER_MAGIC, PCAP_MICROSECONDS, PCAP_NANOSECONDS, SECTION_HEADER } from './format.ts';
import { readBlocks } from './read-blocks.ts';
import { readClassic } from './read-classic.ts';
import type { ReadFrame } from './read-frame.ts';

/**
 * Reads a pcapng file, or a pcap file of the older format, of either byte order.
 * @throws CaptureError at the first thing that is wrong.
 */
export function readPcapng(bytes: Uint8Array): readonly ReadFrame[] {
  if (bytes.length < 12)
    throw new CaptureError(0, `a file of ${bytes.length} bytes`, 'a pcapng or pcap file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if (magic === SECTION_HEADER) return readBlocks(bytes, view);
  for (const little of [false, true]) {
    const classic = view.getUint32(0, little);
    if (classic === PCAP_MICROSECONDS) return readClassic(bytes, view, little, 1000);
    if (classic === PCAP_NANOSECONDS) return readClassic(bytes, view, little, 1);
  }
  const found = `0x${magic.toString(16).padStart(8, '0')}`;
  const names = [SECTION_HEADER, PCAP_MICROSECONDS, PCAP_NANOSECONDS].map(
    (number) => `0x${number.toString(16).padStart(8, '0')}`,
  );
  throw new CaptureError(
    0,
    found,
    `${names.join(', ')} (pcapng or pcap), whose byte order is 0x${BYTE_ORDER_MAGIC.toString(16)}`,
  );
}
