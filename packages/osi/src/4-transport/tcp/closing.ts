import { ERRNO } from '../../trace/index.ts';
import { fastOpenEnded } from './fast-open/health.ts';
import { dropRequest } from './fast-open/request.ts';
import { forgetWaiting, setAside } from './orphan-count.ts';
import type { TcpReason } from './reasons.ts';
import type { Tcb } from './tcb.ts';
import { TimeWait } from './time-wait.ts';
import { transmitReset } from './transmit.ts';

/**
 * The connection is over: nothing finds it any more, and its user is told. What was received before can still be
 * read. @param errno why, or 0 for an orderly end.
 */
export function end(tcb: Tcb, errno: number): void {
  if (tcb.state === 'CLOSED') return;
  const { user, parent } = tcb;
  if (tcb.fastOpen !== null) {
    dropRequest(tcb, false);
    fastOpenEnded(tcb, tcb.fastOpen);
  }
  forgetWaiting(tcb);
  tcb.move('end');
  dispose(tcb);
  tcb.parent = null;
  parent?.lost(tcb);
  if (user === null) {
    tcb.endedBy = errno;
    return;
  }
  if (errno !== 0) {
    user.failed(errno);
  } else {
    user.readable();
    user.writable();
  }
}

/** The time-out of a connection: what the user is told is the reason a router gave, if one did. */
export function giveUp(tcb: Tcb): void {
  tcb.host.counters.ext.TCPAbortOnTimeout++;
  end(tcb, tcb.softError !== 0 ? tcb.softError : ERRNO.ETIMEDOUT);
}

/** RST to the peer, and the end (RFC 9293 section 3.10.5). */
export function reset(tcb: Tcb, reason: TcpReason, errno: number): void {
  transmitReset(tcb, reason);
  end(tcb, errno);
}

/** The peer's RST was valid (RFC 9293 section 3.10.7): what the user is told depends on the state, as in Linux. */
export function resetByPeer(tcb: Tcb): void {
  const { counters } = tcb.host;
  switch (tcb.state) {
    case 'SYN_SENT':
    case 'SYN_RECV':
      counters.tcp.AttemptFails++;
      if (tcb.early) {
        dropRequest(tcb, true);
        end(tcb, ERRNO.ECONNRESET);
        return;
      }
      if (tcb.state === 'SYN_RECV') counters.ext.EmbryonicRsts++;
      end(tcb, ERRNO.ECONNREFUSED);
      return;
    case 'CLOSE_WAIT':
      counters.tcp.EstabResets++;
      end(tcb, ERRNO.EPIPE);
      return;
    case 'ESTABLISHED':
      counters.tcp.EstabResets++;
      end(tcb, ERRNO.ECONNRESET);
      return;
    case 'FIN_WAIT1':
    case 'FIN_WAIT2':
    case 'CLOSING':
    case 'LAST_ACK':
      end(tcb, ERRNO.ECONNRESET);
      return;
    case 'TIME_WAIT':
    case 'CLOSED':
    case 'LISTEN':
      end(tcb, 0);
      return;
  }
}

/**
 * Both sides have finished: for its program it is over, and little is left of it that waits, so that late segments do not
 * meet a successor (RFC 9293 section 3.6.1). When too many wait already nothing is, as in Linux (net.ipv4.tcp_max_tw_buckets).
 */
export function enterTimeWait(tcb: Tcb): void {
  const { counters, sysctl } = tcb.host;
  if (setAside(tcb) > sysctl.values['net.ipv4.tcp_max_tw_buckets']) {
    counters.ext.TCPTimeWaitOverflow++;
    end(tcb, 0);
    return;
  }
  counters.ext.TW++;
  if (tcb.fastOpen !== null) fastOpenEnded(tcb, tcb.fastOpen);
  release(tcb);
  tcb.host.standIn(tcb, new TimeWait(tcb));
  tcb.state = 'CLOSED';
  tcb.user?.readable();
}

function dispose(tcb: Tcb): void {
  release(tcb);
  tcb.host.forget(tcb);
}

/** Gives back what only a connection needs that sends and receives; what has been received can still be read. */
function release(tcb: Tcb): void {
  tcb.tally?.pacing?.stop();
  releaseSending(tcb);
  tcb.reassembly?.clear();
  tcb.reassembly = null;
  if (tcb.orphan) tcb.dropReceived();
  tcb.timers.stopAll();
}

function releaseSending(tcb: Tcb): void {
  tcb.dequeue(tcb.buffer.length);
  if (tcb.chunks !== null) tcb.host.chunks.give(tcb.chunks);
  tcb.chunks = null;
  if (tcb.inFlight !== null) tcb.host.lists.give(tcb.inFlight);
  tcb.inFlight = null;
}
