import type { UnixAddress } from '@netarium/machine';
import type { PacketAddress, SocketAddress } from '@netarium/osi/5-session';
import type { Emscripten } from './emscripten.ts';
import { writeI32 } from './memory.ts';
import type { UnixNames } from './unix-names.ts';

/** `struct sockaddr_in` of ip(7), as C has it in memory. */
const SIZE = 16;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_PACKET = 17;

/** @returns the address, or undefined when it is none of a family we have. */
export function readAddress(python: Emscripten, pointer: number, length: number): SocketAddress | undefined {
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
  address: SocketAddress | UnixAddress | PacketAddress | null,
  unixNames: UnixNames,
): void {
  if (pointer === 0) return;
  if (address === null) {
    if (lengthPointer !== 0) writeI32(python, lengthPointer, 0);
    return;
  }
  if (address.family === AF_PACKET) {
    // `struct sockaddr_ll`: this build of CPython knows only its family.
    if (lengthPointer !== 0) writeI32(python, lengthPointer, 2);
    python.HEAPU8.set([AF_PACKET, 0], pointer);
    return;
  }
  if (address.family === AF_UNIX) {
    writeAddress(python, pointer, lengthPointer, unixNames.stand(address), unixNames);
    return;
  }
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, address.port);
  bytes.set(address.address.split('.').map(Number), 4);
  const room = lengthPointer === 0 ? SIZE : (python.HEAPU32[lengthPointer >>> 2] ?? 0);
  python.HEAPU8.set(bytes.subarray(0, room), pointer);
  if (lengthPointer !== 0) writeI32(python, lengthPointer, SIZE);
}
