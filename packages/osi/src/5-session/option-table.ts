import { ERRNO } from '../trace/index.ts';
import type { Credentials } from './credentials.ts';

/** One socket option: what reading it gives, what writing it does. Without one of them that is ENOPROTOOPT. */
export interface Option<S> {
  /** @param length the room that the program gave. @returns the value's bytes, or a negated errno. */
  readonly read?: (socket: S, length: number) => Uint8Array | number;
  /** @param by who calls. @returns 0 or a negated errno. */
  readonly write?: (socket: S, value: Uint8Array, by: Credentials) => number;
}

export type OptionTable<S> = ReadonlyMap<number, Option<S>>;

type ReadInteger<S> = (socket: S) => number;
type WriteInteger<S> = (socket: S, value: number) => number | undefined;

/**
 * An option that is a C `int` at levels SOL_SOCKET and IPPROTO_TCP: writing takes 4 bytes or more, else it is EINVAL;
 * reading gives as many of its 4 bytes as fit. A `read` below 0 is an errno.
 */
export function integer<S>(read: ReadInteger<S> | null, write?: WriteInteger<S>): Option<S> {
  return {
    ...(read !== null && { read: (socket: S, length: number) => intBytes(read(socket), length) }),
    ...(write && {
      write: (socket: S, value: Uint8Array) =>
        value.length < 4 ? -ERRNO.EINVAL : (write(socket, readInt(value, 0)) ?? 0),
    }),
  };
}

/** A flag: reading gives 0 or 1, writing takes any number. */
export function flag<S>(read: (socket: S) => boolean, write: (socket: S, on: boolean) => void): Option<S> {
  return integer<S>(
    (socket) => (read(socket) ? 1 : 0),
    (socket, value) => {
      write(socket, value !== 0);
      return 0;
    },
  );
}

/** An option at level IPPROTO_IP: also one byte is enough to write it, and to read it while it is 0–255 (`do_ip_setsockopt`). */
export function byteOrInteger<S>(read: ReadInteger<S>, write?: WriteInteger<S>): Option<S> {
  return {
    read: (socket, length) => {
      const value = read(socket);
      if (length > 0 && length < 4 && value >= 0 && value <= 255) return Uint8Array.of(value);
      return intBytes(value, length);
    },
    ...(write && {
      write: (socket: S, value: Uint8Array) => {
        const first = value[0];
        if (first === undefined) return -ERRNO.EINVAL;
        return write(socket, value.length >= 4 ? readInt(value, 0) : first) ?? 0;
      },
    }),
  };
}

/** A little-endian C `unsigned short` at `at`. */
export const readShort = (value: Uint8Array, at: number): number =>
  (value[at] ?? 0) | ((value[at + 1] ?? 0) << 8);

/** A little-endian C `int` at `at`. */
export function readInt(value: Uint8Array, at: number): number {
  const byte = (i: number): number => value[at + i] ?? 0;
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
}

/** Numbers as C `int`s, one after the other. */
export function ints(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

function intBytes(value: number, length: number): Uint8Array | number {
  return value < 0 && length >= 0 ? value : ints(value).subarray(0, Math.max(0, length));
}
