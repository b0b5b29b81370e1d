import type { SendOptions } from '../../3-network/index.ts';

/** The ECN field of a packet (RFC 3168 section 5): ECN-capable transport, in two spellings, and congestion experienced. */
export const ECN_FIELD = 3;
export const NOT_ECT = 0;
export const CE = 3;
const ECT0 = 2;

/**
 * Explicit congestion notification of one connection (RFC 3168 section 6.1): routers mark packets instead of dropping
 * them; the receiver echoes the mark (ECE) until the sender says that it has reduced its window (CWR).
 */
export class Ecn {
  /** The window has been reduced: the next new segment says so (CWR). */
  tellReduced = false;
  /** A mark has come, and the peer has not said yet that it has heard of it: each segment echoes it (ECE). */
  echoing = false;
  /** The peer marks its packets as ECN-capable. */
  seen = false;
  /** What was told so with ECE: segments, for TCP_INFO. */
  deliveredMarked = 0;
  /** The packet that just came brought CWR: its acknowledgment is not delayed. */
  answerNow = false;
  /** How packets with new data are sent. */
  readonly marked: SendOptions;

  constructor(options: SendOptions) {
    this.marked = { ...options };
    this.follow(options);
  }

  /** A program has changed how its packets are sent. */
  follow(options: SendOptions): void {
    Object.assign(this.marked, options);
    this.marked.tos = ((options.tos ?? 0) & ~ECN_FIELD) | ECT0;
  }
}
