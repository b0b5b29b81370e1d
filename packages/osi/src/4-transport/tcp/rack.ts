import type { Nanoseconds } from '../../time/index.ts';
import type { AckFacts } from './ack-facts.ts';
import { type InFlight, LOST, RESENT, SACKED, TWICE } from './in-flight.ts';
import { recoveryOf, reorderingOf } from './recovery-of.ts';
import { TIMEOUT_MIN } from './send-timers.ts';
import { seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Bits of net.ipv4.tcp_recovery. */
const STATIC_WINDOW = 2;
const NO_DUPLICATE_THRESHOLD = 4;

/** For how many recoveries a widened reordering window stays (RFC 8985 section 6.2, step 4). */
const WINDOW_PERSISTS = 16;

/**
 * RACK: a segment is lost when one that was sent sufficiently later has arrived (RFC 8985). This is step 2 of its
 * section 6.2: a segment arrived; the one sent last is the measure of all others.
 */
export function rackAdvance(tcb: Tcb, list: InFlight, k: number, twice: boolean): void {
  const sentAt = list.sentAt(k);
  const roundTrip = tcb.host.sim.now - sentAt;
  // So soon after a retransmission it must have been the original that arrived.
  if (twice && roundTrip < tcb.roundTrip.shortest) return;
  list.rackRoundTrip = roundTrip;
  tcb.rackMoved = true;
  if (!sentBefore(list, k)) {
    list.rackSentAt = sentAt;
    list.rackEnd = list.endOf(k);
    list.rackDelivered = list.deliveredBefore(k);
  }
}

/**
 * Whether segment `k` was sent before the one sent last of those that have arrived. A kernel does not do two things at a time;
 * here an acknowledgment can come in the same instant: then what was sent after it is the later.
 */
function sentBefore(list: InFlight, k: number): boolean {
  const at = list.sentAt(k);
  if (at !== list.rackSentAt) return at < list.rackSentAt;
  const delivered = list.deliveredBefore(k);
  return delivered === list.rackDelivered
    ? !seqLess(list.rackEnd, list.endOf(k))
    : delivered < list.rackDelivered;
}

/** How much longer than the last round trip a segment may take before it counts as lost (section 6.2, step 4). */
function reorderingWindow(tcb: Tcb, list: InFlight): Nanoseconds {
  const { recovery, roundTrip } = tcb;
  if (recovery === null || recovery.reorderingSeen === 0) {
    if (tcb.phase === 'recovery' || tcb.phase === 'loss') return 0;
    const threshold = (tcb.host.sysctl.values['net.ipv4.tcp_recovery'] & NO_DUPLICATE_THRESHOLD) === 0;
    if (threshold && list.sackedOut >= reorderingOf(tcb)) return 0;
  }
  const steps = recovery?.windowSteps ?? 1;
  return Math.floor(Math.min((roundTrip.shortest / 4) * steps, roundTrip.srtt));
}

/** What is left of the time in which segment `k` may still arrive. */
export const timeLeft = (tcb: Tcb, list: InFlight, k: number, window: Nanoseconds): Nanoseconds =>
  list.rackRoundTrip + window - (tcb.host.sim.now - list.sentAt(k));

/**
 * Marks what is lost (section 6.2, step 5). @returns how long until more may have to be: 0 when nothing is left in doubt.
 */
export function detectLoss(tcb: Tcb, facts: AckFacts | null): Nanoseconds {
  const list = tcb.inFlight;
  if (list === null || list.rackSentAt < 0) return 0;
  const window = reorderingWindow(tcb, list);
  let longest = 0;
  for (let k = 0; k < list.count; k++) {
    const marks = list.marks(k);
    if ((marks & SACKED) !== 0) continue;
    if ((marks & LOST) !== 0 && (marks & RESENT) === 0) continue;
    if (!sentBefore(list, k)) {
      // Those sent once stand in the order in which they were sent.
      if ((marks & TWICE) === 0) break;
      continue;
    }
    const left = timeLeft(tcb, list, k, window);
    if (left <= 0) loseSegment(tcb, list, k, facts);
    else if (left > longest) longest = left;
  }
  return longest;
}

export function loseSegment(tcb: Tcb, list: InFlight, k: number, facts: AckFacts | null): void {
  const before = list.lostOut;
  if (list.markLost(k)) {
    tcb.host.counters.ext.TCPLostRetransmit++;
    if (facts !== null) {
      facts.resentLost = true;
      facts.lost++;
    }
  } else if (facts !== null) {
    facts.lost += list.lostOut - before;
  }
}

/** After an acknowledgment: marks losses, or waits for what may only be late. */
export function rackMarkLost(tcb: Tcb, facts: AckFacts): void {
  if (!tcb.rackMoved) return;
  tcb.rackMoved = false;
  const wait = detectLoss(tcb, facts);
  if (wait === 0) return;
  tcb.startSend('tcp.reordering', Math.ceil(wait + TIMEOUT_MIN));
  facts.setTimer = false;
}

/** D-SACKs say that we were hasty: widens the reordering window by a quarter round trip, once per round (step 4). */
export function fitReorderingWindow(tcb: Tcb): void {
  const { recovery } = tcb;
  if (recovery === null) return;
  if ((tcb.host.sysctl.values['net.ipv4.tcp_recovery'] & STATIC_WINDOW) !== 0) return;
  if (recovery.duplicateRoundSet) {
    if (seqLess(tcb.sndUna, recovery.duplicateRound)) recovery.duplicateSeen = false;
    else recovery.duplicateRoundSet = false;
  }
  if (recovery.duplicateSeen) {
    recovery.windowSteps = Math.min(0xff, recovery.windowSteps + 1);
    recovery.duplicateSeen = false;
    recovery.duplicateRound = tcb.sndNxt;
    recovery.duplicateRoundSet = true;
    recovery.windowPersists = WINDOW_PERSISTS;
  } else if (recovery.windowPersists === 0) {
    recovery.windowSteps = 1;
  }
}

/** The reordering window was too small: keeps it wide for the next recoveries. */
export const persistWindow = (tcb: Tcb): void => {
  const recovery = recoveryOf(tcb);
  recovery.windowPersists = Math.min(WINDOW_PERSISTS, recovery.windowPersists + 1);
};
