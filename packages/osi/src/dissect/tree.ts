/**
 * The tree of named fields that a frame's bytes are read into.
 *
 * Names, labels and texts are Wireshark's, so that filters and knowledge carry over. Each protocol reads its own
 * part in the `dissect.ts` beside its codec and writes it with a `Pen`; this file stands below all of them.
 */

/** Layers of the OSI model, from the bottom: 1 physical … 7 application. */
export type OsiLayer = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export type FieldValue = number | string | Uint8Array;

/** A stretch of bits, counted from the first bit of the frame; bit 0 is the most significant one of byte 0. */
export interface BitRange {
  readonly bitOffset: number;
  readonly bitLength: number;
}

/** One field: where it is, what it is called, what it says. */
export interface Field extends BitRange {
  /** Wireshark's filter name, `tcp.flags.syn`; empty for a mere heading. */
  readonly name: string;
  /** What Wireshark calls it: `Syn`. */
  readonly label: string;
  /** Its value in words, as it stands behind the label: `Set`; empty when there is nothing to say. */
  readonly text: string;
  /** A number, an address or flag string, or the bytes themselves (a view of the frame). */
  readonly value: FieldValue;
  /** For a part of a byte or word: the whole one it is drawn in, `.... ..1.`. */
  readonly within?: BitRange;
  /** Bits in the midst of its own that belong to another field. */
  readonly gap?: BitRange;
  /** True when no bits say so, but the reader worked it out: a checksum's status, a payload's length. */
  readonly generated: boolean;
  readonly children: readonly Field[];
}

/** A protocol's part of a frame, with its OSI layer. `bitLength` covers its header, not its payload, as in Wireshark. */
export interface ProtocolField extends Field {
  readonly layer: OsiLayer;
}

/** Where the reading of a frame had to end, and why. */
export interface Malformed {
  /** The protocol that was being read: `UDP`. */
  readonly protocol: string;
  /** The first bit that could not be read. */
  readonly bitOffset: number;
  /** One sentence: what was needed and what was there. */
  readonly reason: string;
}

/** One frame, read. */
export interface FieldTree {
  readonly bytes: Uint8Array;
  /** From the outermost protocol inwards. Protocols inside a payload of their own (ICMP errors) are children there. */
  readonly protocols: readonly ProtocolField[];
  /** Null when the whole frame could be read. The last protocol is `_ws.malformed` otherwise. */
  readonly malformed: Malformed | null;
}

/** What earlier frames of a capture tell about a TCP segment: what `dissect` cannot know from its bytes alone. */
export interface TcpContext {
  /** The connection's number in the capture, from 0 (`tcp.stream`). */
  readonly stream: number;
  /** The number that counts as relative 0 in the sender's direction, and in the other one. */
  readonly sequenceBase: number;
  readonly acknowledgmentBase: number;
  /** What the window field is multiplied with: a power of two; -1 unknown; -2 no scaling in this connection. */
  readonly windowScale: number;
  /** Seconds since the connection's first frame in the capture, and since its previous one. */
  readonly timeRelative: number;
  readonly timeDelta: number;
}

export interface FrameContext {
  readonly tcp?: TcpContext;
}

/** The unsigned number in `length` (at most 32) bits from bit `offset`; bits behind the end count as 0. */
export function bitsAt(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let bit = offset; bit < offset + length; bit++) {
    value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  }
  return value;
}

/** What a field's line says in Wireshark's tree: `.... ..1. = Syn: Set`. */
export function fieldLine(bytes: Uint8Array, field: Field): string {
  const link = !('layer' in field) ? ': ' : field.text.startsWith('(') ? ' ' : ', ';
  const said = field.text === '' ? field.label : field.label + link + field.text;
  return field.within === undefined ? said : `${bitPattern(bytes, field, field.within)} = ${said}`;
}

/** The bits of `range` as digits among the dots of `within`, in groups of four: `.... ..1.`. */
export function bitPattern(
  bytes: Uint8Array,
  range: BitRange & { readonly gap?: BitRange },
  within: BitRange,
): string {
  let text = '';
  for (let bit = 0; bit < within.bitLength; bit++) {
    const at = within.bitOffset + bit;
    const own = covers(range, at) && !(range.gap && covers(range.gap, at));
    text += `${bit > 0 && bit % 4 === 0 ? ' ' : ''}${own ? bitsAt(bytes, at, 1) : '.'}`;
  }
  return text;
}

const covers = ({ bitOffset, bitLength }: BitRange, bit: number): boolean =>
  bit >= bitOffset && bit < bitOffset + bitLength;
