import { milliseconds, type Nanoseconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { acknowledgmentDue } from './acknowledgment.ts';
import { giveUp, reset } from './closing.ts';
import { FIN, PSH } from './codec.ts';
import { keepsSynAck, waitsForData } from './defer-accept.ts';
import { earlyTimeout } from './fast-open/early.ts';
import { fastOpenTimedOut } from './fast-open/health.ts';
import { finWaitOver } from './fin-wait.ts';
import { fitMss } from './fit-mss.ts';
import { giveUpOrphan, orphanRetries } from './orphans.ts';
import { suspectBlackHole } from './path-probing.ts';
import { reorderingOver, timedOut } from './recovery.ts';
import { backedOff, givenUpAfter, RTO_MAX, RTO_MIN } from './retransmission.ts';
import { timeout } from './send-timers.ts';
import { hasUnsent, output, resendLost, resendSyn } from './sender.ts';
import { seqAdd, seqDiff } from './sequence.ts';
import { probeTail } from './tail-loss.ts';
import type { Tcb } from './tcb.ts';
import type { TimerName } from './timers.ts';
import { REFUSED, transmit } from './transmit.ts';
import { sendRoom } from './window.ts';

/** Linux's TCP_RESOURCE_PROBE_INTERVAL: when the own interface had no room, it is tried again after so long. */
const RESOURCE_PROBE = milliseconds(500);

/** A deadline of a connection has come. */
export function expired(tcb: Tcb, name: TimerName): void {
  switch (name) {
    case 'tcp.retransmission':
      retransmissionDue(tcb);
      return;
    case 'tcp.zero-window-probe':
      probeDue(tcb);
      return;
    case 'tcp.loss-probe':
      probeTail(tcb);
      return;
    case 'tcp.reordering':
      reorderingOver(tcb);
      return;
    case 'tcp.pacing':
      sendOn(tcb);
      return;
    case 'tcp.delayed-ack':
      acknowledgmentDue(tcb);
      return;
    case 'tcp.keepalive':
      keepAliveDue(tcb);
      return;
    case 'tcp.fin-wait-2':
      finWaitOver(tcb);
      return;
  }
}

/** What pacing has held back may go now (Linux: tcp_tsq_write). */
function sendOn(tcb: Tcb): void {
  const list = tcb.inFlight;
  if (list !== null && list.lostOut > list.resentOut) resendLost(tcb);
  output(tcb);
}

/** RFC 6298 section 5.4 to 5.7. */
function retransmissionDue(tcb: Tcb): void {
  const { fastOpen } = tcb;
  if (fastOpen !== null && fastOpen.request !== null) {
    earlyTimeout(tcb, fastOpen.request);
    return;
  }
  if (tcb.flight === 0) return;
  const { counters, sim } = tcb.host;
  const opening = tcb.state === 'SYN_SENT' || tcb.state === 'SYN_RECV';
  // A peer that has closed its window altogether still answers: then it is asked for ever (RFC 9293 section 3.8.6.1),
  // unless the program has said for how long (Linux: tcp_rtx_probe0_timed_out).
  const shut =
    !opening &&
    tcb.sndWnd === 0 &&
    !tcb.orphan &&
    tcb.options.userTimeout === 0 &&
    sim.now - tcb.lastHeardAt <= RTO_MAX;
  if (tcb.orphan && !opening && orphanGivenUp(tcb)) return;
  const over = !shut && exhausted(tcb);
  if (fastOpen !== null) fastOpenTimedOut(tcb, fastOpen, over);
  if (over) {
    if (tcb.state === 'SYN_RECV') counters.tcp.AttemptFails++;
    if (tcb.state === 'SYN_SENT') counters.tcp.AttemptFails++;
    giveUp(tcb);
    return;
  }
  if (tcb.retransmits === 0) {
    tcb.retransmittingSince = sim.now;
    counters.ext.TCPTimeouts++;
  }
  if (opening) {
    if (!keepsSynAck(tcb)) {
      counters.ext.TCPSynRetrans++;
      resendSyn(tcb, 'tcp.rto');
    }
  } else {
    if (tcb.retransmits > 0 && sim.now - tcb.retransmittingSince >= suspicious(tcb)) suspectBlackHole(tcb);
    // The path's MTU may have become known by another connection since.
    fitMss(tcb);
    const sent = timedOut(tcb);
    if (!sent) {
      // Those who want the own interface fight for it gently.
      tcb.retransmits++;
      tcb.startSend('tcp.retransmission', RESOURCE_PROBE);
      return;
    }
  }
  tcb.retransmits++;
  if (tcb.retransmits > linearTimeouts(tcb)) tcb.backoff++;
  const next = backedOff(tcb.roundTrip.rto, tcb.backoff);
  tcb.startSend('tcp.retransmission', Math.min(next, userTimeoutLeft(tcb)));
}

/** After so long without an answer the path itself may be at fault (net.ipv4.tcp_retries1). */
const suspicious = (tcb: Tcb): number => givenUpAfter(tcb.host.sysctl.values['net.ipv4.tcp_retries1']);

function exhausted(tcb: Tcb): boolean {
  const { sysctl } = tcb.host;
  if (tcb.state === 'SYN_RECV' && tcb.passive)
    return tcb.retransmits >= sysctl.values['net.ipv4.tcp_synack_retries'] && !waitsForData(tcb);
  if (tcb.state === 'SYN_SENT' || tcb.state === 'SYN_RECV')
    return tcb.retransmits >= synRetries(tcb) || userTimeoutLeft(tcb) <= SOON;
  if (tcb.retransmits === 0) return false;
  if (tcb.options.userTimeout > 0) return userTimeoutLeft(tcb) <= SOON;
  return triedFor(tcb, retries(tcb, isAlive(tcb)));
}

/** Whether so many retransmissions would have taken as long as it has been tried (Linux: retransmits_timed_out). */
const triedFor = (tcb: Tcb, tries: number): boolean =>
  tcb.retransmits > 0 && tcb.host.sim.now - tcb.retransmittingSince >= givenUpAfter(tries);

/** The timeout has not grown to its largest yet. */
const isAlive = (tcb: Tcb): boolean => timeout(tcb) < RTO_MAX;

function orphanGivenUp(tcb: Tcb): boolean {
  const alive = isAlive(tcb);
  return giveUpOrphan(tcb, alive || !triedFor(tcb, orphanRetries(tcb, alive)));
}

/** Those that follow each other evenly come in addition (Linux: tcp_write_timeout). */
const synRetries = (tcb: Tcb): number =>
  (tcb.options.synRetries || tcb.host.sysctl.values['net.ipv4.tcp_syn_retries']) + linearTimeouts(tcb);

/** How many repetitions of a SYN follow each other evenly (Linux since 6.5). */
const linearTimeouts = ({ state, host: { sysctl } }: Tcb): number =>
  state === 'SYN_SENT' ? sysctl.values['net.ipv4.tcp_syn_linear_timeouts'] : 0;

/** Linux's clock ticks every millisecond: nothing is nearer than the next one. */
const SOON = milliseconds(1);

/**
 * What is left of TCP_USER_TIMEOUT since the first retransmission, at least a tick; `Infinity` without it (RFC 5482
 * section 2; Linux: tcp_clamp_rto_to_user_timeout).
 */
function userTimeoutLeft(tcb: Tcb): number {
  const { userTimeout } = tcb.options;
  if (userTimeout === 0 || tcb.retransmits === 0) return Number.POSITIVE_INFINITY;
  return Math.max(SOON, userTimeout - (tcb.host.sim.now - tcb.retransmittingSince));
}

const retries = (tcb: Tcb, alive: boolean): number =>
  tcb.orphan ? orphanRetries(tcb, alive) : tcb.host.sysctl.values['net.ipv4.tcp_retries2'];

/** The window has been closed for a whole timeout: asks for it, at growing intervals, for ever if it is answered. */
function probeDue(tcb: Tcb): void {
  if (tcb.flight > 0 || !hasUnsent(tcb)) {
    tcb.probingSince = 0;
    return;
  }
  const alive = probeInterval(tcb) < RTO_MAX;
  const most = retries(tcb, alive);
  if (probedTooLong(tcb) || (tcb.orphan && !alive && tcb.backoff >= most)) {
    giveUp(tcb);
    return;
  }
  if (tcb.orphan && giveUpOrphan(tcb, true)) return;
  if (tcb.probes >= most) {
    giveUp(tcb);
    return;
  }
  tcb.host.counters.ext.TCPWinProbe++;
  const result = probe(tcb);
  if (tcb.flight > 0) {
    // The window had room for a part: that is ordinary data now.
    tcb.backoff = 0;
    tcb.probes = 0;
    tcb.probingSince = 0;
    tcb.startSend('tcp.retransmission', tcb.roundTrip.rto);
    return;
  }
  tcb.probes++;
  if (result === REFUSED) {
    probeLater(tcb, RESOURCE_PROBE);
    return;
  }
  tcb.backoff++;
  probeLater(tcb, probeInterval(tcb));
}

/**
 * TCP_USER_TIMEOUT also bounds how long a closed window is asked about, from the first probe on, though the peer answers
 * (Linux: tcp_probe_timer).
 */
function probedTooLong(tcb: Tcb): boolean {
  if (tcb.probingSince !== 0) return probingLeft(tcb) <= 0;
  tcb.probingSince = tcb.host.sim.now;
  return false;
}

function probingLeft({ options, host, probingSince }: Tcb): number {
  if (options.userTimeout === 0 || probingSince === 0) return Number.POSITIVE_INFINITY;
  return options.userTimeout - (host.sim.now - probingSince);
}

/** Asks about the window again after `wait`, or when TCP_USER_TIMEOUT is over (Linux: tcp_clamp_probe0_to_user_timeout). */
export function probeLater(tcb: Tcb, wait: Nanoseconds): void {
  tcb.startSend('tcp.zero-window-probe', Math.min(wait, Math.max(probingLeft(tcb), SOON)));
}

export const probeInterval = (tcb: Tcb): number =>
  backedOff(Math.max(tcb.roundTrip.rto, RTO_MIN), tcb.backoff);

/**
 * Sends as much as the window has room for, or else an empty segment with a number that was acknowledged long
 * ago, which the peer has to answer (as Linux's tcp_write_wakeup; RFC 9293 would send one byte beyond the window).
 */
function probe(tcb: Tcb): number {
  const room = sendRoom(tcb);
  if (room > 0 && hasUnsent(tcb)) {
    const unsent = seqDiff(tcb.bufferEnd, tcb.sndNxt);
    const length = Math.min(unsent, room, tcb.mss);
    const fin = tcb.finQueued && length === unsent && length < room;
    if (length > 0 || fin) {
      const reason = tcb.sndWnd > 0 && length === unsent ? 'tcp.held-back' : 'tcp.zero-window-probe';
      return transmit(tcb, tcb.sndNxt, length, (fin ? FIN : 0) | (length > 0 ? PSH : 0), reason);
    }
  }
  return transmit(tcb, seqAdd(tcb.sndUna, -1), 0, 0, 'tcp.zero-window-probe');
}

/** The connection has been idle: asks whether the peer is still there (RFC 9293 section 3.8.4, tcp(7)). */
function keepAliveDue(tcb: Tcb): void {
  const { options, host } = tcb;
  if (tcb.flight > 0 || tcb.buffer.length > 0) {
    tcb.startWait('tcp.keepalive', options.keepIdle);
    return;
  }
  const idle = host.sim.now - Math.max(tcb.lastDataAt, tcb.lastHeardAt);
  if (idle < options.keepIdle) {
    tcb.startWait('tcp.keepalive', options.keepIdle - idle);
    return;
  }
  // A program that says how long it waits says how many probes there are, too (tcp(7), TCP_USER_TIMEOUT).
  const { userTimeout } = options;
  const over = userTimeout > 0 ? tcb.probes > 0 && idle >= userTimeout : tcb.probes >= options.keepCount;
  if (over) {
    host.counters.ext.TCPAbortOnTimeout++;
    reset(tcb, 'tcp.reset-keepalive', tcb.softError !== 0 ? tcb.softError : ERRNO.ETIMEDOUT);
    return;
  }
  tcb.probes++;
  host.counters.ext.TCPKeepAlive++;
  transmit(tcb, seqAdd(tcb.sndUna, -1), 0, 0, 'tcp.keepalive');
  tcb.startWait('tcp.keepalive', options.keepInterval);
}

/** Starts or stops keepalive after its option or the state has changed. */
export function keepAlive(tcb: Tcb): void {
  const { timers, options } = tcb;
  if (!options.keepAlive) timers.stopWait();
  else if (tcb.state !== 'SYN_SENT') tcb.startWait('tcp.keepalive', options.keepIdle);
}
