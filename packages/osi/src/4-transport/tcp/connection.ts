import { type Nanoseconds, seconds } from '../../time/index.ts';
import { ERRNO, type EventId } from '../../trace/index.ts';
import type { Endpoint, TcpConnection, TcpEntry, TcpInfo } from '../services.ts';
import { acknowledgeRead, setQuick } from './acknowledgment.ts';
import type { Limit } from './busy-time.ts';
import { end, reset } from './closing.ts';
import { congestionControl } from './congestion/choice.ts';
import { mayCarryData, openFast } from './fast-open/client.ts';
import { CLIENT_FAILURES } from './fast-open/state.ts';
import { enterFinWait2 } from './fin-wait.ts';
import { fitMss } from './fit-mss.ts';
import { isFinal } from './handshake.ts';
import { abandon } from './orphan-count.ts';
import { refuseOrphan } from './orphans.ts';
import { startPacing } from './pacing.ts';
import { pacingRate } from './pacing-rate.ts';
import { reorderingOf } from './recovery-of.ts';
import { fitReceiveBuffer } from './right-sizing.ts';
import { isWritable } from './send-space.ts';
import { hasUnsent, output } from './sender.ts';
import { seqDiff } from './sequence.ts';
import { maySend } from './state.ts';
import { tallyOf } from './tally-of.ts';
import { Tcb } from './tcb.ts';
import { expired, keepAlive } from './timeouts.ts';
import type { TimerName } from './timers.ts';
import { atMark, bytesToMark, readAroundMark, readableBytes, takeUrgent } from './urgent.ts';
import { advertisedPayload, clampWindow, fullSpace, windowClamp } from './window.ts';
import { write } from './write.ts';

const PHASE_NAMES = {
  open: 'Open',
  disorder: 'Disorder',
  cwr: 'CWR',
  recovery: 'Recovery',
  loss: 'Loss',
} as const satisfies Record<Tcb['phase'], TcpInfo['recovery']>;

/** A connection as the socket layer sees it: the calls of RFC 9293 section 3.10 over the control block. */
export class Connection extends Tcb implements TcpConnection {
  get local(): Endpoint {
    return { address: this.localAddress, port: this.localPort };
  }

  get remote(): Endpoint {
    return { address: this.remoteAddress, port: this.remotePort };
  }

  get readable(): number {
    return readableBytes(this);
  }

  get waiting(): number {
    return bytesToMark(this);
  }

  get urgentReady(): boolean {
    return this.urgent?.ready === true;
  }

  get atMark(): boolean {
    return atMark(this);
  }

  get inQueue(): number {
    return this.queue.length + (this.finReceived ? 1 : 0);
  }

  get ended(): boolean {
    return this.finReceived && this.queue.length === 0;
  }

  get writable(): boolean {
    return isWritable(this);
  }

  get unacknowledged(): number {
    return this.buffer.length;
  }

  get prepared(): boolean {
    return this.state === 'SYN_SENT' && this.sndNxt === this.iss;
  }

  mayCarryData(): boolean {
    return mayCarryData(this);
  }

  openFast(bytes: Uint8Array, origin: EventId): number {
    const result = openFast(this, bytes, origin);
    this.show();
    if (result < 0 && isFinal(result)) {
      this.user = null;
      end(this, 0);
      return result;
    }
    return Math.max(0, result);
  }

  send(bytes: Uint8Array, origin: EventId, how = 0): number {
    this.writePending = false;
    if (this.finQueued || this.state === 'CLOSED') return -ERRNO.EPIPE;
    if (!maySend(this.state) && !this.early) return 0;
    const count = write(this, bytes, origin, how);
    this.show();
    return count;
  }

  tellWhenAcknowledged(call: number): void {
    const end = this.bufferEnd;
    // Over loopback that may have happened already.
    if (this.buffer.length === 0) this.user?.acknowledged?.(call);
    else (this.awaited ??= []).push({ end, call });
  }

  push(): void {
    output(this, 'any');
    this.show();
  }

  get acksQuickly(): boolean {
    return !this.interactive;
  }

  acknowledgeQuickly(value: number): void {
    setQuick(this, value);
    this.show();
  }

  receive(into: Uint8Array, peek = false): number {
    let copied: number;
    let gone: number;
    if (this.urgent === null) {
      copied = this.queue.read(into, peek);
      gone = peek ? 0 : copied;
    } else {
      ({ copied, gone } = readAroundMark(this, this.urgent, into, peek));
    }
    if (gone === 0) return copied;
    this.received();
    if (maySend(this.state) || this.state === 'FIN_WAIT1' || this.state === 'FIN_WAIT2') {
      fitReceiveBuffer(this, gone);
      acknowledgeRead(this);
      this.show();
    }
    return copied;
  }

  receiveUrgent(peek: boolean): number {
    return takeUrgent(this, peek);
  }

  stopReading(): void {
    this.receiveShutdown = true;
  }

  shutdown(): void {
    switch (this.state) {
      case 'SYN_SENT':
        end(this, 0);
        return;
      case 'SYN_RECV':
        this.finQueued = true;
        return;
      case 'ESTABLISHED':
      case 'CLOSE_WAIT':
        this.finQueued = true;
        this.move('finish');
        output(this);
        this.show();
        return;
      default:
        return;
    }
  }

  close(): void {
    const { options, queue, host } = this;
    this.user = null;
    this.parent = null;
    this.writePending = false;
    abandon(this);
    this.receiveShutdown = true;
    const unread = queue.length > 0;
    this.dropReceived();
    if (this.state === 'CLOSED') return;
    if (unread && this.state !== 'SYN_SENT') {
      host.counters.ext.TCPAbortOnClose++;
      reset(this, 'tcp.reset-unread-data', 0);
    } else if (options.linger === 0) {
      host.counters.ext.TCPAbortOnData++;
      this.abort();
    } else if (this.state === 'FIN_WAIT2') {
      enterFinWait2(this, null);
    } else if (this.state === 'SYN_RECV' && this.early) {
      // With shutdown(2) Linux waits for the handshake; with close(2) it does not.
      this.finQueued = true;
      this.move('finish');
      output(this);
      this.show();
    } else {
      this.shutdown();
    }
    refuseOrphan(this);
  }

  abort(): void {
    switch (this.state) {
      case 'CLOSED':
      case 'TIME_WAIT':
        return;
      case 'LAST_ACK':
      case 'CLOSING':
        // The peer expects nothing more, unless something is left to send (Linux: tcp_disconnect).
        if (hasUnsent(this)) reset(this, 'tcp.reset-abort', 0);
        else end(this, 0);
        return;
      case 'SYN_SENT':
      case 'LISTEN':
        end(this, 0);
        return;
      case 'SYN_RECV':
      case 'ESTABLISHED':
      case 'FIN_WAIT1':
      case 'FIN_WAIT2':
      case 'CLOSE_WAIT':
        reset(this, 'tcp.reset-abort', 0);
        return;
    }
  }

  get windowClamp(): number {
    return windowClamp(this);
  }

  clampWindow(before: number): void {
    clampWindow(this, before);
  }

  optionsChanged(): void {
    if (this.state === 'CLOSED') return;
    keepAlive(this);
    this.ecn?.follow(this.options.ip);
    this.#chooseCongestion();
    const { receiveBuffer, receiveBufferLocked, sendBuffer, sendBufferLocked } = this.options;
    if (sendBufferLocked) this.sendBuffer = sendBuffer;
    if (receiveBufferLocked) {
      this.receiveBuffer = receiveBuffer;
      this.windowLimit = fullSpace(this);
    }
    if (this.state !== 'SYN_SENT' && this.state !== 'SYN_RECV') {
      fitMss(this);
      startPacing(this);
    }
    output(this);
    this.show();
  }

  info(): TcpInfo {
    const { roundTrip, host, inFlight } = this;
    const tally = tallyOf(this);
    const since = (time: Nanoseconds): Nanoseconds => (time > 0 ? host.sim.now - time : 0);
    return {
      state: this.state,
      recovery: PHASE_NAMES[this.phase],
      probes: this.probes,
      backoff: this.backoff,
      timestamps: this.timestamps,
      sack: this.sack,
      ecn: this.ecn !== null,
      synData: this.fastOpen?.dataTaken === true,
      fastOpenChild: this.fastOpen?.isChild === true,
      fastOpenFailure: CLIENT_FAILURES.indexOf(this.fastOpen?.failure ?? 'none'),
      ecnSeen: this.ecn?.seen === true,
      scaling: this.scaling ? { send: this.sndScale, receive: this.rcvScale } : null,
      ackTimeout: this.ackTimeout,
      sinceSent: since(this.lastSentAt),
      sinceReceived: since(this.lastDataAt),
      sinceHeard: since(this.lastHeardAt),
      pathMtu: host.ip.mtuTo(this.remoteAddress),
      advertisedMss: advertisedPayload(this),
      windowLimit: this.windowLimit,
      receiveRtt: this.pace?.roundTrip ?? 0,
      receiveSpace: this.pace?.most ?? 0,
      reordering: reorderingOf(this),
      sacked: inFlight?.sackedOut ?? 0,
      lost: inFlight?.lostOut ?? 0,
      resent: inFlight?.resentOut ?? 0,
      cwnd: this.cwndBytes,
      ssthresh: this.ssthreshBytes,
      srtt: roundTrip.srtt,
      rttvar: roundTrip.deviation,
      rto: roundTrip.rto,
      sendMss: this.mss,
      receiveMss: this.rcvMss,
      unacked: this.inFlight?.count ?? 0,
      retransmits: this.retransmits,
      totalRetransmits: this.totalRetransmits,
      delivered: this.delivered,
      deliveredMarked: this.ecn?.deliveredMarked ?? 0,
      unsent: Math.max(0, seqDiff(this.bufferEnd, this.sndNxt)),
      shortestRtt: roundTrip.shortest,
      duplicates: this.recovery?.duplicates ?? 0,
      reorderingSeen: this.recovery?.reorderingSeen ?? 0,
      sendWindow: this.sndWnd,
      receiveWindow: this.receiveWindow,
      busy: this.#busy('network') + this.#busy('window') + this.#busy('buffer'),
      windowLimited: this.#busy('window'),
      bufferLimited: this.#busy('buffer'),
      pacingRate: pacingRate(this),
      maxPacingRate: this.options.maxPacingRate,
      deliveryRate:
        tally.rateInterval === 0 ? 0 : (tally.rateDelivered * this.mss * seconds(1)) / tally.rateInterval,
      deliveryRateLimited: tally.rateLimited,
      segmentsOut: tally.segmentsOut,
      segmentsIn: tally.segmentsIn,
      dataSegmentsOut: tally.dataSegmentsOut,
      dataSegmentsIn: tally.dataSegmentsIn,
      outOfOrder: tally.outOfOrder,
      bytesSent: tally.bytesSent,
      bytesResent: tally.bytesResent,
      bytesAcknowledged: tally.bytesAcknowledged,
      bytesReceived: tally.bytesReceived,
    };
  }

  #busy(limit: Limit): Nanoseconds {
    return this.tally?.total(limit, this.host.sim.now) ?? 0;
  }

  override entry(): TcpEntry {
    return {
      id: this.id,
      state: this.state,
      local: this.local,
      remote: this.remote,
      receiveQueue: this.queue.length,
      sendQueue: Math.max(seqDiff(this.bufferEnd, this.sndUna), this.flight),
      timer: this.#running(),
    };
  }

  override expired(name: TimerName): void {
    expired(this, name);
    if (this.state !== 'CLOSED') this.show();
  }

  /** TCP_CONGESTION may change while the connection goes on: the window stays. */
  #chooseCongestion(): void {
    const { congestion, options } = this;
    if (options.congestion === congestion.name) return;
    const next = congestionControl(options.congestion);
    next.cwnd = congestion.cwnd;
    next.ssthresh = congestion.ssthresh;
    this.congestion = next;
  }

  #running(): TcpEntry['timer'] {
    const { timers, host } = this;
    const left = (deadline: Nanoseconds): number => Math.max(0, deadline - host.sim.now);
    if (timers.send !== Number.POSITIVE_INFINITY) {
      const probing = timers.sendName === 'tcp.zero-window-probe' && hasUnsent(this);
      return { kind: probing ? 'probe' : 'on', left: left(timers.send) };
    }
    if (timers.wait === Number.POSITIVE_INFINITY) return { kind: 'off', left: 0 };
    const kind = timers.waitName === 'tcp.keepalive' ? 'keepalive' : 'timewait';
    return { kind, left: left(timers.wait) };
  }
}
