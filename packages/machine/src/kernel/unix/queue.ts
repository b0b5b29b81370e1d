import type { UnixAddress } from '../../system-calls.ts';

/** An open file on its way from one process to another (SCM_RIGHTS). */
export interface Passenger {
  hold(): void;
  release(): void;
}

/** What one send brought. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly from: UnixAddress | null;
  readonly passengers: readonly Passenger[];
  /** It has left the queue: its sender has room again. */
  received(): void;
}

/** What a receive call brought. */
export interface UnixReceived {
  readonly length: number;
  /** The sender's name, of a datagram. */
  readonly address: UnixAddress | null;
  readonly truncated: boolean;
  readonly whole: number;
  readonly passengers: readonly Passenger[];
}

interface Waiting {
  readonly message: Message;
  /** What of it has not been read. */
  bytes: Uint8Array;
  passengers: readonly Passenger[];
}

/**
 * What waits to be received. Files that came with it are held until then; who receives them has them held and lets them
 * go when they have a descriptor.
 */
export class UnixQueue {
  readonly #waiting: Waiting[] = [];

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** All bytes that wait. */
  get size(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get firstLength(): number {
    return this.#waiting[0]?.bytes.length ?? 0;
  }

  push(message: Message): void {
    const { bytes, passengers } = message;
    for (const passenger of passengers) passenger.hold();
    this.#waiting.push({ message, bytes, passengers });
  }

  /** A stream: bytes of several messages, up to one that files came with (`unix_stream_read_generic`). */
  readStream(into: Uint8Array, peek: boolean): UnixReceived {
    let length = 0;
    let passengers: readonly Passenger[] = [];
    for (const waiting of [...this.#waiting]) {
      const part = waiting.bytes.subarray(0, into.length - length);
      const whole = part.length === waiting.bytes.length;
      into.set(part, length);
      length += part.length;
      passengers = take(waiting, peek);
      if (!peek) {
        waiting.bytes = waiting.bytes.subarray(part.length);
        if (whole) this.#leave();
      }
      if (!whole || passengers.length > 0 || length === into.length) break;
    }
    return { length, address: null, truncated: false, whole: length, passengers };
  }

  /** A message, cut to the room there is. @returns null when none waits. */
  readPacket(into: Uint8Array, peek: boolean): UnixReceived | null {
    const waiting = this.#waiting[0];
    if (waiting === undefined) return null;
    const { bytes } = waiting;
    const length = Math.min(bytes.length, into.length);
    into.set(bytes.subarray(0, length));
    const passengers = take(waiting, peek);
    if (!peek) this.#leave();
    const { from: address } = waiting.message;
    return { length, address, truncated: bytes.length > length, whole: bytes.length, passengers };
  }

  clear(): void {
    while (!this.empty) this.#leave();
  }

  /** The first one leaves, and what files nobody has taken. */
  #leave(): void {
    const gone = this.#waiting.shift();
    for (const passenger of gone?.passengers ?? []) passenger.release();
    gone?.message.received();
  }
}

function take(waiting: Waiting, peek: boolean): readonly Passenger[] {
  const { passengers } = waiting;
  if (peek) for (const passenger of passengers) passenger.hold();
  else waiting.passengers = [];
  return passengers;
}
