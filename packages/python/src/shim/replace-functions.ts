import { FIRST_REPLACED, HOOKED_IMPORTS, REPLACED_FUNCTIONS, type ReplacedFunction } from './imports.ts';

const SECTION = { import: 2, export: 7, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
const OPCODE = {
  end: 0x0b,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  i32Const: 0x41,
  i64Const: 0x42,
  i64ShiftRight: 0x87,
  i32Wrap: 0xa7,
  i64Extend: 0xac,
} as const;

/** The import that the new bodies call: its parameters are the number of the function, and six words. */
const TARGET = HOOKED_IMPORTS.getnameinfo;
const WORDS = TARGET.parameters.length - 1;

/**
 * Gives some functions of the CPython binary new bodies: they pass their arguments, with a number that says which
 * of `REPLACED_FUNCTIONS` it is, to the `getnameinfo` import and return its result. Everything else stays as it was
 * (Core Specification 2.0, section 5: binary format).
 * @throws an Error that names a function the binary does not export.
 */
export function replaceFunctions(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(binary);
  const imports = readImports(new Reader(binary, sectionOf(sections, SECTION.import).start));
  const target = imports.indexOf(TARGET.name);
  if (target < 0) throw new Error(`The binary does not import ${TARGET.name}.`);
  const exported = readExports(new Reader(binary, sectionOf(sections, SECTION.export).start));

  const bodies = new Map<number, Uint8Array>();
  Object.entries(REPLACED_FUNCTIONS).forEach(([name, replaced], number) => {
    const index = exported.get(name);
    if (index === undefined) throw new Error(`The binary does not export ${name}.`);
    bodies.set(index - imports.length, body(FIRST_REPLACED - number, replaced, target));
  });

  const code = sectionOf(sections, SECTION.code);
  const reader = new Reader(binary, code.start);
  const count = reader.unsigned();
  const pieces: Uint8Array[] = [Uint8Array.from(unsigned(count))];
  let kept = reader.at;
  for (let index = 0; index < count; index++) {
    const start = reader.at;
    const size = reader.unsigned();
    reader.at += size;
    const replacement = bodies.get(index);
    if (replacement === undefined) continue;
    pieces.push(binary.subarray(kept, start), Uint8Array.from(unsigned(replacement.length)), replacement);
    kept = reader.at;
  }
  pieces.push(binary.subarray(kept, reader.at));
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return concatenate([
    binary.subarray(0, code.header),
    Uint8Array.from([SECTION.code, ...unsigned(size)]),
    ...pieces,
    binary.subarray(code.end),
  ]);
}

function body(number: number, { parameters, result }: ReplacedFunction, target: number): Uint8Array {
  const words: number[][] = [];
  [...parameters].forEach((type, index) => {
    const parameter = [OPCODE.localGet, ...unsigned(index)];
    if (type === 'i') words.push(parameter);
    if (type === 'I') {
      words.push([...parameter, OPCODE.i32Wrap]);
      words.push([...parameter, OPCODE.i64Const, 32, OPCODE.i64ShiftRight, OPCODE.i32Wrap]);
    }
  });
  if (words.length > WORDS) throw new Error(`More than ${WORDS} words cannot be passed on: ${parameters}.`);
  while (words.length < WORDS) words.push([OPCODE.i32Const, 0]);
  const end = { i: [], I: [OPCODE.i64Extend], '': [OPCODE.drop] }[result];
  return Uint8Array.from([
    0,
    OPCODE.i32Const,
    ...signed(number),
    ...words.flat(),
    OPCODE.call,
    ...unsigned(target),
    ...end,
    OPCODE.end,
  ]);
}

interface Section {
  readonly id: number;
  /** Where its header, its contents, and what follows it begin. */
  readonly header: number;
  readonly start: number;
  readonly end: number;
}

function readSections(binary: Uint8Array): Section[] {
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

function sectionOf(sections: readonly Section[], id: number): Section {
  const section = sections.find((one) => one.id === id);
  if (section === undefined) throw new Error(`The binary has no section ${id}.`);
  return section;
}

/** The names of the imported functions, in the order of their indices. */
function readImports(reader: Reader): string[] {
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

function readExports(reader: Reader): Map<string, number> {
  const functions = new Map<string, number>();
  for (let count = reader.unsigned(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === KIND.function) functions.set(name, index);
  }
  return functions;
}

class Reader {
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

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
  return bytes;
}

function signed(value: number): number[] {
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

function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
