import { type Frame, releaseAll } from '../../1-physical/index.ts';

/**
 * Bytes that came in order and wait for the program. They stay in the frames they came in until they are read.
 *
 * A frame's slot is much larger than a small segment; so that a thousand of those do not pin a thousand slots,
 * what fits behind the data of the last frame is copied there (Linux: tcp_try_coalesce).
 */
export class ReceiveQueue {
  /** Bytes in it. */
  length = 0;
  #head: Frame | null = null;
  #tail: Frame | null = null;

  /** Takes over `frame`, whose data is `[start, end)` and not empty. @returns whether it was copied to the last frame. */
  push(frame: Frame): boolean {
    const size = frame.end - frame.start;
    this.length += size;
    const tail = this.#tail;
    if (tail === null) {
      this.#head = frame;
    } else if (size <= tail.bytes.length - tail.end) {
      tail.bytes.set(frame.data(), tail.end);
      tail.end += size;
      frame.release();
      return true;
    } else {
      tail.next = frame;
    }
    frame.next = null;
    this.#tail = frame;
    return false;
  }

  /** Copies up to `into.length` bytes out; with `peek` they stay. @returns how many. */
  read(into: Uint8Array, peek: boolean): number {
    let done = 0;
    let frame = this.#head;
    while (frame !== null && done < into.length) {
      const count = Math.min(frame.end - frame.start, into.length - done);
      into.set(count === frame.length ? frame.data() : frame.data().subarray(0, count), done);
      done += count;
      const { next } = frame;
      if (!peek) this.#take(frame, count);
      frame = next;
    }
    return done;
  }

  /** Lets the next `count` bytes, of those that are there, go unread. */
  skip(count: number): void {
    let left = count;
    while (left > 0 && this.#head !== null) {
      const some = Math.min(left, this.#head.end - this.#head.start);
      this.#take(this.#head, some);
      left -= some;
    }
  }

  clear(): void {
    releaseAll(this.#head);
    this.#head = null;
    this.#tail = null;
    this.length = 0;
  }

  #take(frame: Frame, count: number): void {
    this.length -= count;
    frame.start += count;
    if (frame.start < frame.end) return;
    this.#head = frame.next;
    if (frame.next === null) this.#tail = null;
    frame.release();
  }
}

/** That of every connection whose program has read all there was. Nothing is ever put into it. */
export const NOTHING_RECEIVED = new ReceiveQueue();
