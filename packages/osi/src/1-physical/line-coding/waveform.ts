import { INTER_FRAME_GAP, PREAMBLE } from '../framing.ts';

/** What a part of a waveform carries. */
export interface WaveformPart {
  readonly name: 'preamble' | 'start delimiter' | 'frame' | 'frame check sequence' | 'end delimiter' | 'gap';
  /** The first level of it, and the first one behind it. */
  readonly start: number;
  readonly end: number;
}

/** A frame as voltages on a cable, in time. */
export interface Waveform {
  /** One after the other: 1 high, 0 none, -1 low. */
  readonly levels: Int8Array;
  /** How many levels there are in the time of one bit of data: 1, 2, or 1.25. */
  readonly levelsPerBit: number;
  readonly parts: readonly WaveformPart[];
}

/** The bits of the gap behind a frame, in which the line is idle. */
export const GAP_BITS = INTER_FRAME_GAP * 8;

/** The parts of a frame of which each bit takes `levels` levels; the rest of the `total` levels is the gap. */
export function partsOf(octets: Uint8Array, levels: number, total: number): WaveformPart[] {
  const at = (octet: number) => octet * 8 * levels;
  return [
    { name: 'preamble', start: 0, end: at(PREAMBLE - 1) },
    { name: 'start delimiter', start: at(PREAMBLE - 1), end: at(PREAMBLE) },
    { name: 'frame', start: at(PREAMBLE), end: at(octets.length - 4) },
    { name: 'frame check sequence', start: at(octets.length - 4), end: at(octets.length) },
    { name: 'gap', start: at(octets.length), end: total },
  ];
}
