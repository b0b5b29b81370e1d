import { INITIAL_SEGMENTS } from './congestion/interface.ts';
import { Pace } from './pace.ts';
import { seqAdd, seqDiff } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { usefulWindow } from './useful-window.ts';
import { fullSpace } from './window.ts';

/** Data has come in order (Linux: tcp_rcv_rtt_measure). */
export function noteArrival(tcb: Tcb): void {
  const { now } = tcb.host.sim;
  let { pace } = tcb;
  if (pace === null) {
    pace = tcb.pace = new Pace();
    pace.roundBegan = now;
    pace.most = Math.min(INITIAL_SEGMENTS * tcb.advMss, tcb.windowLimit, tcb.rcvWnd);
  } else {
    if (seqDiff(tcb.rcvNxt, pace.windowEnd) < 0) return;
    const sample = Math.max(now - pace.windowBegan, 1);
    pace.roundTrip = pace.roundTrip === 0 ? sample : Math.min(pace.roundTrip, sample);
  }
  pace.windowEnd = seqAdd(tcb.rcvNxt, tcb.rcvWnd);
  pace.windowBegan = now;
}

/**
 * The program took `count` bytes: lets the buffer grow so that the window never is what limits the peer (dynamic
 * right-sizing; Linux: tcp_rcv_space_adjust with net.ipv4.tcp_moderate_rcvbuf).
 */
export function fitReceiveBuffer(tcb: Tcb, count: number): void {
  const { pace, host } = tcb;
  if (pace === null) return;
  pace.read += count;
  if (pace.roundTrip === 0 || host.sim.now - pace.roundBegan < pace.roundTrip) return;
  if (pace.read > pace.most) {
    grow(tcb, pace.read, pace.most, usefulWindow(pace.roundTrip));
    pace.most = pace.read;
  }
  pace.read = 0;
  pace.roundBegan = host.sim.now;
}

/** Room for twice what was read in a round trip, and more while that grows: the peer may be in slow start. */
function grow(tcb: Tcb, read: number, before: number, most: number): void {
  const { options, host } = tcb;
  if (options.receiveBufferLocked) return;
  if (host.sysctl.values['net.ipv4.tcp_moderate_rcvbuf'] === 0) return;
  let window = 2 * read + 16 * tcb.advMss;
  window += 2 * Math.max(0, Math.floor((window * (read - before)) / before));
  const size = Math.min(2 * Math.min(window, most), host.sysctl.values['net.ipv4.tcp_rmem.max']);
  if (size <= tcb.receiveBuffer) return;
  tcb.receiveBuffer = size;
  // In Linux the clamp follows the buffer, also one that a program has set.
  if (options.windowClamp > 0) tcb.options = { ...options, windowClamp: fullSpace(tcb) };
  tcb.windowLimit = fullSpace(tcb);
}
