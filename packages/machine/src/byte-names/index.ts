/**
 * Names of files are bytes on Linux, and any but NUL and slash may be in them. Here they are text, as nearly all are UTF-8: a
 * byte that is not stands as the code unit U+DC00 + byte, which no text has by itself (Python's `surrogateescape`, PEP 383).
 */

const ESCAPE = 0xdc00;
/** The lowest byte that is not ASCII: only those need to be escaped. */
const FIRST_ESCAPED = ESCAPE + 0x80;
const LAST_ESCAPED = ESCAPE + 0xff;
const REPLACEMENT = '\ufffd';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export function textOfBytes(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  // Either it says so itself, or something in it was no UTF-8.
  return text.includes(REPLACEMENT) ? escaped(bytes) : text;
}

export function bytesOfText(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= FIRST_ESCAPED && code <= LAST_ESCAPED) bytes.push(code - ESCAPE);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceAt(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
        : decoder.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** How many bytes the character there takes; 0 where there is none (RFC 3629, section 4). */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  const second = bytes[at + 1] ?? 0;
  // Neither longer than need be, nor half of a pair, nor beyond the last character.
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (length === 0 || second < least || second > most) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
