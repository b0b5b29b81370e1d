import type { AckFacts } from './ack-facts.ts';
import type { InFlight } from './in-flight.ts';
import type { Tally } from './tally.ts';
import type { Tcb } from './tcb.ts';

/*
 * How fast the network delivers (Linux: tcp_rate.c; draft-cheng-iccrg-delivery-rate-estimation). Each segment remembers how
 * much had been delivered, and when, when it was sent; its acknowledgment tells how much more has been since. Of the time in
 * which that was sent and the time in which it was acknowledged the longer one counts: acknowledgments come in bunches.
 */

/** The program writes. Has it less to send than a segment, though the window has room (Linux: tcp_rate_check_app_limited)? */
export function noteWriting(tcb: Tcb, tally: Tally, unsent: number): void {
  if (unsent >= tcb.mss) return;
  const list = tcb.inFlight;
  const flight = list === null ? 0 : list.pipe;
  if (flight >= tcb.congestion.cwnd || (list !== null && list.lostOut > list.resentOut)) return;
  tally.limitedUntil = tcb.delivered + flight || 1;
}

/** Segment `k` is known to have arrived. Of several, the one sent last says most (Linux: tcp_rate_skb_delivered). */
export function noteDelivered(list: InFlight, k: number, facts: AckFacts): void {
  const before = list.deliveredBefore(k);
  if (facts.deliveredAt >= 0 && before <= facts.deliveredBefore) return;
  const deliveredAt = list.deliveredAt(k);
  if (deliveredAt < 0) return;
  const sentAt = list.sentAt(k);
  facts.deliveredAt = deliveredAt;
  facts.deliveredBefore = before;
  facts.rateLimited = list.limited(k);
  facts.sendInterval = sentAt - list.firstSentAt(k);
  list.firstSent = sentAt;
}

/** All that an acknowledgment says has been counted: is it a sample (Linux: tcp_rate_gen)? */
export function takeRate(tcb: Tcb, tally: Tally, facts: AckFacts): void {
  if (tally.limitedUntil !== 0 && tcb.delivered > tally.limitedUntil) tally.limitedUntil = 0;
  if (facts.deliveredAt < 0) return;
  const interval = Math.max(facts.sendInterval, tcb.host.sim.now - facts.deliveredAt);
  // In less than a round trip only if it was sent again needlessly.
  if (interval < tcb.roundTrip.shortest) return;
  const delivered = tcb.delivered - facts.deliveredBefore;
  if (facts.rateLimited && delivered * tally.rateInterval < tally.rateDelivered * interval) return;
  tally.rateDelivered = delivered;
  tally.rateInterval = interval;
  tally.rateLimited = facts.rateLimited;
}
