/**
 * The frame check sequence of Ethernet: CRC-32 (IEEE 802.3 section 3.2.9), polynomial 0x04C11DB7, bits of
 * each byte least significant first, register preset to ones and complemented at the end.
 */
const REVERSED_POLYNOMIAL = 0xedb88320;

const TABLE = new Int32Array(256).map((_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1;
  return crc;
});

/** The FCS of the bytes `[start, end)`, as an unsigned 32-bit number; on the wire its low byte goes first. */
export function frameCheckSequence(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  for (let at = start; at < end; at++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}
