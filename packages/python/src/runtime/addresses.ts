import type { InternetAddress } from '@netarium/osi/5-session';
import type { Emscripten } from './emscripten.ts';
import { writeI32 } from './memory.ts';
import type { ForeignAddress } from './socket-addresses.ts';
import type { Stands } from './stands.ts';

/** `struct sockaddr_in` of ip(7), as C has it in memory. */
const SIZE = 16;
const AF_INET = 2;

/** @returns the address, or undefined when it is none that C knows. */
export function readAddress(
  python: Emscripten,
  pointer: number,
  length: number,
): InternetAddress | undefined {
  if (length < 8) return undefined;
  const bytes = python.HEAPU8.subarray(pointer, pointer + 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (view.getUint16(0, true) !== AF_INET) return undefined;
  return { family: AF_INET, address: bytes.subarray(4, 8).join('.'), port: view.getUint16(2) };
}

/** Writes an address where C asked for one: nowhere if `pointer` is 0, cut to the length that is given. */
export function writeAddress(
  python: Emscripten,
  pointer: number,
  lengthPointer: number,
  address: InternetAddress | ForeignAddress | null,
  stands: Stands,
): void {
  if (pointer === 0) return;
  if (address === null) {
    if (lengthPointer !== 0) writeI32(python, lengthPointer, 0);
    return;
  }
  const shown = address.family === AF_INET ? address : stands.stand(address);
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, shown.port);
  bytes.set(shown.address.split('.').map(Number), 4);
  const room = lengthPointer === 0 ? SIZE : (python.HEAPU32[lengthPointer >>> 2] ?? 0);
  python.HEAPU8.set(bytes.subarray(0, room), pointer);
  if (lengthPointer !== 0) writeI32(python, lengthPointer, SIZE);
}
