import type { ReceivedDescriptor, ReceivedMessage, ReplicaFile } from '@netarium/machine';
import type { Descriptors } from './descriptors.ts';
import type { Emscripten, Stream } from './emscripten.ts';
import { type Control, headerControls, headerControls6 } from './header-controls.ts';
import { readI32, readU32, writeI32 } from './memory.ts';
import { AF_INET6 } from './socket-addresses.ts';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_TRUNC = 0x20;
const MSG_CTRUNC = 0x8;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** `struct cmsghdr` as the binary lays it out (32-bit musl); data and headers begin at multiples of four. */
const HEADER = { length: 0, level: 4, type: 8, size: 12 } as const;
/** Where `struct msghdr` has its control messages and its flags. */
const MSG = { control: 16, controlLength: 20, flags: 24 } as const;

/** Ancillary data of sendmsg(2) and recvmsg(2) (cmsg(3)): descriptors, and what a packet's header said. */
export class ControlMessages {
  readonly #python: Emscripten;
  readonly #descriptors: Descriptors;
  /** Open files of the replica that are on their way: for the case that this process receives them itself. */
  readonly #away = new Map<string, Stream>();
  readonly #sender: string;
  #keys = 0;

  /** @param sender a name for this process. */
  constructor(python: Emscripten, descriptors: Descriptors, sender: string) {
    this.#python = python;
    this.#descriptors = descriptors;
    this.#sender = sender;
  }

  /** The descriptors that a message carries, and its other control messages. @returns undefined when one is not open. */
  sent(message: number): { rights: (number | ReplicaFile)[]; controls: Control[] } | undefined {
    const python = this.#python;
    const rights: (number | ReplicaFile)[] = [];
    const controls: Control[] = [];
    const end = readU32(python, message + MSG.controlLength);
    const control = readU32(python, message + MSG.control);
    for (let at = 0; at + HEADER.size <= end; ) {
      const header = control + at;
      const length = readU32(python, header + HEADER.length);
      if (length < HEADER.size || at + length > end) break;
      const level = readI32(python, header + HEADER.level);
      const type = readI32(python, header + HEADER.type);
      if (level === SOL_SOCKET && type === SCM_RIGHTS) {
        for (let data = HEADER.size; data + 4 <= length; data += 4) {
          const right = this.#right(readI32(python, header + data));
          if (right === undefined) return undefined;
          rights.push(right);
        }
      } else controls.push({ level, type, data: python.HEAPU8.slice(header + HEADER.size, header + length) });
      at += (length + 3) & ~3;
    }
    return { rights, controls };
  }

  /** How many descriptors there is room for. */
  roomOf(message: number): number {
    const room = readU32(this.#python, message + MSG.controlLength) - HEADER.size;
    return readU32(this.#python, message + MSG.control) === 0 ? 0 : Math.max(0, room >> 2);
  }

  /** Writes what came with a message to a socket of `domain`, and its flags; as much as there is room for (`put_cmsg`). */
  write(message: number, received: ReceivedMessage, flags: number, domain: number): void {
    const python = this.#python;
    const room = readU32(python, message + MSG.controlLength);
    let seen = (received.truncated ? MSG_TRUNC : 0) | (received.flags ?? 0);
    let at = 0;
    for (const { level, type, data } of this.#controls(received, flags, domain)) {
      if (room - at < HEADER.size) {
        seen |= MSG_CTRUNC;
        break;
      }
      const header = readU32(python, message + MSG.control) + at;
      const fitting = data.subarray(0, room - at - HEADER.size);
      if (fitting.length < data.length) seen |= MSG_CTRUNC;
      writeI32(python, header + HEADER.length, HEADER.size + fitting.length);
      writeI32(python, header + HEADER.level, level);
      writeI32(python, header + HEADER.type, type);
      python.HEAPU8.set(fitting, header + HEADER.size);
      at = Math.min(room, at + ((HEADER.size + fitting.length + 3) & ~3));
    }
    writeI32(python, message + MSG.controlLength, at);
    writeI32(python, message + MSG.flags, seen);
  }

  #controls(received: ReceivedMessage, flags: number, domain: number): Control[] {
    const controls = domain === AF_INET6 ? headerControls6(received) : headerControls(received);
    const { rights = [] } = received;
    const closeOnExec = (flags & MSG_CMSG_CLOEXEC) !== 0;
    const landed = rights.map((right) => this.#land(right, closeOnExec));
    if (landed.length > 0) controls.push({ level: SOL_SOCKET, type: SCM_RIGHTS, data: ints(landed) });
    return controls;
  }

  #right(fd: number): number | ReplicaFile | undefined {
    const { FS } = this.#python;
    const descriptor = this.#descriptors.get(fd);
    if (descriptor !== undefined) return descriptor.file.fd;
    const stream = FS.getStream(fd);
    if (!stream) return undefined;
    const key = `${this.#sender}:${this.#keys++}`;
    // It is open, but has no number until it lands.
    const away = FS.dupStream(stream);
    FS.closeStream(away.fd);
    this.#away.set(key, away);
    return { key, path: stream.path, flags: stream.flags, position: stream.position };
  }

  #land(right: ReceivedDescriptor | ReplicaFile, closeOnExec: boolean): number {
    const { FS } = this.#python;
    if ('fd' in right) return this.#descriptors.receive(right, { closeOnExec });
    const away = this.#away.get(right.key);
    this.#away.delete(right.key);
    const stream = away === undefined ? FS.open(right.path, right.flags) : FS.createStream(away);
    if (away === undefined) stream.position = right.position;
    stream.closeOnExec = closeOnExec;
    return stream.fd;
  }
}

function ints(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
