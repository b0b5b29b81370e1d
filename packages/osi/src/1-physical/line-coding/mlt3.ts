import { bitsOf, frameOfBits, type LineFault, wireOctets } from './bits.ts';
import { CODE_BITS, codesOf, END, IDLE, octetsOf, START } from './four-b-five-b.ts';
import { GAP_BITS, type Waveform, type WaveformPart } from './waveform.ts';

/** The levels that MLT-3 goes round through (ANSI X3.263, which IEEE 802.3 clause 25 refers to). */
const CYCLE = [0, 1, 0, -1] as const;

/** An octet is two codes of five bits. */
const OCTET_LEVELS = 2 * CODE_BITS;
/** The time of four bits of data. */
const GAP_CODES = GAP_BITS / 4;

/**
 * 4B5B and MLT-3 of 100BASE-TX: the level moves on for a 1 and stays for a 0, so that the fastest wave it makes has
 * a quarter of the bit rate. The scrambler that 100BASE-TX puts between the two is left out, so that the codes can be seen.
 *
 * @param frame destination MAC first, without FCS; padded to 60 bytes.
 * @returns five levels for four bits of data. The gap is idle codes, which change the level with each bit.
 */
export function encodeMlt3(frame: Uint8Array): Waveform {
  const octets = wireOctets(frame);
  const gap = new Array<number>(GAP_CODES).fill(IDLE);
  const codes = [...START, ...codesOf(octets.subarray(1)), ...END, ...gap];
  const levels = new Int8Array(codes.length * CODE_BITS);
  let phase = 0;
  codes.forEach((code, i) => {
    for (let bit = 0; bit < CODE_BITS; bit++) {
      phase += (code >> (CODE_BITS - 1 - bit)) & 1;
      levels[i * CODE_BITS + bit] = CYCLE[phase % CYCLE.length] as number;
    }
  });
  return { levels, levelsPerBit: 1.25, parts: partsOfCodes(octets.length, levels.length) };
}

/** The frame in a waveform, from /J/K/ to /T/R/, the line's level before it being 0. @returns why there is none. */
export function decodeMlt3(levels: Int8Array): Uint8Array | LineFault {
  const codes: number[] = [];
  let phase = 0;
  let code = 0;
  for (let i = 0; i < levels.length; i++) {
    const moved = levels[i] === CYCLE[phase % CYCLE.length] ? 0 : 1;
    phase += moved;
    // A level that is neither where it was nor the next of the cycle.
    if (levels[i] !== CYCLE[phase % CYCLE.length]) return 'code-violation';
    code = (code << 1) | moved;
    if (i % CODE_BITS !== CODE_BITS - 1) continue;
    codes.push(code);
    code = 0;
  }
  if (codes[0] !== START[0] || codes[1] !== START[1]) return 'no-start-delimiter';
  const end = codes.findIndex((each, i) => each === END[0] && codes[i + 1] === END[1]);
  if (end < 0) return 'cut-short';
  const octets = octetsOf(codes.slice(2, end));
  return octets === null ? 'code-violation' : frameOfBits(bitsOf(octets));
}

function partsOfCodes(octets: number, total: number): WaveformPart[] {
  const at = (octet: number) => octet * OCTET_LEVELS;
  return [
    { name: 'preamble', start: 0, end: at(7) },
    { name: 'start delimiter', start: at(7), end: at(8) },
    { name: 'frame', start: at(8), end: at(octets - 4) },
    { name: 'frame check sequence', start: at(octets - 4), end: at(octets) },
    { name: 'end delimiter', start: at(octets), end: at(octets + 1) },
    { name: 'gap', start: at(octets + 1), end: total },
  ];
}
