import type { SendOptions } from '../../3-network/index.ts';
import { becomeQuick } from './acknowledgment.ts';
import { ACK, CWR, ECE } from './codec.ts';
import { seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** The ECN field of a packet (RFC 3168 section 5): ECN-capable transport, in two spellings, and congestion experienced. */
const NOT_ECT = 0;
const ECT0 = 2;
const CE = 3;
const FIELD = 3;

/** Acknowledgments at once after a mark: the sender may have a window of one segment (Linux: __tcp_ecn_check_ce). */
const QUICK = 2;

/**
 * Explicit congestion notification of one connection (RFC 3168 section 6.1): routers mark packets instead of dropping
 * them; the receiver echoes the mark (ECE) until the sender says that it has reduced its window (CWR).
 */
export class Ecn {
  /** The window has been reduced: the next new segment says so (CWR). */
  tellReduced = false;
  /** A mark has come, and the peer has not said yet that it has heard of it: each segment echoes it (ECE). */
  echoing = false;
  /** The peer marks its packets as ECN-capable. */
  seen = false;
  /** What was told so with ECE: segments, for TCP_INFO. */
  deliveredMarked = 0;
  /** The packet that just came brought CWR: its acknowledgment is not delayed. */
  answerNow = false;
  /** How packets with new data are sent. */
  readonly marked: SendOptions;

  constructor(options: SendOptions) {
    this.marked = { ...options };
    this.follow(options);
  }

  /** A program has changed how its packets are sent. */
  follow(options: SendOptions): void {
    Object.assign(this.marked, options);
    this.marked.tos = ((options.tos ?? 0) & ~FIELD) | ECT0;
  }
}

/** Whether we ask for it when we connect (net.ipv4.tcp_ecn: 1), and whether we agree when asked (1, 2). */
export const offersEcn = (tcb: Tcb): boolean => tcb.host.sysctl.get('net.ipv4.tcp_ecn') === 1;
const agreesToEcn = (tcb: Tcb): boolean => {
  const mode = tcb.host.sysctl.get('net.ipv4.tcp_ecn');
  return mode === 1 || mode === 2;
};

/**
 * How a SYN asks for it, and SYN+ACK agrees. A SYN sent again does not ask: some routers drop those that do (section
 * 6.1.1.1; net.ipv4.tcp_ecn_fallback).
 */
export function synEcnFlags(tcb: Tcb, flags: number): number {
  if ((flags & ACK) !== 0) return ECE;
  const again = tcb.sndNxt !== tcb.iss;
  return again && tcb.host.sysctl.get('net.ipv4.tcp_ecn_fallback') !== 0 ? 0 : ECE | CWR;
}

/** The peer's SYN asks with ECE and CWR; a SYN that is itself marked was tampered with (section 6.1.1). */
export function agreeOnEcn(tcb: Tcb, flags: number, tos: number): void {
  const asked = (flags & (ECE | CWR)) === (ECE | CWR);
  tcb.ecn = asked && (tos & FIELD) === NOT_ECT && agreesToEcn(tcb) ? new Ecn(tcb.options.ip) : null;
}

/** The answer to our SYN: SYN+ACK agrees with ECE alone, a crossing SYN with both. */
export function concludeEcn(tcb: Tcb, flags: number, crossed: boolean): void {
  if ((flags & (ECE | CWR)) !== (crossed ? ECE | CWR : ECE)) tcb.ecn = null;
}

/**
 * What the flags of a segment say of it. New data is sent as ECN-capable; retransmissions and what has no data are not,
 * since nobody would hear of their marks (section 6.1.4 to 6.1.6).
 */
export function ecnFlags(ecn: Ecn, isNewData: boolean): number {
  let flags = ecn.echoing ? ECE : 0;
  if (isNewData && ecn.tellReduced) {
    ecn.tellReduced = false;
    flags |= CWR;
  }
  return flags;
}

/** Whether the segment is new data. */
export const isNewData = (tcb: Tcb, seq: number, length: number): boolean =>
  length > 0 && !seqLess(seq, tcb.sndNxt);

/** A data segment with CWR came: the peer has heard of the mark (Linux: tcp_ecn_accept_cwr). */
export function takeReduced(ecn: Ecn, flags: number, length: number): void {
  if ((flags & CWR) === 0) return;
  ecn.echoing = false;
  if (length > 0) ecn.answerNow = true;
}

/** A data segment came in a packet with this TOS field (Linux: __tcp_ecn_check_ce). */
export function takeMark(tcb: Tcb, ecn: Ecn, tos: number): void {
  switch (tos & FIELD) {
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
