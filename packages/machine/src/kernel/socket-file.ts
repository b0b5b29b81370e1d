import type { PacketSocket, Received, Socket, SocketAddress } from '@netarium/osi/5-session';
import type { Nanoseconds } from '@netarium/osi/time';
import type { FileStatus, ReceivedDescriptor, UnixAddress } from '../system-calls.ts';
import { MSG_DONTWAIT, MSG_ERRQUEUE, O_RDWR, S_IFSOCK } from './constants.ts';
import type { LentBuffers } from './lent-buffers.ts';
import { type Caller, OpenFile } from './open-file.ts';
import type { Passenger } from './unix/queue.ts';
import { UnixSocket } from './unix/unix-socket.ts';

/** An open file as those are told of it who receive or inherit it. */
export function describeFile(fd: number, file: OpenFile): ReceivedDescriptor {
  const { domain, type } = file instanceof SocketFile ? file.socket : { domain: 0, type: 0 };
  return { fd, mode: file.status().mode, flags: file.flags, domain, type };
}

const LARGEST_PACKET = 65_535;

type ReceivedData = Omit<Received, 'address'> & {
  readonly address: SocketAddress | UnixAddress | null;
  readonly data: Uint8Array;
  /** Open files that came along: held once for the receiver. */
  readonly passengers?: readonly Passenger[];
};

/** A socket as an open file. */
export class SocketFile extends OpenFile {
  readonly socket: Socket | UnixSocket | PacketSocket;
  readonly inode: number;
  readonly uid: number;
  readonly #onClosed: (file: SocketFile) => void;

  constructor(
    socket: Socket | UnixSocket | PacketSocket,
    inode: number,
    uid: number,
    flags: number,
    onClosed: (file: SocketFile) => void,
  ) {
    super(O_RDWR | flags);
    this.socket = socket;
    this.inode = inode;
    this.uid = uid;
    this.#onClosed = onClosed;
  }

  /** `called` is told when urgent data is announced. */
  watchUrgent(called: () => void): void {
    if ('watchUrgent' in this.socket) this.socket.watchUrgent(called);
  }

  get link(): string {
    return `socket:[${this.inode}]`;
  }

  override get readTimeout(): Nanoseconds {
    return this.socket.receiveTimeout;
  }

  override get writeTimeout(): Nanoseconds {
    return this.socket.sendTimeout;
  }

  /**
   * Receives into a buffer no larger than needed.
   *
   * @param lent gives buffers, which are larger. @returns what came, or a negated errno.
   */
  receive(length: number, flags: number, lent?: LentBuffers): ReceivedData | number {
    // What waits in the error queue (at most a packet) is not counted as readable.
    const waiting = (flags & MSG_ERRQUEUE) !== 0 ? LARGEST_PACKET : Math.max(this.socket.readable, 1);
    const size = Math.min(length, waiting);
    const borrowed = lent?.take(size);
    const into = borrowed ?? new Uint8Array(size);
    const received = this.socket.receive(into, flags);
    if (typeof received === 'number') {
      if (borrowed !== undefined) lent?.giveBack(borrowed);
      return received;
    }
    if (received.length === into.length) return { ...received, data: into };
    const cut = borrowed === undefined ? into.slice(0, received.length) : into.subarray(0, received.length);
    return { ...received, data: cut };
  }

  override read(length: number): Uint8Array | number {
    const received = this.receive(length, 0);
    if (typeof received === 'number') return received;
    for (const passenger of received.passengers ?? []) passenger.release();
    return received.data;
  }

  override write(data: Uint8Array, by: Caller): number {
    const { socket } = this;
    if (socket instanceof UnixSocket) return socket.send(data, 0, null);
    return socket.send(data, this.nonBlocking ? MSG_DONTWAIT : 0, null, by.call);
  }

  override status(): FileStatus {
    return { ino: this.inode, mode: S_IFSOCK | 0o777, uid: this.uid, gid: this.uid, size: 0, mtime: 0 };
  }

  override poll(): number {
    return this.socket.poll();
  }

  override subscribe(changed: () => void): () => void {
    return this.socket.subscribe(changed);
  }

  protected override closed(): void {
    this.socket.close();
    this.#onClosed(this);
  }
}
