import { dropFrame, type Frame } from '../../1-physical/index.ts';
import { hashIp, type IpAddress, isIpv6 } from '../../3-network/index.ts';
import { milliseconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { TcpOptions } from '../services.ts';
import { expectData, startAcknowledging } from './acknowledgment.ts';
import { takeAcknowledgment } from './acks.ts';
import { end, resetByPeer } from './closing.ts';
import { ACK, HEADER_LENGTH, RST, type Segment, SYN } from './codec.ts';
import { INITIAL_SEGMENTS } from './congestion/interface.ts';
import { Ecn } from './ecn.ts';
import { agreeOnEcn, concludeEcn, offersEcn } from './ecn-agreement.ts';
import { synAnswered } from './fast-open/answered.ts';
import { takeSynData } from './fast-open/data.ts';
import { fitMss } from './fit-mss.ts';
import { TIMESTAMPS_LENGTH } from './options.ts';
import { startPacing } from './pacing.ts';
import { beginProbing } from './path-probe.ts';
import type { TcpDrop, TcpReason } from './reasons.ts';
import { RTO_FALLBACK } from './retransmission.ts';
import { fitSendBuffer } from './send-space.ts';
import { keepTimer, output, resendSyn } from './sender.ts';
import { type Sequence, seqAdd, seqDiff, seqLess } from './sequence.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb, TcpHost } from './tcb.ts';
import { keepAlive } from './timeouts.ts';
import { wholeSeconds } from './timestamps.ts';
import { acknowledge, replyReset, timestampNow, transmitSyn } from './transmit.ts';
import { chooseInitialWindow } from './window.ts';

/** When the peer's SYN has no MSS option (RFC 9293 section 3.7.1): what every IPv4, every IPv6 host takes. */
const MSS_DEFAULT = 536;
const MSS_DEFAULT_V6 = 1220;

export const defaultMss = (peer: IpAddress): number => (isIpv6(peer) ? MSS_DEFAULT_V6 : MSS_DEFAULT);

export function chooseSequence(tcb: Tcb): Sequence {
  const { secrets, sim } = tcb.host;
  return secrets.initialSequence(
    hashIp(tcb.localAddress),
    tcb.localPort,
    hashIp(tcb.remoteAddress),
    tcb.remotePort,
    sim.now,
  );
}

/** Our side of the numbers: the initial sequence number and what follows from it. */
export function startSending(tcb: Tcb, iss: Sequence): void {
  const { host } = tcb;
  tcb.iss = iss;
  tcb.sndUna = iss;
  tcb.sndNxt = iss;
  tcb.bufferSeq = seqAdd(iss, 1);
  tcb.usageEnd = iss;
  tcb.smallEnd = iss;
  tcb.pushedSeq = tcb.bufferSeq;
  tcb.roundEnd = iss;
  tcb.timestampOffset = host.secrets.timestampOffset(hashIp(tcb.localAddress), hashIp(tcb.remoteAddress));
  tcb.advMss = announcedMss(host, tcb.options, tcb.remoteAddress);
}

/** What our SYN says: the largest payload that comes over the way to the peer, or what the program wants. */
export function announcedMss(host: TcpHost, options: TcpOptions, peer: IpAddress): number {
  const fits = host.ip.roomTo(peer) - HEADER_LENGTH;
  return options.maxSegment > 0 ? Math.min(options.maxSegment, fits) : fits;
}

/**
 * A program connects: all that there is to do before the SYN (RFC 9293 section 3.10.1).
 * @param least where its numbers begin at the earliest, when it takes over from a connection in TIME_WAIT; else null.
 */
export function prepare(tcb: Tcb, least: Sequence | null): void {
  const { host } = tcb;
  const { sysctl } = host;
  const chosen = chooseSequence(tcb);
  startSending(tcb, least !== null && seqLess(chosen, least) ? least : chosen);
  tcb.timestamps = sysctl.values['net.ipv4.tcp_timestamps'] !== 0;
  tcb.scaling = sysctl.values['net.ipv4.tcp_window_scaling'] !== 0;
  tcb.sack = sysctl.values['net.ipv4.tcp_sack'] !== 0;
  if (tcb.options.delaysAcks) tcb.interactive = true;
  if (offersEcn(tcb)) tcb.ecn = new Ecn(tcb.options.ip);
  chooseInitialWindow(tcb, tcb.advMss);
  tcb.move('open');
}

/**
 * Sends the SYN of a connection that is prepared. @param length how many bytes of the send buffer go with it.
 * @returns 0 or a negated errno of the network layer.
 */
export function call(tcb: Tcb, reason: TcpReason, length: number): number {
  tcb.host.counters.tcp.ActiveOpens++;
  const result = transmitSyn(tcb, SYN, reason, length);
  if (tcb.state === 'SYN_SENT') keepTimer(tcb);
  return result;
}

/**
 * A SYN came to a listener, and `tcb` is the new connection for it: answers with SYN+ACK (section 3.10.7.2).
 * @param iss the initial sequence number, when TIME_WAIT has left one (RFC 9293 section 3.10.7.4); else null.
 */
export function answer(tcb: Tcb, segment: Segment, iss: Sequence | null): void {
  const { host } = tcb;
  startSending(tcb, iss ?? chooseSequence(tcb));
  takeSyn(tcb, segment);
  agreeOnEcn(tcb, segment.flags, segment.tos);
  chooseInitialWindow(tcb, tcb.advMss - (tcb.timestamps ? TIMESTAMPS_LENGTH : 0));
  host.counters.tcp.PassiveOpens++;
  tcb.lastHeardAt = host.sim.now;
  tcb.move('syn');
  transmitSyn(tcb, SYN | ACK, 'tcp.syn-ack');
  if (tcb.fastOpen !== null) tcb.fastOpen.option = null;
  keepTimer(tcb);
}

/**
 * What the peer's SYN says: its numbers and options. An option is agreed on if both have sent it.
 * @param irs the number of the SYN.
 */
export function takeSyn(tcb: Tcb, segment: Segment, irs: Sequence = segment.seq): void {
  const { sysctl, sim } = tcb.host;
  tcb.irs = irs;
  tcb.rcvNxt = seqAdd(irs, 1);
  tcb.rcvWup = tcb.rcvNxt;
  tcb.timestamps = segment.hasTimestamps && sysctl.values['net.ipv4.tcp_timestamps'] !== 0;
  if (tcb.timestamps) {
    tcb.tsRecent = segment.timestamp;
    tcb.tsRecentAt = wholeSeconds(sim.now);
  }
  tcb.sack = segment.sackPermitted && sysctl.values['net.ipv4.tcp_sack'] !== 0;
  tcb.scaling = segment.windowScale >= 0 && sysctl.values['net.ipv4.tcp_window_scaling'] !== 0;
  tcb.sndScale = tcb.scaling ? segment.windowScale : 0;
  if (!tcb.scaling) tcb.rcvScale = 0;
  tcb.peerMss = segment.mss > 0 ? segment.mss : defaultMss(segment.source);
  tcb.sndWnd = segment.window;
  tcb.sndWl1 = irs;
  tcb.maxWindow = segment.window;
  fitMss(tcb);
}

/** A segment came in SYN_SENT (RFC 9293 section 3.10.7.3). Takes the frame over. */
export function arriveInSynSent(tcb: Tcb, frame: Frame, segment: Segment): void {
  if (tcb.tally !== null) tcb.tally.segmentsIn += frame.segments;
  const { flags } = segment;
  const { host } = tcb;
  const acks = (flags & ACK) !== 0;
  if (acks && (!seqLess(tcb.sndUna, segment.ack) || seqLess(tcb.sndNxt, segment.ack))) {
    replyReset(host, segment, 'tcp.reset-bad-ack');
    discard(tcb, frame, 'tcp.bad-ack');
    // What it answers may have been a predecessor, which our RST has ended: tries again soon (Linux: TCP_TIMEOUT_MIN).
    if (tcb.retransmits === 0) tcb.startSend('tcp.retransmission', milliseconds(2));
    return;
  }
  // Of timestamps that were not offered nothing is known.
  const stamped = tcb.timestamps && segment.hasTimestamps && segment.timestampEcho !== 0;
  if (acks && stamped && !echoed(tcb, segment)) {
    host.counters.ext.PAWSActive++;
    replyReset(host, segment, 'tcp.reset-bad-ack');
    discard(tcb, frame, 'tcp.paws');
    return;
  }
  if ((flags & RST) !== 0) {
    discard(tcb, frame, acks ? 'tcp.reset' : 'tcp.no-ack');
    if (acks) resetByPeer(tcb);
    return;
  }
  if ((flags & SYN) === 0) {
    discard(tcb, frame, 'tcp.not-syn');
    return;
  }
  takeSyn(tcb, segment);
  if (tcb.ecn !== null) concludeEcn(tcb, flags, !acks);
  if (!acks) {
    // Both call at once (RFC 9293 figure 8): answers as a listener would, with the number of our own SYN. Linux offers
    // again what its SYN did, and scales its windows even where the peer does not: RFC 7323 sections 2.2 and 3.2 forbid it.
    // Data in the peer's SYN is not taken, as in Linux: it comes again.
    frame.release();
    tcb.move('syn');
    // It is sent again when the SYN would have been.
    transmitSyn(tcb, SYN | ACK, 'tcp.syn-ack');
    return;
  }
  established(tcb);
  takeAcknowledgment(tcb, segment);
  startTimeout(tcb);
  const refusedData = tcb.fastOpen !== null && synAnswered(tcb, tcb.fastOpen, segment);
  if (tcb.fastOpen !== null && !refusedData) takeSynData(tcb, tcb.fastOpen, frame, segment);
  else frame.release();
  if (!refusedData) acknowledgeSyn(tcb);
  startPacing(tcb);
  output(tcb);
  tcb.user?.connected();
  if (tcb.queue.length > 0 || tcb.finReceived) tcb.user?.readable();
}

/**
 * At once, unless a program waits to write, or said so (TCP_QUICKACK 0, TCP_DEFER_ACCEPT): then its data will carry the
 * acknowledgment (as Linux).
 */
function acknowledgeSyn(tcb: Tcb): void {
  if (tcb.writePending || tcb.interactive || tcb.options.deferAccept > 0) {
    if (tcb.tally === null) tallyOf(tcb).segmentsOut--;
    expectData(tcb);
  } else acknowledge(tcb, 'tcp.handshake-ack');
}

/** Whether the SYN+ACK echoes the timestamp of one of our SYNs. */
function echoed(tcb: Tcb, segment: Segment): boolean {
  const age = seqDiff(timestampNow(tcb), segment.timestampEcho);
  const oldest = seqDiff(timestampNow(tcb), tcb.timestampOffset);
  return age >= 0 && age <= oldest;
}

/**
 * The handshake is done: the connection begins (Linux: tcp_finish_connect, tcp_init_transfer). The acknowledgment that ends it
 * is to be taken next, with its window.
 */
export function established(tcb: Tcb): void {
  if (tcb.host.sysctl.values['net.ipv4.tcp_mtu_probing'] > 1) beginProbing(tcb);
  fitMss(tcb);
  // RFC 6928 section 2, Linux's tcp_init_cwnd: a SYN lost more than once tells of congestion.
  tcb.congestion.cwnd = tcb.totalRetransmits > 1 ? 1 : INITIAL_SEGMENTS;
  tcb.lastHeardAt = tcb.host.sim.now;
  tcb.lastSentAt = tcb.host.sim.now;
  startAcknowledging(tcb);
  fitSendBuffer(tcb);
  tcb.move('established');
  if (tcb.options.keepAlive) keepAlive(tcb);
}

/** The acknowledgment of our SYN has been taken: if it has measured nothing the timer is to be patient. */
export function startTimeout(tcb: Tcb): void {
  if (tcb.roundTrip.srtt > 0) return;
  tcb.roundTrip.rto = RTO_FALLBACK;
  tcb.backoff = 0;
}

/** An ICMP error about a SYN: the attempt has failed (RFC 1122 section 4.2.3.9; Linux: any of them). */
export function refused(tcb: Tcb, errno: number): void {
  tcb.host.counters.tcp.AttemptFails++;
  end(tcb, errno > 0 ? errno : ERRNO.EHOSTUNREACH);
}

function discard(tcb: Tcb, frame: Frame, reason: TcpDrop): void {
  dropFrame(tcb.host.tracer, '', frame, reason);
}

/**
 * The SYN with its data was too large for the path: goes out again at once, alone, and with what the path allows
 * (Linux: tcp_simple_retransmit).
 */
export function synTooLarge(tcb: Tcb): void {
  if (tcb.fastOpen?.sentData !== true || tcb.totalRetransmits > 0) return;
  resendSyn(tcb, 'tcp.path-mtu');
}

/** Whether an error of the network layer ends an attempt to connect at once; others may pass (Linux: tcp_v4_connect). */
export const isFinal = (result: number): boolean =>
  result === -ERRNO.ENETUNREACH ||
  result === -ERRNO.EHOSTUNREACH ||
  result === -ERRNO.EACCES ||
  result === -ERRNO.EINVAL;
