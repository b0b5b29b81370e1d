import { ERRNO } from '@netarium/osi/trace';
import { SIGNALS } from '../constants.ts';
import { IntervalTimer } from '../interval-timer.ts';
import type { Call, Family } from '../kernel.ts';

const ITIMER_REAL = 0;
const OFF = { value: 0, interval: 0 };

/** The system calls about timers of a process: those that count what it computes (ITIMER_VIRTUAL, ITIMER_PROF) there are not. */
export const timerCalls: Family<'setitimer' | 'getitimer'> = {
  setitimer(call, which, value, interval) {
    if (which !== ITIMER_REAL || !(value >= 0) || !(interval >= 0)) return -ERRNO.EINVAL;
    const { process } = call;
    process.alarm ??= alarmOf(call);
    const before = process.alarm.setting;
    process.alarm.set({ value, interval });
    return before;
  },

  getitimer: ({ process }, which) =>
    which === ITIMER_REAL ? (process.alarm?.setting ?? OFF) : -ERRNO.EINVAL,
};

const alarmOf = ({ kernel, process }: Call): IntervalTimer =>
  new IntervalTimer(
    kernel.tracer,
    () => kernel.sim.now,
    () => `${process.program}[${process.pid}]`,
    () => kernel.signal(process, SIGNALS.SIGALRM),
  );
