import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** Which of the two who share a doorbell rings it: the thread of the machines, or the worker. */
export type Side = 'machine' | 'worker';

const INDEX = { machine: 0, worker: 1 } as const;

/**
 * One end of a port whose other end can be waited for without the event loop, which takes three times as long to
 * hand a message over as the kernel of this computer takes to wake a thread. Each message is followed by a ring.
 */
export class Doorbell {
  static readonly size = 8;
  readonly #port: MessagePort;
  readonly #rings: Int32Array;
  readonly #mine: number;
  readonly #theirs: number;

  constructor(port: MessagePort, memory: SharedArrayBuffer, side: Side) {
    this.#port = port;
    this.#rings = new Int32Array(memory);
    this.#mine = INDEX[side];
    this.#theirs = 1 - this.#mine;
  }

  post(message: unknown, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
    Atomics.add(this.#rings, this.#mine, 1);
    Atomics.notify(this.#rings, this.#mine);
  }

  /** Waits for the next message, at most `milliseconds`. @returns undefined when none came. */
  wait(milliseconds = Number.POSITIVE_INFINITY): unknown {
    for (;;) {
      const rung = Atomics.load(this.#rings, this.#theirs);
      const received = receiveMessageOnPort(this.#port) as { message: unknown } | undefined;
      if (received !== undefined) return received.message;
      if (Atomics.wait(this.#rings, this.#theirs, rung, milliseconds) === 'timed-out') return undefined;
    }
  }
}
