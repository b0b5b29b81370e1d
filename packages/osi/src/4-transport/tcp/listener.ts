import { dropFrame, type Frame } from '../../1-physical/index.ts';
import { anyLike } from '../../3-network/index.ts';
import type { Endpoint, TcpEntry, TcpListener, TcpOptions, TcpUser } from '../services.ts';
import { end, reset } from './closing.ts';
import { ACK, FIN, RST, type Segment, SYN } from './codec.ts';
import type { Connection } from './connection.ts';
import { FastOpenQueue } from './fast-open/queue.ts';
import { answerEarly, judgeSyn } from './fast-open/server.ts';
import { FastOpen } from './fast-open/state.ts';
import { answer } from './handshake.ts';
import type { Claim } from './ports.ts';
import type { Sequence } from './sequence.ts';
import type { Parent, Tcb, TcpHost } from './tcb.ts';
import { replyReset } from './transmit.ts';

/** What a listener needs of its layer beyond what connections do. */
export interface ListenerHost extends TcpHost {
  /** A connection in LISTEN for the sender of `segment`, found by its segments from now on. */
  child(listener: Listener, segment: Segment): Connection;
  stopListening(listener: Listener): void;
}

/**
 * A listening socket with its two queues, as in Linux: half-open connections (SYN_RECV), and those whose
 * handshake is done and that wait for accept(2). `backlog` bounds both (listen(2)).
 */
export class Listener implements TcpListener, Parent {
  readonly number: number;
  readonly local: Endpoint;
  readonly options: TcpOptions;
  readonly claim: Claim;
  user: TcpUser | null;
  backlog: number;
  readonly #host: ListenerHost;
  readonly #halfOpen = new Set<Tcb>();
  readonly #ready: Connection[] = [];
  readonly #early = new FastOpenQueue();
  #closed = false;

  constructor(
    host: ListenerHost,
    number: number,
    claim: Claim,
    backlog: number,
    options: TcpOptions,
    user: TcpUser,
  ) {
    this.#host = host;
    this.number = number;
    this.claim = claim;
    this.local = claim.local;
    this.options = options;
    this.user = user;
    this.backlog = backlog;
  }

  get id(): string {
    return `tcp:${this.number}`;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** Linux lets one more in than the backlog says (sk_acceptq_is_full). */
  get full(): boolean {
    return this.#ready.length > this.backlog;
  }

  accept(): Connection | null {
    const connection = this.#ready.shift() ?? null;
    if (connection === null) return null;
    connection.parent = null;
    const request = connection.fastOpen?.request ?? null;
    if (request !== null) request.accepted = true;
    return connection;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.user = null;
    this.#host.stopListening(this);
    for (const child of [...this.#halfOpen]) {
      child.parent = null;
      child.orphan = true;
      // Linux forgets half-open connections without a word; the peer's next segment is answered by RST.
      end(child, 0);
    }
    this.#halfOpen.clear();
    for (const child of this.#ready.splice(0)) {
      child.parent = null;
      child.orphan = true;
      if (child.state === 'CLOSED') child.queue.clear();
      else if (child.state === 'TIME_WAIT') child.close();
      else reset(child, 'tcp.reset-listener-closed', 0);
    }
  }

  /** A segment came for this port that belongs to no connection (RFC 9293 section 3.10.7.2). Takes the frame over. */
  arrive(frame: Frame, segment: Segment, iss: Sequence | null): void {
    const host = this.#host;
    const { ext } = host.counters;
    if ((segment.flags & RST) !== 0) {
      dropFrame(host.tracer, '', frame, 'tcp.reset');
      return;
    }
    if ((segment.flags & ACK) !== 0) {
      replyReset(host, segment, 'tcp.reset-bad-ack');
      dropFrame(host.tracer, '', frame, 'tcp.bad-ack');
      return;
    }
    // Linux takes no SYN with FIN: nobody means it.
    if ((segment.flags & (SYN | FIN)) !== SYN) {
      dropFrame(host.tracer, '', frame, 'tcp.not-syn');
      return;
    }
    if (this.full) {
      this.overflowed();
      dropFrame(host.tracer, '', frame, 'tcp.backlog-full');
      return;
    }
    const most = Math.min(this.backlog, host.sysctl.get('net.ipv4.tcp_max_syn_backlog'));
    if (this.#halfOpen.size >= Math.max(most, 1)) {
      ext.TCPReqQFullDrop++;
      ext.ListenDrops++;
      dropFrame(host.tracer, '', frame, 'tcp.syn-queue-full');
      return;
    }
    const child = host.child(this, segment);
    const { opens, option } = judgeSyn(host, this.options, this.#early, segment);
    if (opens) {
      answerEarly(child, frame, segment, iss, this.#early, option);
      child.show();
      this.#ready.push(child);
      this.user?.readable();
      return;
    }
    if (option !== null) (child.fastOpen ??= new FastOpen()).option = option;
    this.#halfOpen.add(child);
    frame.release();
    answer(child, segment, iss);
    child.show();
  }

  overflowed(): void {
    const { ext } = this.#host.counters;
    ext.ListenOverflows++;
    ext.ListenDrops++;
  }

  established(child: Tcb): void {
    if (!this.#halfOpen.delete(child)) return;
    this.#ready.push(child as Connection);
    this.user?.readable();
  }

  lost(child: Tcb): void {
    this.#halfOpen.delete(child);
  }

  entry(): TcpEntry {
    return {
      id: this.id,
      state: 'LISTEN',
      local: this.local,
      remote: { address: anyLike(this.local.address), port: 0 },
      receiveQueue: this.#ready.length,
      sendQueue: this.backlog,
      timer: { kind: 'off', left: 0 },
    };
  }
}
