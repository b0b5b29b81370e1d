import type { Nanoseconds } from '../../../time/index.ts';
import type { Sequence } from '../sequence.ts';
import type { Cookie } from './cookie.ts';
import type { FastOpenQueue } from './queue.ts';

/** A connection that a SYN alone has opened, until its handshake is done (Linux: `fastopen_rsk`). */
export class EarlyRequest {
  readonly queue: FastOpenQueue;
  /** When our SYN+ACK went out first, how long it is waited for at first, and how often that time has gone by. */
  readonly sentAt: Nanoseconds;
  readonly patience: Nanoseconds;
  timeouts = 0;
  /** It was sent more than once, so that its acknowledgment measures nothing (Karn). */
  sentAgain = false;
  /** A program has accepted the connection already. */
  accepted = false;

  constructor(queue: FastOpenQueue, sentAt: Nanoseconds, patience: Nanoseconds) {
    this.queue = queue;
    this.sentAt = sentAt;
    this.patience = patience;
  }
}

/** Why data in a SYN was not taken; `tcpi_fastopen_client_fail` (Linux: `enum tcp_fastopen_client_fail`). */
export const CLIENT_FAILURES = [
  'none',
  'cookie unavailable',
  'data not acknowledged',
  'SYN sent again',
] as const;
export type ClientFailure = (typeof CLIENT_FAILURES)[number];

/** What a connection has to do with Fast Open (RFC 7413): only those have it that do. */
export class FastOpen {
  /** What goes into the SYN, or SYN+ACK, that is sent next; null for no option. */
  option: Cookie | null = null;
  /** Our SYN had the option, in which form, and data. */
  asked = false;
  experimental = false;
  sentData = false;
  /** Where that data ends: however it is sent again, there was a PSH (Linux: tcp_send_syn_data). */
  dataEnd: Sequence = 0;
  /** All data in the SYN was taken: what we sent, or what we got. */
  dataTaken = false;
  failure: ClientFailure = 'none';
  /** Whether Fast Open works again after a pause is to be learnt by this connection. */
  trial = false;
  /** Opened by the peer's SYN alone. */
  isChild = false;
  /** Its handshake is not done yet. */
  request: EarlyRequest | null = null;
}
