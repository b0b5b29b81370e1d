import type { LineFault } from './bits.ts';
import { decodeManchester, encodeManchester } from './manchester.ts';
import { decodeMlt3, encodeMlt3 } from './mlt3.ts';
import { decodeNrz, encodeNrz } from './nrz.ts';
import type { Waveform } from './waveform.ts';

export type { LineFault } from './bits.ts';
export type { Waveform, WaveformPart } from './waveform.ts';

/** How bits become voltages: pure functions from a frame (destination MAC first, without FCS) to a waveform and back. */
export interface LineCoding {
  readonly name: string;
  encode(frame: Uint8Array): Waveform;
  /** The frame, padded as it was sent, or why there is none. */
  decode(levels: Int8Array): Uint8Array | LineFault;
}

export const NRZ: LineCoding = { name: 'NRZ', encode: encodeNrz, decode: decodeNrz };
export const MANCHESTER: LineCoding = {
  name: 'Manchester',
  encode: encodeManchester,
  decode: decodeManchester,
};
export const MLT3: LineCoding = { name: '4B5B, MLT-3', encode: encodeMlt3, decode: decodeMlt3 };

/** What a copper Ethernet of that rate (bit/s) uses: Manchester up to 10 Mbit/s, MLT-3 at 100; NRZ, the bits as they are, else. */
export function codingFor(bandwidth: number): LineCoding {
  if (bandwidth <= 10e6) return MANCHESTER;
  return bandwidth === 100e6 ? MLT3 : NRZ;
}

/** The levels `[start, end)` as a line of characters: `▔` high, `─` none, `▁` low. */
export function drawLevels(levels: Int8Array, start = 0, end = levels.length): string {
  let text = '';
  for (const level of levels.subarray(start, end)) text += level > 0 ? '▔' : level < 0 ? '▁' : '─';
  return text;
}
