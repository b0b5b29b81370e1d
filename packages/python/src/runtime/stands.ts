import type { InternetAddress } from '@netarium/osi/5-session';
import type { Emscripten } from './emscripten.ts';
import { readI32, writeI32 } from './memory.ts';
import {
  AF_INET6,
  decodeAddress,
  encodeAddress,
  type ForeignAddress,
  ipv6Bytes,
  ipv6Text,
} from './socket-addresses.ts';

const AF_INET = 2;
/** Port of the addresses that stand for those without ports. */
const PORT = 1;
/** Where our Python code's array has the number, the length and the bytes. */
const ENTRY = { number: 0, length: 4, bytes: 8 } as const;
/** Bytes of an IPv6 address, which begin our Python code's other array, and room for its text with a NUL. */
const IPV6 = { size: 16, text: 46 } as const;

/**
 * Addresses of families that this build of CPython was compiled without: its C code takes such a socket for one of
 * AF_INET, and an IPv4 address is a number that stands for another address here. `netarium_families.py` translates.
 * An IPv6 address keeps its port, so that a peer needs no number for each of its connections.
 */
export class Stands {
  readonly #addresses: ForeignAddress[] = [];
  readonly #numbers = new Map<string, number>();

  /** What C is given for an address. */
  stand(address: ForeignAddress): InternetAddress {
    const number = this.#numberOf(address);
    const quad = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');
    return { family: AF_INET, address: quad, port: address.family === AF_INET6 ? address.port : PORT };
  }

  /** The address that C means. @returns undefined for one that stands for nothing. */
  meant({ address, port }: InternetAddress): ForeignAddress | undefined {
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    const found = this.#addresses[number - 1];
    return found?.family === AF_INET6 ? { ...found, port } : found;
  }

  /** Our Python code asks for the number of an address (when it gives 0) or for the address of a number. */
  translate(python: Emscripten, pointer: number): number {
    const number = readI32(python, pointer + ENTRY.number);
    const at = pointer + ENTRY.bytes;
    if (number === 0) {
      const length = readI32(python, pointer + ENTRY.length);
      const address = decodeAddress(python.HEAPU8.slice(at, at + length));
      writeI32(python, pointer + ENTRY.number, address === undefined ? 0 : this.#numberOf(address));
    } else {
      const address = this.#addresses[number - 1];
      const bytes = address === undefined ? new Uint8Array() : encodeAddress(address);
      writeI32(python, pointer + ENTRY.length, bytes.length);
      python.HEAPU8.set(bytes, at);
    }
    return 0;
  }

  #numberOf(address: ForeignAddress): number {
    const known = address.family === AF_INET6 ? { ...address, port: 0 } : address;
    const key = Object.values(known).join(' ');
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#addresses.push(known);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** inet_pton(3): text behind room for the bytes. @returns 1, or 0 for text that is no address. */
export function readIpv6Text(python: Emscripten, pointer: number): number {
  const bytes = ipv6Bytes(python.UTF8ToString(pointer + IPV6.size));
  if (bytes !== undefined) python.HEAPU8.set(bytes, pointer);
  return bytes === undefined ? 0 : 1;
}

/** inet_ntop(3): bytes before room for the text. */
export function writeIpv6Text(python: Emscripten, pointer: number): number {
  const text = ipv6Text(python.HEAPU8.subarray(pointer, pointer + IPV6.size));
  python.stringToUTF8(text, pointer + IPV6.size, IPV6.text);
  return 1;
}
