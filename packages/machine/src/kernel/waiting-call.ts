import type { Simulation } from '@netarium/osi/time';
import { ERRNO, type EventId, type Tracer } from '@netarium/osi/trace';
import type { TracedCall } from '../system-calls.ts';
import type { Process } from './process.ts';
import type { Waiting } from './wait.ts';

/** A call that could not return at once. */
interface WaitingCall {
  readonly kernel: { readonly sim: Simulation; readonly tracer: Tracer };
  readonly process: Process;
  /** The process's number for it. */
  readonly number: number;
  readonly name: string;
  readonly event: EventId;
  /** As strace shows it meanwhile. */
  readonly line: () => TracedCall;
}

/**
 * Lets a call wait: it is tried again whenever what it waits for may have come, until it gives a result, its time
 * is over, a signal interrupts it or its process ends.
 *
 * @param finished takes the result and what let the call return.
 */
export function beginWaiting<R>(
  { kernel: { sim, tracer }, process, number, name, event, line }: WaitingCall,
  waiting: Waiting<R>,
  finished: (result: R, cause: EventId) => void,
): void {
  let over = false;
  let woken = false;
  const leave = (): void => {
    over = true;
    unsubscribe();
    timer?.stop();
    process.pending.delete(number);
    waiting.holds?.release();
  };
  const finish = (result: R): void => {
    const cause = tracer.cause;
    leave();
    if (!process.ended) finished(result, cause);
  };
  const attempt = (): void => {
    woken = false;
    if (over) return;
    const result = waiting.attempt();
    if (over) return;
    if (result !== undefined) finish(result);
    else limit();
  };
  // The call goes on after the event that woke it, not in the middle of it; but that event is its cause.
  const wake = (): void => {
    if (woken || over) return;
    woken = true;
    const cause = tracer.cause;
    sim.after(0, () => tracer.within(cause, attempt));
  };
  const expire = (): void => {
    if (!over) finish(waiting.expired?.() ?? (-ERRNO.EAGAIN as R));
  };
  const limit = (): void => {
    const time = waiting.again?.();
    if (time !== undefined) tracer.within(event, () => timer?.start(time));
  };
  const timer =
    (waiting.timeout === undefined || waiting.timeout === Number.POSITIVE_INFINITY) && !waiting.again
      ? null
      : tracer.timer(waiting.timer ?? `${name}.timeout`, () => `${process.program}[${process.pid}]`, expire);
  waiting.holds?.hold();
  const unsubscribe = waiting.subscribe(wake);
  process.pending.set(number, {
    line,
    interrupt: () => {
      if (!over) finish(waiting.interrupted?.() ?? (-ERRNO.EINTR as R));
    },
    cancel: leave,
  });
  if (waiting.again) limit();
  else if (timer !== null) tracer.within(event, () => timer.start(waiting.timeout ?? 0));
}
