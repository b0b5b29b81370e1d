/** Reading and writing WebAssembly's binary format, as far as the binary is changed (Core Specification 2.0, section 5). */

export const SECTION = { import: 2, export: 7, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

interface Section {
  readonly id: number;
  /** Where its header, its contents, and what follows it begin. */
  readonly header: number;
  readonly start: number;
  readonly end: number;
}

export function readSections(binary: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(binary, 8);
  while (reader.at < binary.length) {
    const header = reader.at;
    const id = reader.byte();
    const size = reader.unsigned();
    sections.push({ id, header, start: reader.at, end: reader.at + size });
    reader.at += size;
  }
  return sections;
}

export function sectionOf(sections: readonly Section[], id: number): Section {
  const section = sections.find((one) => one.id === id);
  if (section === undefined) throw new Error(`The binary has no section ${id}.`);
  return section;
}

/** The names of the imported functions, in the order of their indices. */
export function readImports(reader: Reader): string[] {
  const names: string[] = [];
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === KIND.function) {
      reader.unsigned();
      names.push(name);
    } else if (kind === KIND.global) {
      reader.at += 2;
    } else if (kind === KIND.tag) {
      reader.byte();
      reader.unsigned();
    } else {
      if (kind === KIND.table) reader.byte();
      const limits = reader.byte();
      reader.unsigned();
      if (limits & 1) reader.unsigned();
    }
  }
  return names;
}

export function readExports(reader: Reader): Map<string, number> {
  const functions = new Map<string, number>();
  for (let count = reader.unsigned(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === KIND.function) functions.set(name, index);
  }
  return functions;
}

export class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Error('The binary ends too early.');
    return byte;
  }

  /** LEB128. */
  unsigned(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }

  name(): string {
    const length = this.unsigned();
    this.at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at));
  }
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
  return bytes;
}

export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
