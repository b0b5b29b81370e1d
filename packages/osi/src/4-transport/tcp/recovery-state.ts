import type { Sequence } from './sequence.ts';

/**
 * What a connection in trouble, or once in trouble, remembers of it: a segment was missing, came late, or was sent
 * again. Most connections never are and have none. Counts are in segments.
 */
export class RecoveryState {
  /** What was sent when the present phase began: it ends when this is acknowledged (Linux: high_seq). */
  highSeq: Sequence = 0;

  /** Whether the reduction of the window can still turn out to have been a mistake; and where it began (Linux: undo_marker). */
  undoable = false;
  undoFrom: Sequence = 0;
  /** Retransmissions that were not shown to be needless; -1 while none has been made. */
  undoRetransmits = 0;
  /** Window and threshold before it; a threshold of 0 when there is nothing to go back to. */
  priorCwnd = 0;
  priorSsthresh = 0;
  /** Our timestamp on the first retransmission, when there was one (Linux: retrans_stamp). */
  resentSince = false;
  resentTimestamp = 0;

  /** Proportional rate reduction (RFC 6937): what was delivered and what was sent in this recovery. */
  delivered = 0;
  sent = 0;

  /** F-RTO (RFC 5682) is still finding out whether a time-out was needless. */
  frto = false;

  /** A tail loss probe is out (RFC 8985 section 7): what was sent then, and whether it was a retransmission. */
  probing = false;
  probeEnd: Sequence = 0;
  probeResent = false;

  /** How far segments are known to overtake each other, and whether they ever did. */
  reordering: number;
  reorderingSeen = 0;

  /** RACK's reordering window in quarters of the shortest round trip (RFC 8985 section 6.2, step 4), and for how many recoveries. */
  windowSteps = 1;
  windowPersists = 0;
  duplicateSeen = false;
  /** The present round of looking for D-SACKs ends here. */
  duplicateRound: Sequence = 0;
  duplicateRoundSet = false;
  /** Segments that D-SACKs said to have come twice. */
  duplicates = 0;

  constructor(reordering: number) {
    this.reordering = reordering;
  }
}
