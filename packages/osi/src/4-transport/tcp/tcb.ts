import type { Frame, FramePool, Refusal } from '../../1-physical/index.ts';
import type { IpAddress, IpService, Sysctl } from '../../3-network/index.ts';
import type { Nanoseconds, Simulation } from '../../time/index.ts';
import type { EventId, TcpNumbers, Tracer } from '../../trace/index.ts';
import type { Endpoint, TcpEntry, TcpOptions, TcpState, TcpUser } from '../services.ts';
import type { Chained } from './chained.ts';
import type { Segment } from './codec.ts';
import { type CongestionControl, INFINITE } from './congestion/interface.ts';
import type { TcpCounters } from './counters.ts';
import type { Ecn } from './ecn.ts';
import { Facts } from './facts.ts';
import type { FastOpenHost } from './fast-open/host.ts';
import type { FastOpen } from './fast-open/state.ts';
import type { InFlight } from './in-flight.ts';
import type { Secrets } from './isn.ts';
import type { Pace } from './pace.ts';
import type { PathProbe } from './path-probe-state.ts';
import type { Pool } from './pool.ts';
import type { Claim } from './ports.ts';
import type { Reassembly } from './reassembly.ts';
import { NOTHING_RECEIVED, type ReceiveQueue } from './receive-queue.ts';
import type { RecoveryState } from './recovery-state.ts';
import { RoundTrip } from './retransmission.ts';
import type { SelectiveAcks } from './selective-acks.ts';
import { NOTHING_TO_SEND, type SendBuffer } from './send-buffer.ts';
import type { SendChunks } from './send-chunks.ts';
import { type Sequence, seqDiff } from './sequence.ts';
import { nextState, type TcpEvent } from './state.ts';
import { recordState } from './state-record.ts';
import type { SynCookies } from './syn-cookies/cookie.ts';
import type { Tally } from './tally.ts';
import type { TimeWait } from './time-wait.ts';
import type { TimeWaits } from './time-waits.ts';
import { type SendTimer, STOPPED, type TimerName, type Timers, type WaitTimer } from './timers.ts';
import type { UrgentMark } from './urgent-mark.ts';

/** What connections need of the layer they belong to. */
export interface TcpHost {
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly ip: IpService;
  readonly sysctl: Sysctl;
  readonly pool: FramePool;
  readonly lists: Pool<InFlight>;
  readonly chunks: Pool<SendChunks>;
  readonly buffers: Pool<SendBuffer>;
  readonly queues: Pool<ReceiveQueue>;
  readonly deadlines: Pool<Timers>;
  readonly timeWaits: TimeWaits;
  readonly counters: TcpCounters;
  readonly secrets: Secrets;
  readonly fastOpen: FastOpenHost;
  readonly synCookies: SynCookies;
  /** The segment for which there was no room in the queue of the own interface, if the last one was such. */
  readonly refusal: Refusal;
  /** Greater than 0 while a segment is handed down: what the network layer hands up meanwhile has to wait. */
  sending: number;
  readonly gro: ReceiveOffload;
  /** How many connections wait only, in TIME_WAIT or for the FIN of a peer; how many others have no program any more. */
  waiting: number;
  orphans: number;
  /** The connection is over: nothing finds it any more. */
  forget(over: Chained & { readonly claim: Claim | null }): void;
  /** What is left of the connection is found in its place, and begins to wait. */
  standIn(tcb: Tcb, wait: TimeWait): void;
}

/** Joins segments that arrive together (`Gro`). */
export interface ReceiveOffload {
  begins(tcb: Tcb, frame: Frame, segment: Segment): boolean;
  joins(tcb: Tcb, frame: Frame, segment: Segment): boolean;
  end(tcb: Tcb): void;
}

/** A listener, as its connections see it. */
export interface Parent {
  /** No more connections can wait to be accepted; and that one of them had to be turned away. */
  readonly full: boolean;
  /** TCP_DEFER_ACCEPT: for so many timeouts of the SYN+ACK an acknowledgment without data is passed over. */
  readonly deferAccept: number;
  overflowed(): void;
  /** The handshake is done: it waits to be accepted. */
  established(child: Tcb): void;
  /** It ended before it was accepted. */
  lost(child: Tcb): void;
}

/** What was last written to the record as `tcp-variables`: nothing yet. */
class Shown implements TcpNumbers {
  cwnd = Number.NaN;
  ssthresh = Number.NaN;
  srtt = Number.NaN;
  rto = Number.NaN;
  flight = Number.NaN;
  sendWindow = Number.NaN;
  receiveWindow = Number.NaN;
}

/**
 * The variables of one connection: RFC 9293's transmission control block (section 3.3.1). The chapters of TCP
 * (`sender`, `receiver`, `recovery`, `arrival` …) are functions over it.
 *
 * Windows and sizes are in bytes, times in nanoseconds; sequence numbers as `sequence.ts` has them.
 */
export abstract class Tcb extends Facts implements Chained {
  readonly host: TcpHost;
  readonly number: number;
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
  state: TcpState = 'CLOSED';
  options: TcpOptions;
  receiveBuffer: number;
  sendBuffer: number;
  user: TcpUser | null;
  chain: Chained | null = null;
  claim: Claim | null;
  /** The listener, until it has handed the connection to a program. */
  parent: Parent | null = null;
  /** Those that run: to be read and stopped. What starts one is `startSend`, `startAck`, `startWait`. */
  timers: Timers = STOPPED;
  #shown: Shown | null = null;
  #id = '';

  // Sending (RFC 9293 section 3.3.1, "send sequence variables").
  iss: Sequence = 0;
  sndUna: Sequence = 0;
  sndNxt: Sequence = 0;
  sndWnd = 0;
  sndWl1: Sequence = 0;
  sndScale = 0;
  /** The largest window the peer has offered. */
  maxWindow = 0;
  /** Largest payload of a segment, options taken off. */
  mss = 536;
  /** What the peer's MSS option allows, options not taken off. */
  peerMss = 536;
  /** To be read; `enqueue` and `dequeue` change it. */
  buffer: SendBuffer = NOTHING_TO_SEND;
  /** Sequence number of the oldest byte in the buffer. */
  bufferSeq: Sequence = 0;
  inFlight: InFlight | null = null;
  /** End of the last segment sent that was not full (Minshall's refinement of Nagle's rule). */
  smallEnd: Sequence = 0;
  /** How what is in the buffer was written; null while it is empty. */
  chunks: SendChunks | null = null;
  /** Whom to tell when the bytes before `end` are acknowledged; null when nobody asked. */
  awaited: { readonly end: Sequence; readonly call: number }[] | null = null;
  /** What was written last with PSH ends here (Linux: pushed_seq). */
  pushedSeq: Sequence = 0;
  /** Null before anything has gone to and fro. */
  tally: Tally | null = null;
  /** Behind the last urgent byte that the program wrote; null when none is unacknowledged. */
  sndUrgent: Sequence | null = null;
  /** When data was sent last; before, when the handshake was done (Linux: lsndtime). */
  lastSentAt: Nanoseconds = 0;
  /** The most segments in flight in the last window's worth. */
  usedWindow = 0;
  /** That window's worth ends when this is acknowledged. */
  usageEnd: Sequence = 0;
  congestion: CongestionControl;

  // Retransmission and loss recovery.
  readonly roundTrip = new RoundTrip();
  /** The round trip that is measured ends when this is acknowledged. */
  roundEnd: Sequence = 0;
  /** Where loss recovery stands; see `recovery.ts`. */
  phase: 'open' | 'disorder' | 'cwr' | 'recovery' | 'loss' = 'open';
  /** Only once something was out of order or lost. */
  recovery: RecoveryState | null = null;
  /** The search for the path's MTU, when there is one (net.ipv4.tcp_mtu_probing). */
  pathProbe: PathProbe | null = null;
  /** Explicit congestion notification, when it is offered or agreed on (RFC 3168). */
  ecn: Ecn | null = null;
  /** Segments known to have arrived. */
  delivered = 0;
  fastOpen: FastOpen | null = null;

  // Receiving.
  irs: Sequence = 0;
  rcvNxt: Sequence = 0;
  /** The window as last told to the peer, counted from `rcvWup`, which was `rcvNxt` then. */
  rcvWnd = 0;
  rcvWup: Sequence = 0;
  rcvScale = 0;
  /** No window larger than this is offered; grows with what the program reads (Linux: rcv_ssthresh). */
  windowLimit = 0;
  /** The peer's segment size as observed, and what we have told it to send at most. */
  rcvMss = 536;
  advMss = 536;
  /** To be read; `receiving` is what is written to. */
  queue: ReceiveQueue = NOTHING_RECEIVED;
  reassembly: Reassembly | null = null;
  /** What is told of segments behind a gap; null until one came. */
  selective: SelectiveAcks | null = null;
  /** The peer's urgent mark, until the program has read past it. */
  urgent: UrgentMark | null = null;
  lastDataAt: Nanoseconds = 0;
  lastHeardAt: Nanoseconds = 0;

  // Acknowledging.
  quickAcks = 0;
  ackTimeout: Nanoseconds = 0;

  // Timestamps (RFC 7323).
  timestampOffset = 0;
  tsRecent = 0;
  /** In whole seconds, as Linux has it (ts_recent_stamp). */
  tsRecentAt = 0;

  /** For fitting the receive buffer; null until data has come. */
  pace: Pace | null = null;

  constructor(
    host: TcpHost,
    number: number,
    local: Endpoint,
    remote: Endpoint,
    options: TcpOptions,
    user: TcpUser | null,
    claim: Claim | null,
    congestion: CongestionControl,
  ) {
    super();
    this.host = host;
    this.number = number;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.options = options;
    this.receiveBuffer = options.receiveBuffer;
    this.sendBuffer = options.sendBuffer;
    this.user = user;
    this.claim = claim;
    this.congestion = congestion;
  }

  /** The peer's SYN alone has opened it, and its acknowledgment of ours has not come (RFC 7413 section 4.2.2). */
  get early(): boolean {
    return this.fastOpen !== null && this.fastOpen.request !== null;
  }

  abstract entry(): TcpEntry;

  /** A deadline has come. */
  abstract expired(name: TimerName): void;

  startSend(name: SendTimer, delay: Nanoseconds): void {
    this.#running().startSend(name, delay);
  }

  startAck(delay: Nanoseconds): void {
    this.#running().startAck(delay);
  }

  startWait(name: WaitTimer, delay: Nanoseconds): void {
    this.#running().startWait(name, delay);
  }

  #running(): Timers {
    if (this.timers === STOPPED) {
      this.timers = this.host.deadlines.take();
      this.timers.owner = this;
    }
    return this.timers;
  }

  /** None runs any more. */
  stopped(): void {
    const { timers } = this;
    this.timers = STOPPED;
    this.host.deadlines.give(timers);
  }

  /** Copies bytes that `origin` wrote behind those in the send buffer. The caller has seen to the limit. */
  enqueue(bytes: Uint8Array, origin: EventId): void {
    if (this.buffer === NOTHING_TO_SEND) this.buffer = this.host.buffers.take();
    this.buffer.write(bytes, origin);
  }

  /** Drops the oldest `count` bytes of the send buffer. */
  dequeue(count: number): void {
    const { buffer } = this;
    if (buffer === NOTHING_TO_SEND) return;
    buffer.drop(count);
    if (buffer.length > 0) return;
    this.buffer = NOTHING_TO_SEND;
    this.host.buffers.give(buffer);
  }

  /** Where frames are put that came in order. */
  get receiving(): ReceiveQueue {
    if (this.queue === NOTHING_RECEIVED) this.queue = this.host.queues.take();
    return this.queue;
  }

  /** The program has read, or wants no more of it: when all is gone there is no queue. */
  received(): void {
    const { queue } = this;
    if (queue === NOTHING_RECEIVED || queue.length > 0) return;
    this.queue = NOTHING_RECEIVED;
    this.host.queues.give(queue);
  }

  dropReceived(): void {
    this.queue.clear();
    this.received();
  }

  get id(): string {
    if (this.#id === '') this.#id = `tcp:${this.number}`;
    return this.#id;
  }

  /** Bytes sent and not acknowledged, SYN and FIN included. */
  get flight(): number {
    return seqDiff(this.sndNxt, this.sndUna);
  }

  /** The congestion window and its threshold as the record has them, in bytes. */
  get cwndBytes(): number {
    return this.congestion.cwnd * this.mss;
  }

  get ssthreshBytes(): number {
    const { ssthresh } = this.congestion;
    return ssthresh === INFINITE ? Number.POSITIVE_INFINITY : ssthresh * this.mss;
  }

  /** Sequence number behind the last byte that the program has written. */
  get bufferEnd(): Sequence {
    return (this.bufferSeq + this.buffer.length) | 0;
  }

  /** Whether our FIN has been sent (once, at least). */
  get finSent(): boolean {
    return this.finQueued && seqDiff(this.sndNxt, this.bufferEnd) > 0;
  }

  /** Right edge of the window we have offered, as bytes from `rcvNxt`. */
  get receiveWindow(): number {
    return Math.max(0, this.rcvWnd - seqDiff(this.rcvNxt, this.rcvWup));
  }

  /** Takes one arrow of the state diagram and records it. */
  move(event: TcpEvent): void {
    const from = this.state;
    const to = nextState(from, event);
    if (to === from) return;
    this.state = to;
    const { tracer, counters } = this.host;
    if (to === 'ESTABLISHED') counters.tcp.CurrEstab++;
    else if (counted(from) && !counted(to)) counters.tcp.CurrEstab--;
    recordState(tracer, this, from, to);
  }

  /** Writes the variables to the record if they have changed since. */
  show(): void {
    const { tracer } = this.host;
    if (!tracer.on) return;
    this.#shown ??= new Shown();
    const shown = this.#shown;
    const { cwndBytes, ssthreshBytes, roundTrip, flight, sndWnd, receiveWindow } = this;
    if (
      shown.receiveWindow === receiveWindow &&
      shown.flight === flight &&
      shown.sendWindow === sndWnd &&
      shown.cwnd === cwndBytes &&
      shown.ssthresh === ssthreshBytes &&
      shown.srtt === roundTrip.srtt &&
      shown.rto === roundTrip.rto
    ) {
      return;
    }
    shown.cwnd = cwndBytes;
    shown.ssthresh = ssthreshBytes;
    shown.srtt = roundTrip.srtt;
    shown.rto = roundTrip.rto;
    shown.flight = flight;
    shown.sendWindow = sndWnd;
    shown.receiveWindow = receiveWindow;
    tracer.variables(this.id, shown);
  }
}

/** RFC 4022's tcpCurrEstab counts ESTABLISHED and CLOSE-WAIT. */
const counted = (state: TcpState): boolean => state === 'ESTABLISHED' || state === 'CLOSE_WAIT';
