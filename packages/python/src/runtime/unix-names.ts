import type { UnixAddress } from '@netarium/machine';
import type { SocketAddress } from '@netarium/osi/5-session';
import type { Emscripten } from './emscripten.ts';
import { readI32, writeI32 } from './memory.ts';

const AF_UNIX = 1;
const AF_INET = 2;
/** Port of the addresses that stand for names. */
const PORT = 1;
/** Where our Python code's array has the number, the length and the bytes. */
const ENTRY = { number: 0, length: 4, bytes: 8 } as const;
/** Bytes of `sun_path`. */
const LONGEST = 108;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Addresses of AF_UNIX, which this build of CPython was compiled without: its C code takes such a socket for one of
 * AF_INET, and an IPv4 address is a number that stands for a name here. `netarium_unix.py` translates.
 */
export class UnixNames {
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** What C is given for a name. */
  stand({ path }: UnixAddress): SocketAddress {
    const number = this.#numberOf(path);
    const address = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');
    return { family: AF_INET, address, port: PORT };
  }

  /** The name that C means. */
  meant({ address }: SocketAddress): UnixAddress {
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    return { family: AF_UNIX, path: this.#names[number - 1] ?? '' };
  }

  /** Our Python code asks for the number of a name (when it gives 0) or for the name of a number. */
  translate(python: Emscripten, pointer: number): number {
    const number = readI32(python, pointer + ENTRY.number);
    const at = pointer + ENTRY.bytes;
    if (number === 0) {
      const length = readI32(python, pointer + ENTRY.length);
      const path = textOf(python.HEAPU8.slice(at, at + length));
      writeI32(python, pointer + ENTRY.number, this.#numberOf(path));
    } else {
      const bytes = bytesOf(this.#names[number - 1] ?? '').subarray(0, LONGEST);
      writeI32(python, pointer + ENTRY.length, bytes.length);
      python.HEAPU8.set(bytes, at);
    }
    return 0;
  }

  #numberOf(path: string): number {
    let number = this.#numbers.get(path);
    if (number === undefined) {
      number = this.#names.push(path);
      this.#numbers.set(path, number);
    }
    return number;
  }
}

/** A path, which ends at its first NUL; or NUL and a character for each byte (see `UnixAddress`). */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0) return String.fromCharCode(...bytes);
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function bytesOf(path: string): Uint8Array {
  return path.startsWith('\0')
    ? Uint8Array.from(path, (character) => character.charCodeAt(0))
    : encoder.encode(path);
}
