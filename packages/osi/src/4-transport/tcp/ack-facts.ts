import type { Nanoseconds } from '../../time/index.ts';
import type { Sequence } from './sequence.ts';

/**
 * What one acknowledgment has said: filled while it is read, then judged (Linux's FLAG_… and `tcp_sacktag_state`).
 * One object serves all, since acknowledgments are taken one at a time.
 */
export class AckFacts {
  /** It carries data, or changes the window: so it is no mere duplicate. */
  data = false;
  windowUpdate = false;
  /** `sndUna` moved; over our SYN, over data. */
  advanced = false;
  synAcked = false;
  dataAcked = false;
  /** A segment that was sent more than once is acknowledged. */
  resentAcked = false;
  /** A segment sent only once, before the time-out, is acknowledged in order or selectively (F-RTO). */
  originalAcked = false;
  /** Selective acknowledgment of something new. */
  sacked = false;
  duplicateSack = false;
  probeDuplicate = false;
  /** The oldest segment is one that had been selectively acknowledged: the peer has thrown it away. */
  reneging = false;
  /** A retransmission is lost. */
  resentLost = false;
  echo = false;
  setTimer = false;
  /** Segments newly known to have arrived. */
  delivered = 0;
  /** `lostOut`'s growth, for proportional rate reduction. */
  lost = 0;
  /** When the first and last of the segments selectively acknowledged now were sent; -1 without. */
  firstSackedSentAt: Nanoseconds = -1;
  lastSackedSentAt: Nanoseconds = -1;
  /** The lowest segment that arrived late, not having been sent again. */
  reordered: Sequence = 0;
  /**
   * Of the delivered segment that was sent last: how many had been delivered when it was sent, and when the last of these
   * was (-1 when nothing is known); the time over which what it tells of was sent; whether the program had little to send.
   */
  deliveredBefore = 0;
  deliveredAt: Nanoseconds = -1;
  sendInterval: Nanoseconds = 0;
  rateLimited = false;
  /** What may be sent by it: nothing more than usual, what is lost, or (F-RTO) something new first. */
  resend: 'nothing' | 'lost' | 'new' = 'nothing';
  hasTimestampEcho = false;
  timestampEcho = 0;

  begin(): void {
    this.data = false;
    this.windowUpdate = false;
    this.advanced = false;
    this.synAcked = false;
    this.dataAcked = false;
    this.resentAcked = false;
    this.originalAcked = false;
    this.sacked = false;
    this.duplicateSack = false;
    this.probeDuplicate = false;
    this.reneging = false;
    this.resentLost = false;
    this.echo = false;
    this.setTimer = false;
    this.delivered = 0;
    this.lost = 0;
    this.firstSackedSentAt = -1;
    this.lastSackedSentAt = -1;
    this.reordered = 0;
    this.deliveredAt = -1;
    this.resend = 'nothing';
    this.hasTimestampEcho = false;
    this.timestampEcho = 0;
  }

  /** A duplicate acknowledgment in the sense of RFC 5681 section 2, as Linux reads it. */
  get isDuplicate(): boolean {
    return !(
      this.advanced ||
      this.data ||
      this.windowUpdate ||
      this.synAcked ||
      this.dataAcked ||
      this.duplicateSack
    );
  }

  /** Nothing moved forward, or it tells of trouble. */
  get isDubious(): boolean {
    return (
      !(this.data || this.windowUpdate || this.synAcked || this.dataAcked) ||
      this.sacked ||
      this.duplicateSack ||
      this.echo
    );
  }
}
