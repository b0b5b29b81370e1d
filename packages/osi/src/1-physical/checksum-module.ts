/**
 * A WebAssembly module of one function, `sum(at, length)`: the sum of the 16-bit words of its memory from `at` on,
 * folded to 16 bits in network byte order (RFC 1071). It is written out here instruction by instruction (WebAssembly
 * Core Specification 3.0, section 5), so that nothing has to be assembled before the stack can run.
 *
 * The main loop takes 64 bytes at a time: four vectors of eight words are added pairwise into four 32-bit
 * lanes. A lane holds the words of 512 KiB without overflow, far more than a frame has.
 */

// Section 5.4: instructions.
const BLOCK = 0x02;
const LOOP = 0x03;
const END = 0x0b;
const BR = 0x0c;
const BR_IF = 0x0d;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const I32_CONST = 0x41;
const I32_LOAD8_U = 0x2d;
const I32_LOAD16_U = 0x2f;
const I32_GT_U = 0x4b;
const I32_ADD = 0x6a;
const I32_AND = 0x71;
const I32_OR = 0x72;
const I32_SHL = 0x74;
const I32_SHR_U = 0x76;
const V128_LOAD = [0xfd, 0x00];
const I32X4_EXTRACT_LANE = [0xfd, 0x1b];
const I32X4_EXTADD_PAIRWISE_I16X8_U = [0xfd, 0x7f];
const I32X4_ADD = [0xfd, 0xae, 0x01];
const V128_CONST = [0xfd, 0x0c];

// Section 5.3: types.
const I32 = 0x7f;
const V128 = 0x7b;
const FUNCTION = 0x60;
const NO_RESULT = 0x40;

// The function's parameters and locals.
const AT = 0;
const LENGTH = 1;
const STOP = 2;
const TOTAL = 3;
const LANES = 4;

const get = (local: number): number[] => [LOCAL_GET, local];
const set = (local: number): number[] => [LOCAL_SET, local];
const constant = (value: number): number[] => [I32_CONST, ...signed(value)];

/** The lanes, and on top of them the eight words at `AT + offset` added pairwise: `lanes += pairs`. */
const addVector = (offset: number): number[] => [
  ...V128_LOAD,
  0,
  ...unsigned(offset),
  ...I32X4_EXTADD_PAIRWISE_I16X8_U,
];

/** Repeats `body`, which handles `step` bytes, while at least that many are left. */
const eachStep = (step: number, body: readonly number[]): number[] => [
  BLOCK,
  NO_RESULT,
  LOOP,
  NO_RESULT,
  ...[...get(AT), ...constant(step), I32_ADD, ...get(STOP), I32_GT_U, BR_IF, 1],
  ...body,
  ...[...get(AT), ...constant(step), I32_ADD, ...set(AT)],
  BR,
  0,
  END,
  END,
];

/** The end-around carry of the upper half, once: `total = (total & 0xffff) + (total >>> 16)`. */
const FOLD = [
  ...[...get(TOTAL), ...constant(0xffff), I32_AND],
  ...[...get(TOTAL), ...constant(16), I32_SHR_U, I32_ADD, ...set(TOTAL)],
];

const addLane = (lane: number): number[] => [
  ...[...get(LANES), ...I32X4_EXTRACT_LANE, lane],
  ...[...get(TOTAL), I32_ADD, ...set(TOTAL)],
];

const BODY = [
  ...[...get(AT), ...get(LENGTH), I32_ADD, ...set(STOP)],
  ...[...V128_CONST, ...new Array<number>(16).fill(0), ...set(LANES)],
  ...eachStep(64, [
    ...get(LANES),
    ...[0, 16, 32, 48].flatMap((offset) => [...get(AT), ...addVector(offset), ...I32X4_ADD]),
    ...set(LANES),
  ]),
  ...eachStep(16, [...get(LANES), ...get(AT), ...addVector(0), ...I32X4_ADD, ...set(LANES)]),
  ...[0, 1, 2, 3].flatMap(addLane),
  // Up to 16 bytes are left: their words cannot make the folded total overflow.
  ...FOLD,
  ...eachStep(2, [...get(TOTAL), ...get(AT), I32_LOAD16_U, 0, 0, I32_ADD, ...set(TOTAL)]),
  ...eachStep(1, [...get(TOTAL), ...get(AT), I32_LOAD8_U, 0, 0, I32_ADD, ...set(TOTAL)]),
  ...FOLD,
  ...FOLD,
  // Words were read with their bytes the other way round, which swaps the sum's bytes too (RFC 1071 section 2, B).
  ...[...get(TOTAL), ...constant(8), I32_SHL, ...constant(0xff00), I32_AND],
  ...[...get(TOTAL), ...constant(8), I32_SHR_U, I32_OR],
  END,
];

const LOCALS = [2, ...[2, I32], ...[1, V128]];

const MODULE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, FUNCTION, 2, I32, I32, 1, I32]),
  ...section(2, [1, ...name('frames'), ...name('memory'), 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...name('sum'), 0, 0]),
  ...section(10, [1, ...sized([...LOCALS, ...BODY])]),
]);

let compiled: WebAssembly.Module | null | undefined;

/** The module, or null where the platform has no WebAssembly with SIMD. */
export function checksumModule(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(MODULE);
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/** LEB128 (section 5.2.2). */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x3f; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function name(text: string): number[] {
  return sized([...text].map((letter) => letter.charCodeAt(0)));
}
