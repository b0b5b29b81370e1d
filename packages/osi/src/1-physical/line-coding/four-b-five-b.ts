/**
 * 4B5B of 100BASE-X (IEEE 802.3 table 24-1): each nibble becomes five bits with at least two ones, so that a code that
 * changes its level for each 1 has edges enough. Codes are written with the bit that is sent first on the left.
 */
export const DATA_CODES: readonly number[] = [
  0b11110, 0b01001, 0b10100, 0b10101, 0b01010, 0b01011, 0b01110, 0b01111, 0b10010, 0b10011, 0b10110, 0b10111,
  0b11010, 0b11011, 0b11100, 0b11101,
];
export const IDLE = 0b11111;
/** /J/K/, in place of the first octet of the preamble, and /T/R/ behind the FCS. */
export const START = [0b11000, 0b10001] as const;
export const END = [0b01101, 0b00111] as const;
export const CODE_BITS = 5;

const NIBBLES = new Map(DATA_CODES.map((code, nibble) => [code, nibble]));

/** The codes of octets, the low nibble of each first (IEEE 802.3 section 22.2.3). */
export function codesOf(octets: Uint8Array): number[] {
  const codes: number[] = [];
  for (const octet of octets) codes.push(DATA_CODES[octet & 15] as number, DATA_CODES[octet >> 4] as number);
  return codes;
}

/** The octets of codes. @returns null when one is no code for data, or half an octet is left. */
export function octetsOf(codes: readonly number[]): Uint8Array | null {
  if (codes.length % 2 !== 0) return null;
  const octets = new Uint8Array(codes.length / 2);
  for (let i = 0; i < octets.length; i++) {
    const low = NIBBLES.get(codes[2 * i] as number);
    const high = NIBBLES.get(codes[2 * i + 1] as number);
    if (low === undefined || high === undefined) return null;
    octets[i] = low | (high << 4);
  }
  return octets;
}
