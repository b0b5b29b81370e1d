import { formatIp } from '../3-network/index.ts';
import type { ErrorReport } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import { addressOf } from './addresses.ts';
import { AF_INET, MSG_ERRQUEUE, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 } from './constants.ts';
import type { ExtendedError, Received } from './socket-types.ts';

/** How many reports wait at most; Linux bounds them by the receive buffer's memory. */
const MOST = 256;

/** Whose queue it is: `error` is what SO_ERROR gives (Linux: sk_err). */
interface Owner {
  error: number;
}

/**
 * A socket's error queue: what became of that which it sent, for recvmsg(2) with MSG_ERRQUEUE (ip(7) IP_RECVERR). Beside
 * ICMP errors it has the completions of MSG_ZEROCOPY and the timestamps of SO_TIMESTAMPING.
 */
export class ErrorQueue {
  readonly #reports: ErrorReport[] = [];

  get length(): number {
    return this.#reports.length;
  }

  /** @returns whether there was room. */
  add(report: ErrorReport): boolean {
    if (this.#reports.length >= MOST) return false;
    this.#reports.push(report);
    return true;
  }

  /** The report that came last, or undefined. */
  get newest(): ErrorReport | undefined {
    return this.#reports.at(-1);
  }

  /** Puts `report` in the place of the newest one, which it includes. */
  replaceNewest(report: ErrorReport): void {
    this.#reports[this.#reports.length - 1] = report;
  }

  clear(): void {
    this.#reports.length = 0;
  }

  /**
   * Takes the oldest report (`ip_recv_error`): its data are as much of the packet's payload as is known. After an ICMP
   * error the owner's pending error is the next one's (`sock_dequeue_err_skb`). @returns -EAGAIN when there is none.
   */
  receive(into: Uint8Array, owner: Owner, domain: number = AF_INET): Received | number {
    const report = this.#reports.shift();
    if (report === undefined) return -ERRNO.EAGAIN;
    const next = this.#reports[0];
    if (next !== undefined && isIcmp(next)) owner.error = next.errno;
    else if (isIcmp(report)) owner.error = 0;

    const whole = report.data.length;
    const length = Math.min(whole, into.length);
    into.set(report.data.subarray(0, length));
    const error: ExtendedError = {
      errno: report.errno,
      origin: report.origin,
      type: report.type,
      code: report.code,
      info: report.info,
      data: report.value ?? 0,
      offender: report.offender === null ? null : formatIp(report.offender),
    };
    return {
      length,
      whole,
      address: report.destination === null ? null : addressOf(report.destination, domain),
      truncated: whole > length,
      flags: MSG_ERRQUEUE,
      error,
      ...(report.stamp !== undefined && { stamp: report.stamp }),
    };
  }
}

const isIcmp = ({ origin }: ErrorReport): boolean =>
  origin === SO_EE_ORIGIN_ICMP || origin === SO_EE_ORIGIN_ICMP6;
