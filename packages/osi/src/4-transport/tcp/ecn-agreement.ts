import type { Sysctl } from '../../3-network/index.ts';
import { ACK, CWR, ECE } from './codec.ts';
import { ECN_FIELD, Ecn, NOT_ECT } from './ecn.ts';
import { seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Whether we ask for it when we connect (net.ipv4.tcp_ecn: 1), and whether we agree when asked (1, 2). */
export const offersEcn = (tcb: Tcb): boolean => tcb.host.sysctl.values['net.ipv4.tcp_ecn'] === 1;
const agreesToEcn = (sysctl: Sysctl): boolean => {
  const mode = sysctl.values['net.ipv4.tcp_ecn'];
  return mode === 1 || mode === 2;
};

/**
 * How a SYN asks for it, and SYN+ACK agrees. A SYN sent again does not ask: some routers drop those that do (section
 * 6.1.1.1; net.ipv4.tcp_ecn_fallback).
 */
export function synEcnFlags(tcb: Tcb, flags: number): number {
  if ((flags & ACK) !== 0) return ECE;
  const again = tcb.sndNxt !== tcb.iss;
  return again && tcb.host.sysctl.values['net.ipv4.tcp_ecn_fallback'] !== 0 ? 0 : ECE | CWR;
}

/** Whether we agree to what the peer's SYN asks with ECE and CWR; one that is itself marked was tampered with (section 6.1.1). */
export function agreesToSyn(sysctl: Sysctl, flags: number, tos: number): boolean {
  const asked = (flags & (ECE | CWR)) === (ECE | CWR);
  return asked && (tos & ECN_FIELD) === NOT_ECT && agreesToEcn(sysctl);
}

export function agreeOnEcn(tcb: Tcb, flags: number, tos: number): void {
  tcb.ecn = agreesToSyn(tcb.host.sysctl, flags, tos) ? new Ecn(tcb.options.ip) : null;
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
