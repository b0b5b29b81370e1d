import type { Frame } from '../../../1-physical/index.ts';
import type { TcpOptions } from '../../services.ts';
import { startAcknowledging } from '../acknowledgment.ts';
import { ACK, type Segment, SYN } from '../codec.ts';
import { INITIAL_SEGMENTS } from '../congestion/interface.ts';
import { agreeOnEcn } from '../ecn-agreement.ts';
import { chooseSequence, startSending, startTimeout, takeSyn } from '../handshake.ts';
import { TIMESTAMPS_LENGTH } from '../options.ts';
import { fitSendBuffer } from '../send-space.ts';
import { type Sequence, seqAdd } from '../sequence.ts';
import type { Tcb, TcpHost } from '../tcb.ts';
import { transmitSyn } from '../transmit.ts';
import { chooseInitialWindow } from '../window.ts';
import type { Cookie } from './cookie.ts';
import { takeSynData } from './data.ts';
import { CookieKeys } from './keys.ts';
import type { FastOpenQueue } from './queue.ts';
import { EarlyRequest, FastOpen } from './state.ts';

/** What becomes of a SYN: whether it opens the connection at once, and the option of the SYN+ACK, or null for none. */
export interface Judgement {
  readonly opens: boolean;
  readonly option: Cookie | null;
}

const ORDINARY: Judgement = { opens: false, option: null };
const OPENS: Judgement = { opens: true, option: null };

/** RFC 7413 section 4.2.2 as Linux has it (tcp_try_fastopen). */
export function judgeSyn(
  host: TcpHost,
  options: TcpOptions,
  queue: FastOpenQueue,
  segment: Segment,
): Judgement {
  const { fastOpen: length, fastOpenExperimental: experimental } = segment;
  const { fastOpen, counters } = host;
  if (length === 0) counters.ext.TCPFastOpenCookieReqd++;
  const hasData = segment.dataEnd > segment.dataStart;
  const most = options.fastOpen?.queue ?? 0;
  if (!fastOpen.forServers || (length < 0 && !hasData) || most === 0) return ORDINARY;
  if (!queue.admits(most, host.sim.now)) {
    counters.ext.TCPFastOpenListenOverflow++;
    return ORDINARY;
  }
  if (fastOpen.takesWithoutCookie || options.fastOpen?.withoutCookie === true) return OPENS;
  if (length < 0) return ORDINARY;
  const key = options.fastOpen?.key ?? null;
  const keys = key === null ? fastOpen.keys : new CookieKeys(key);
  const present = (): Cookie => ({
    bytes: keys.cookieFor(segment.source, segment.destination),
    experimental,
  });
  if (length === 0) return { opens: false, option: present() };
  switch (keys.judge(segment.fastOpenCookie.subarray(0, length), segment.source, segment.destination)) {
    case 'present':
      return OPENS;
    case 'former':
      counters.ext.TCPFastOpenPassiveAltKey++;
      return { opens: true, option: present() };
    case 'invalid':
      counters.ext.TCPFastOpenPassiveFail++;
      return { opens: false, option: present() };
  }
}

/**
 * A SYN with a good cookie: `tcb` takes its data and may send, though the peer has not shown yet that it is where it
 * says (Linux: tcp_fastopen_create_child). Our SYN is not among what is in flight: only its acknowledgment is waited for.
 */
export function answerEarly(
  tcb: Tcb,
  frame: Frame,
  segment: Segment,
  iss: Sequence | null,
  queue: FastOpenQueue,
  option: Cookie | null,
): void {
  const { host } = tcb;
  startSending(tcb, iss ?? chooseSequence(tcb));
  takeSyn(tcb, segment);
  agreeOnEcn(tcb, segment.flags, segment.tos);
  chooseInitialWindow(tcb, tcb.advMss - (tcb.timestamps ? TIMESTAMPS_LENGTH : 0));
  host.counters.tcp.PassiveOpens++;
  host.counters.ext.TCPFastOpenPassive++;
  tcb.move('syn');
  tcb.sndUna = seqAdd(tcb.iss, 1);
  tcb.sndNxt = tcb.sndUna;
  tcb.congestion.cwnd = INITIAL_SEGMENTS;
  startAcknowledging(tcb);
  fitSendBuffer(tcb);
  const fast = new FastOpen();
  tcb.fastOpen = fast;
  fast.isChild = true;
  fast.request = new EarlyRequest(queue, host.sim.now, tcb.roundTrip.rto);
  queue.enter();
  takeSynData(tcb, fast, frame, segment);
  tcb.rcvWup = tcb.rcvNxt;
  fast.option = option;
  transmitSyn(tcb, SYN | ACK, 'tcp.syn-ack-early');
  fast.option = null;
  tcb.startSend('tcp.retransmission', fast.request.patience);
  startTimeout(tcb);
}
