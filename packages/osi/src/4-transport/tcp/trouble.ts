import type { Nanoseconds } from '../../time/index.ts';

/** What a connection remembers of errors, time-outs and attacks. */
export class Trouble {
  /** An ICMP error that did not end it: what the program is told should it time out (RFC 1122 section 4.2.3.9). */
  softError = 0;
  /** Why it ended before anybody used it: an errno, or 0. */
  endedBy = 0;
  /** Expiries in a row. */
  backoff = 0;
  /** Retransmissions in that row. */
  retransmits = 0;
  /** When the first retransmission of that row was made. */
  retransmittingSince: Nanoseconds = 0;
  totalRetransmits = 0;
  /** Zero-window or keepalive probes since the peer was last heard. */
  probes = 0;
  /** When the first of the present zero-window probes was due; 0 while the window is not asked for. */
  probingSince: Nanoseconds = 0;
  /** When a challenge was last answered; long ago before the first. */
  lastChallengeAt: Nanoseconds = Number.NEGATIVE_INFINITY;
}
