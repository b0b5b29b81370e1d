import { Reader, readExports, readImports, readSections, SECTION, sectionOf, unsigned } from './binary.ts';

const CALL = 0x10;
const I32_CONST = 0x41;
/** What `_PyIO_trap_eintr` (Modules/_io/bufferedio.c) calls, and nothing else in the binary does. */
const CALLED = ['PyErr_ExceptionMatches', 'PyErr_GetRaisedException', 'PyLong_AsLongAndOverflow'] as const;
/** EINTR as the binary was compiled with it, and Linux's. */
const EINTR = { wasi: 27, linux: 4 } as const;
/** The function is short. */
const LONGEST = 400;

/**
 * Buffered files write again after an error that is EINTR, and know it by the number that Python's exception has: there that
 * is Linux's (`libc.ts`). The number that the binary was compiled with is EFBIG on Linux, and it would try for ever.
 *
 * @throws an Error when the one place where it asks is not found.
 */
export function trapLinuxInterrupts(binary: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const sections = readSections(binary);
  const exported = readExports(new Reader(binary, sectionOf(sections, SECTION.export).start));
  const imports = readImports(new Reader(binary, sectionOf(sections, SECTION.import).start)).length;
  const calls = CALLED.map((name) => {
    const index = exported.get(name);
    if (index === undefined || index < imports) throw new Error(`The binary does not export ${name}.`);
    return [CALL, ...unsigned(index)];
  });
  const reader = new Reader(binary, sectionOf(sections, SECTION.code).start);
  const places: number[] = [];
  for (let count = reader.unsigned(); count > 0; count--) {
    const size = reader.unsigned();
    const body = binary.subarray(reader.at, reader.at + size);
    if (size <= LONGEST && calls.every((call) => indexOf(body, call) >= 0)) {
      const at = indexOf(body, [I32_CONST, EINTR.wasi]);
      if (at >= 0) places.push(reader.at + at + 1);
    }
    reader.at += size;
  }
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error(`Expected one place where the binary asks for EINTR, found ${places.length}.`);
  const patched = binary.slice();
  patched[place] = EINTR.linux;
  return patched;
}

function indexOf(bytes: Uint8Array, wanted: readonly number[]): number {
  for (let at = 0; at + wanted.length <= bytes.length; at++)
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  return -1;
}
