import {
  concatenate,
  Reader,
  readExports,
  readImports,
  readSections,
  SECTION,
  sectionOf,
  signed,
  unsigned,
} from './binary.ts';
import { FIRST_REPLACED, HOOKED_IMPORTS, REPLACED_FUNCTIONS, type ReplacedFunction } from './imports.ts';

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
