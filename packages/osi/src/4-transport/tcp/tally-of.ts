import { Tally } from './tally.ts';
import type { Tcb } from './tcb.ts';

/** Begins with what the handshake has been (Linux: a listener's connection counts SYN, and not its own SYN+ACK). */
export function tallyOf(tcb: Tcb): Tally {
  if (tcb.tally !== null) return tcb.tally;
  const tally = new Tally();
  tcb.tally = tally;
  if (tcb.passive) {
    tally.segmentsIn = tcb.state === 'SYN_RECV' ? 1 : 2;
  } else if (tcb.state === 'SYN_SENT') {
    tally.segmentsOut = tcb.sndNxt === tcb.iss ? 0 : 1 + tcb.totalRetransmits;
  } else {
    tally.segmentsOut = 2 + tcb.totalRetransmits;
    tally.segmentsIn = 1;
    tally.bytesAcknowledged = 1;
  }
  return tally;
}
