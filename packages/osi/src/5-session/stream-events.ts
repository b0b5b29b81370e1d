import type { ErrorReport, TcpUser } from '../4-transport/index.ts';
import { SO_EE_CODE_ZEROCOPY_COPIED, SO_EE_ORIGIN_ZEROCOPY } from './constants.ts';
import { ErrorQueue } from './error-queue.ts';
import type { WaitQueue } from './wait-queue.ts';

/** What was written was copied, whatever the program asked for: Linux says so, too, when it cannot do without. */
const COMPLETED: ErrorReport = {
  errno: 0,
  origin: SO_EE_ORIGIN_ZEROCOPY,
  type: 0,
  code: SO_EE_CODE_ZEROCOPY_COPIED,
  info: 0,
  offender: null,
  destination: null,
  data: new Uint8Array(0),
};

/** What TCP tells the socket: those who wait are woken, an error is kept until the program asks. */
export class StreamEvents implements TcpUser {
  readonly #socket: WaitQueue;
  /** SO_ERROR: positive, or 0. */
  error = 0;
  /** What MSG_ERRQUEUE reads; null while nothing ever was in it. */
  errors: ErrorQueue | null = null;
  /** The connection is over. */
  over = false;
  /** Whom to tell of urgent data; only there once somebody wants to know. */
  declare onUrgent?: () => void;

  constructor(socket: WaitQueue) {
    this.#socket = socket;
  }

  connected(): void {
    this.#socket.wake();
  }
  readable(): void {
    this.#socket.wake();
  }
  writable(): void {
    this.#socket.wake();
  }
  urgent(): void {
    this.onUrgent?.();
  }
  /** All that the MSG_ZEROCOPY call of this number wrote is acknowledged (`__msg_zerocopy_callback`). */
  acknowledged(call: number): void {
    this.errors ??= new ErrorQueue();
    const { newest } = this.errors;
    // Calls in a row become one report (`skb_zerocopy_notify_extend`).
    if (newest?.origin === SO_EE_ORIGIN_ZEROCOPY && newest.value === call - 1) {
      this.errors.replaceNewest({ ...newest, value: call });
    } else {
      this.errors.add({ ...COMPLETED, info: call, value: call });
    }
    this.#socket.wake();
  }
  failed(errno: number): void {
    this.error = errno;
    this.over = true;
    this.#socket.wake();
  }
}
