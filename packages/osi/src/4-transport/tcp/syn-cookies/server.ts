import { HEADROOM } from '../../../1-physical/index.ts';
import { hashIp } from '../../../3-network/index.ts';
import { milliseconds } from '../../../time/index.ts';
import type { TcpOptions } from '../../services.ts';
import { ACK, ECE, HEADER_LENGTH, type Segment, SYN, writeHeader } from '../codec.ts';
import { Ecn } from '../ecn.ts';
import { agreesToSyn } from '../ecn-agreement.ts';
import { announcedMss, defaultMss, startSending, takeSyn } from '../handshake.ts';
import { TIMESTAMPS_LENGTH } from '../options.ts';
import { type Sequence, seqAdd } from '../sequence.ts';
import { type SynOffer, synOptionsLength, writeSynOptions } from '../syn-options.ts';
import type { Tcb, TcpHost } from '../tcb.ts';
import { reply } from '../transmit.ts';
import { chooseInitialWindow, initialScale, initialWindow } from '../window.ts';
import { type Agreement, agreementOf, NOTHING_AGREED, timestampFor } from './agreement.ts';

/** What is known of a connection whose SYN nobody remembers. */
export interface Remembered extends Agreement {
  /** The number of our SYN. */
  readonly iss: Sequence;
  /** The largest segment that the client takes. */
  readonly mss: number;
}

/**
 * Answers a SYN and keeps nothing of it: our sequence number is a cookie, and the agreement is in our timestamp. Without
 * timestamps there is none: no scaling, no SACK, no ECN (RFC 4987 section 3.6; Linux: cookie_v4_init_sequence, cookie_init_timestamp).
 */
export function answerWithCookie(host: TcpHost, options: TcpOptions, segment: Segment): void {
  const { sysctl, sim, counters } = host;
  const { source } = segment;
  counters.ext.SyncookiesSent++;
  const timestamps = segment.hasTimestamps && sysctl.values['net.ipv4.tcp_timestamps'] !== 0;
  const scaling =
    timestamps && segment.windowScale >= 0 && sysctl.values['net.ipv4.tcp_window_scaling'] !== 0;
  const offer: SynOffer = {
    advMss: announcedMss(host, options, source),
    timestamps,
    sack: timestamps && segment.sackPermitted && sysctl.values['net.ipv4.tcp_sack'] !== 0,
    scaling,
    rcvScale: scaling ? initialScale(sysctl, options) : 0,
  };
  const peerMss = segment.mss > 0 ? segment.mss : defaultMss(source);
  const mss = options.maxSegment > 0 ? Math.min(options.maxSegment, peerMss) : peerMss;
  const cookie = host.synCookies.make(segment, segment.seq, mss, sim.now);
  const agreement: Agreement = {
    sack: offer.sack,
    windowScale: scaling ? segment.windowScale : -1,
    ecn: timestamps && agreesToSyn(sysctl, segment.flags, segment.tos),
  };
  const clock = timestampFor(agreement, Math.floor(sim.now / milliseconds(1)));
  const headerLength = HEADER_LENGTH + synOptionsLength(offer);
  const frame = host.pool.take(0);
  frame.start = HEADROOM - headerLength;
  frame.reason = 'tcp.syn-cookie';
  const { view, start } = frame;
  const { sourcePort, destinationPort } = segment;
  const window = initialWindow(options, offer.advMss - (timestamps ? TIMESTAMPS_LENGTH : 0));
  const next = seqAdd(segment.seq, 1);
  const flags = SYN | ACK | (agreement.ecn ? ECE : 0);
  writeHeader(view, start, destinationPort, sourcePort, cookie, next, headerLength, flags, window);
  const timestamp = (clock + timestampOffset(host, segment)) | 0;
  writeSynOptions(view, start + HEADER_LENGTH, offer, timestamp, segment.timestamp);
  reply(host, frame, segment);
}

/**
 * An acknowledgment came that belongs to no connection. @returns what the cookie in it says; null when it has none, or one
 * that is forged or too old, or what it agreed to is not allowed (any more).
 */
export function readCookie(host: TcpHost, segment: Segment): Remembered | null {
  const { sysctl, counters, sim } = host;
  const iss = seqAdd(segment.ack, -1);
  const mss = host.synCookies.read(iss, segment, seqAdd(segment.seq, -1), sim.now);
  if (mss === null) {
    counters.ext.SyncookiesFailed++;
    return null;
  }
  counters.ext.SyncookiesRecv++;
  if (!segment.hasTimestamps) return { iss, mss, ...NOTHING_AGREED };
  const agreement = agreementOf((segment.timestampEcho - timestampOffset(host, segment)) | 0);
  const allowed =
    sysctl.values['net.ipv4.tcp_timestamps'] !== 0 &&
    !(agreement.sack && sysctl.values['net.ipv4.tcp_sack'] === 0) &&
    !(agreement.windowScale >= 0 && sysctl.values['net.ipv4.tcp_window_scaling'] === 0);
  return allowed ? { iss, mss, ...agreement } : null;
}

/**
 * Makes `tcb` what it would be had its SYN been remembered: in SYN_RECV, our SYN sent; nothing is measured. `segment` is the
 * acknowledgment that brought the cookie back, and is still to be taken.
 */
export function remember(tcb: Tcb, segment: Segment, known: Remembered): void {
  const { host } = tcb;
  startSending(tcb, known.iss);
  tcb.sndUna = seqAdd(tcb.iss, 1);
  tcb.sndNxt = tcb.sndUna;
  segment.mss = known.mss;
  segment.windowScale = known.windowScale;
  segment.sackPermitted = known.sack;
  takeSyn(tcb, segment, seqAdd(segment.seq, -1));
  if (known.ecn && host.sysctl.values['net.ipv4.tcp_ecn'] !== 0) tcb.ecn = new Ecn(tcb.options.ip);
  chooseInitialWindow(tcb, tcb.advMss - (tcb.timestamps ? TIMESTAMPS_LENGTH : 0));
  tcb.delivered = 1;
  host.counters.tcp.PassiveOpens++;
  tcb.move('syn');
}

const timestampOffset = (host: TcpHost, { source, destination }: Segment): number =>
  host.secrets.timestampOffset(hashIp(destination), hashIp(source));
