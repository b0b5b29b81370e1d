import { becomeQuick } from './acknowledgment.ts';
import { CWR } from './codec.ts';
import { CE, ECN_FIELD, type Ecn, NOT_ECT } from './ecn.ts';
import type { Tcb } from './tcb.ts';

/** Acknowledgments at once after a mark: the sender may have a window of one segment (Linux: __tcp_ecn_check_ce). */
const QUICK = 2;

/** A data segment with CWR came: the peer has heard of the mark (Linux: tcp_ecn_accept_cwr). */
export function takeReduced(ecn: Ecn, flags: number, length: number): void {
  if ((flags & CWR) === 0) return;
  ecn.echoing = false;
  if (length > 0) ecn.answerNow = true;
}

/** A data segment came in a packet with this TOS field (Linux: __tcp_ecn_check_ce). */
export function takeMark(tcb: Tcb, ecn: Ecn, tos: number): void {
  switch (tos & ECN_FIELD) {
    case NOT_ECT:
      // Probably sent again: the sender waits for it (Linux; no RFC).
      if (ecn.seen) becomeQuick(tcb, QUICK);
      return;
    case CE:
      if (!ecn.echoing) {
        becomeQuick(tcb, QUICK);
        ecn.echoing = true;
      }
      ecn.seen = true;
      return;
    default:
      ecn.seen = true;
  }
}
