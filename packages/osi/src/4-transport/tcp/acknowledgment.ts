import { milliseconds } from '../../time/index.ts';
import { seqDiff } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { acknowledge } from './transmit.ts';
import { fullSpace, nextWindow, spaceToGrow, windowOpened } from './window.ts';

/** Linux's TCP_ATO_MIN and TCP_DELACK_MIN; RFC 9293 section 3.8.6.3 allows up to 500 ms. */
const DELAY_MIN = milliseconds(40);
/** Before any data has come there is no reason to wait: Linux's timer then expires with the next tick of its clock. */
const NEXT_TICK = milliseconds(1);
/** Linux's TCP_DELACK_MAX. */
const DELAY_MAX = milliseconds(200);
/** Linux's TCP_MAX_QUICKACKS: how many segments are acknowledged at once while the peer is in slow start. */
const MAX_QUICK_ACKS = 16;
/** The segment size assumed before one has come: Linux's TCP_MSS_DEFAULT and TCP_MIN_MSS. */
const MSS_DEFAULT = 536;
const MSS_MIN = 88;
/** Smaller segments do not show that the peer needs a larger window (Linux: tcp_event_data_recv). */
const GROWING_SEGMENT = 128;

/** Prepares for a connection's first data. */
export function startAcknowledging(tcb: Tcb): void {
  const guess = Math.min(tcb.advMss, tcb.mss, tcb.rcvWnd >> 1, MSS_DEFAULT);
  tcb.rcvMss = Math.max(guess, MSS_MIN);
  tcb.ackTimeout = 0;
  tcb.lastDataAt = tcb.host.sim.now;
}

function quickAcknowledge(tcb: Tcb, most: number): void {
  const half = Math.floor(tcb.rcvWnd / (2 * tcb.rcvMss));
  tcb.quickAcks = Math.max(tcb.quickAcks, Math.min(Math.max(half, 2), most));
}

/** From now on acknowledge at once, until enough was (after trouble: duplicates, gaps). */
export function becomeQuick(tcb: Tcb, most = MAX_QUICK_ACKS): void {
  quickAcknowledge(tcb, most);
  tcb.interactive = false;
  tcb.ackTimeout = DELAY_MIN;
}

/** A program is about to send: its data carries the acknowledgment, unless that takes too long (Linux: tcp_rcv_synsent_state_process). */
export function expectData(tcb: Tcb): void {
  tcb.quickAcks = MAX_QUICK_ACKS;
  tcb.interactive = false;
  tcb.ackTimeout = DELAY_MIN;
  tcb.ackPending = true;
  tcb.startAck(DELAY_MAX);
}

/**
 * Data has come: learns the peer's segment size and rhythm (Linux: tcp_event_data_recv).
 * @param length of its segments, in bytes. @param total of all of them, when there are several.
 */
export function noteData(tcb: Tcb, length: number, total = length): void {
  const { now } = tcb.host.sim;
  tcb.ackPending = true;
  if (length >= GROWING_SEGMENT && tcb.windowLimit < fullSpace(tcb)) {
    tcb.windowLimit += Math.max(
      0,
      Math.min(2 * Math.max(tcb.advMss, total), spaceToGrow(tcb) - tcb.windowLimit),
    );
  }
  if (length >= tcb.rcvMss) tcb.rcvMss = Math.min(length, tcb.advMss);
  else tcb.pushed = true;
  if (tcb.ackTimeout === 0) {
    quickAcknowledge(tcb, MAX_QUICK_ACKS);
    tcb.ackTimeout = DELAY_MIN;
  } else {
    const gap = now - tcb.lastDataAt;
    if (gap <= DELAY_MIN / 2) {
      tcb.ackTimeout = tcb.ackTimeout / 2 + DELAY_MIN / 2;
    } else if (gap < tcb.ackTimeout) {
      tcb.ackTimeout = Math.min(tcb.ackTimeout / 2 + gap, tcb.roundTrip.rto);
    } else if (gap > tcb.roundTrip.rto) {
      // The peer pauses so long that it starts anew with a small window: help it.
      quickAcknowledge(tcb, MAX_QUICK_ACKS);
    }
  }
  tcb.lastDataAt = now;
}

/** After data has come in order: acknowledges now or starts the timer (Linux: __tcp_ack_snd_check). */
export function decideAcknowledgment(tcb: Tcb): void {
  if (!tcb.ackPending) return;
  if (tcb.reassembly !== null && tcb.reassembly.count > 0) {
    acknowledge(tcb, 'tcp.out-of-order-ack');
  } else if (tcb.gapFilled) {
    acknowledge(tcb, 'tcp.gap-filled-ack');
  } else if (seqDiff(tcb.rcvNxt, tcb.rcvWup) > tcb.rcvMss && nextWindow(tcb) >= tcb.rcvWnd) {
    acknowledge(tcb, 'tcp.ack-second-segment');
  } else if (tcb.ecn?.answerNow === true) {
    acknowledge(tcb, 'tcp.quick-ack');
  } else if (tcb.quickAcks > 0 && !tcb.interactive) {
    acknowledge(tcb, tcb.ecn?.echoing === true ? 'tcp.congestion-echo' : 'tcp.quick-ack');
  } else {
    delayAcknowledgment(tcb);
  }
}

function delayAcknowledgment(tcb: Tcb): void {
  const { timers, host } = tcb;
  let delay = tcb.ackTimeout || NEXT_TICK;
  if (delay > DELAY_MIN) {
    let most = tcb.interactive || tcb.pushed ? DELAY_MAX : milliseconds(500);
    const { srtt } = tcb.roundTrip;
    if (srtt > 0) most = Math.min(most, Math.max(srtt, DELAY_MIN));
    delay = Math.min(delay, most);
  }
  delay = Math.round(Math.min(delay, DELAY_MAX));
  // A timer that runs already is not put off.
  if (timers.ack <= host.sim.now + delay) return;
  tcb.startAck(delay);
}

/** The timer expired: the program has not answered, so the next wait is longer (Linux: tcp_delack_timer_handler). */
export function acknowledgmentDue(tcb: Tcb): void {
  if (!tcb.ackPending) return;
  if (tcb.interactive) {
    tcb.interactive = false;
    tcb.ackTimeout = DELAY_MIN;
  } else {
    tcb.ackTimeout = Math.min(tcb.ackTimeout * 2, tcb.roundTrip.rto);
  }
  tcb.host.counters.ext.DelayedACKs++;
  acknowledge(tcb, 'tcp.delayed-ack');
}

/** The program has read: acknowledges what it waited for, or says that the window is open (Linux: tcp_cleanup_rbuf). */
export function acknowledgeRead(tcb: Tcb): void {
  if (tcb.ackPending && seqDiff(tcb.rcvNxt, tcb.rcvWup) > tcb.rcvMss) {
    acknowledge(tcb, 'tcp.ack-second-segment');
    return;
  }
  if (tcb.ackPending && tcb.pushed && !tcb.interactive && tcb.queue.length === 0) {
    acknowledge(tcb, 'tcp.read-ack');
    return;
  }
  if (!tcb.finReceived && windowOpened(tcb)) acknowledge(tcb, 'tcp.window-update');
}

/** A program says whether to wait for its data (Linux: __tcp_sock_set_quickack). */
export function setQuick(tcb: Tcb, value: number): void {
  tcb.interactive = value === 0;
  const receives = tcb.state === 'ESTABLISHED' || tcb.state === 'CLOSE_WAIT';
  if (value === 0 || !receives || !tcb.ackPending) return;
  tcb.pushed = true;
  acknowledgeRead(tcb);
  if ((value & 1) === 0) tcb.interactive = true;
}
