import type { Sequence } from './sequence.ts';

/** The urgent byte is announced and has not come; or it has been read with MSG_OOB. */
export const AWAITED = -1;
export const TAKEN = -2;

/**
 * What the peer has called urgent (RFC 9293 section 3.8.5): a mark in the stream, and the byte there.
 *
 * RFC 6093: the byte is one, the last one announced, and the pointer stands behind it (Linux with
 * net.ipv4.tcp_stdurg 0, as everywhere). Reading stops at the mark; the byte itself is read apart, with MSG_OOB,
 * unless SO_OOBINLINE leaves it in the stream (Linux: tcp_check_urg, tcp_urg, tcp_recv_urg).
 */
export class UrgentMark {
  seq: Sequence;
  /** The byte, or why there is none. */
  value: number = AWAITED;

  constructor(seq: Sequence) {
    this.seq = seq;
  }

  /** Whether the byte is there to be read (POLLPRI). */
  get ready(): boolean {
    return this.value >= 0;
  }
}
