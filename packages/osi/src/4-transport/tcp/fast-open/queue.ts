import { type Nanoseconds, seconds } from '../../../time/index.ts';

/** How long a connection that was reset early still counts (Linux: reqsk_fastopen_remove). */
const PENALTY = seconds(60);

/**
 * How many connections of one listener have been opened by a SYN alone, and may be (RFC 7413 section 5.1, "PendingFastOpenRequests").
 * A connection that the peer resets before its handshake is done counts for another minute: that is what comes of
 * SYNs with somebody else's address.
 */
export class FastOpenQueue {
  #pending = 0;
  /** When those that were reset cease to count, in that order. */
  readonly #penalties: Nanoseconds[] = [];

  get length(): number {
    return this.#pending + this.#penalties.length;
  }

  /** Whether one more is let in, with `most` at a time (TCP_FASTOPEN); a penalty that is over makes room. */
  admits(most: number, now: Nanoseconds): boolean {
    if (this.length < most) return true;
    const [first] = this.#penalties;
    if (first === undefined || first > now) return false;
    this.#penalties.shift();
    return true;
  }

  enter(): void {
    this.#pending++;
  }

  /** The handshake of one of them is done, or it ended. @param punished by a RST of the peer, after it was accepted. */
  leave(punished: boolean, now: Nanoseconds): void {
    this.#pending--;
    if (punished) this.#penalties.push(now + PENALTY);
  }
}
