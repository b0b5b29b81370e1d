import { dropFrame, type Frame } from '../../1-physical/index.ts';
import { anyLike } from '../../3-network/index.ts';
import type { Nanoseconds } from '../../time/index.ts';
import type { Endpoint, TcpEntry, TcpListener, TcpOptions, TcpUser } from '../services.ts';
import { arrive } from './arrival.ts';
import { end, reset } from './closing.ts';
import { ACK, FIN, RST, type Segment, SYN } from './codec.ts';
import type { Connection } from './connection.ts';
import { FastOpenQueue } from './fast-open/queue.ts';
import { answerEarly, judgeSyn } from './fast-open/server.ts';
import { FastOpen } from './fast-open/state.ts';
import { answer } from './handshake.ts';
import { abandon } from './orphan-count.ts';
import type { Claim } from './ports.ts';
import type { Sequence } from './sequence.ts';
import { COOKIE_LIFE } from './syn-cookies/cookie.ts';
import { answerWithCookie, readCookie, remember } from './syn-cookies/server.ts';
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
 * handshake is done and that wait for accept(2). `backlog` bounds both (listen(2)); when the first is full SYN cookies do
 * without it (RFC 4987 section 3.6, net.ipv4.tcp_syncookies).
 */
export class Listener implements TcpListener, Parent {
  readonly number: number;
  readonly local: Endpoint;
  options: TcpOptions;
  readonly claim: Claim;
  user: TcpUser | null;
  backlog: number;
  readonly #host: ListenerHost;
  readonly #halfOpen = new Set<Tcb>();
  readonly #ready: Connection[] = [];
  readonly #early = new FastOpenQueue();
  /** When a SYN was answered with a cookie last. */
  #lastCookieAt: Nanoseconds = Number.NEGATIVE_INFINITY;
  #closed = false;
  #reviving = false;

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

  /** Who brings a SYN cookie back is not remembered, so nothing can wait for its data. */
  get deferAccept(): number {
    return this.#reviving ? 0 : this.options.deferAccept;
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
      abandon(child);
      // Linux forgets half-open connections without a word; the peer's next segment is answered by RST.
      end(child, 0);
    }
    this.#halfOpen.clear();
    for (const child of this.#ready.splice(0)) {
      child.parent = null;
      abandon(child);
      if (child.state === 'CLOSED') child.dropReceived();
      else reset(child, 'tcp.reset-listener-closed', 0);
    }
  }

  /** A segment came for this port that belongs to no connection (RFC 9293 section 3.10.7.2). Takes the frame over. */
  arrive(frame: Frame, segment: Segment, iss: Sequence | null): void {
    const host = this.#host;
    if ((segment.flags & RST) !== 0) {
      dropFrame(host.tracer, '', frame, 'tcp.reset');
      return;
    }
    if ((segment.flags & ACK) !== 0) {
      this.#acknowledged(frame, segment);
      return;
    }
    // Linux takes no SYN with FIN: nobody means it.
    if ((segment.flags & (SYN | FIN)) !== SYN) {
      dropFrame(host.tracer, '', frame, 'tcp.not-syn');
      return;
    }
    const verdict = this.#judge(iss !== null);
    if (verdict === 'cookie') {
      frame.release();
      this.#lastCookieAt = host.sim.now;
      answerWithCookie(host, this.options, segment);
      return;
    }
    if (verdict !== 'queue') {
      dropFrame(host.tracer, '', frame, verdict);
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

  /**
   * What it acknowledges nobody remembers. That is right if it brings a cookie back: then the connection comes into being
   * now (Linux: cookie_v4_check).
   */
  #acknowledged(frame: Frame, segment: Segment): void {
    const host = this.#host;
    const { sim, sysctl, tracer } = host;
    const expected =
      (segment.flags & SYN) === 0 &&
      sysctl.values['net.ipv4.tcp_syncookies'] !== 0 &&
      sim.now - this.#lastCookieAt <= COOKIE_LIFE;
    const known = expected ? readCookie(host, segment) : null;
    if (known === null) {
      replyReset(host, segment, expected ? 'tcp.reset-bad-cookie' : 'tcp.reset-bad-ack');
      dropFrame(tracer, '', frame, expected ? 'tcp.bad-cookie' : 'tcp.bad-ack');
      return;
    }
    if (this.full) {
      this.overflowed();
      dropFrame(tracer, '', frame, 'tcp.backlog-full');
      return;
    }
    const child = host.child(this, segment);
    this.#halfOpen.add(child);
    remember(child, segment, known);
    this.#reviving = true;
    arrive(child, frame, segment);
    this.#reviving = false;
    if (child.state !== 'CLOSED') child.show();
  }

  /**
   * Whether a SYN gets a place in the queue, or a cookie, or why it gets neither (Linux: tcp_conn_request).
   * @param known TIME_WAIT remembers the peer: that much is evidently there.
   */
  #judge(known: boolean): 'queue' | 'cookie' | 'tcp.syn-queue-full' | 'tcp.backlog-full' {
    const { sysctl, counters } = this.#host;
    const cookies = sysctl.values['net.ipv4.tcp_syncookies'];
    const crowded = !known && (cookies === 2 || this.#halfOpen.size > this.backlog);
    if (crowded) counters.ext[cookies === 0 ? 'TCPReqQFullDrop' : 'TCPReqQFullDoCookies']++;
    // Without cookies Linux keeps the last quarter for peers that it has measured; nobody is measured here.
    const most = sysctl.values['net.ipv4.tcp_max_syn_backlog'];
    const reserved = !known && most - this.#halfOpen.size < most >> 2;
    if (cookies === 0 && crowded) {
      counters.ext.ListenDrops++;
      return 'tcp.syn-queue-full';
    }
    if (this.full) {
      this.overflowed();
      return 'tcp.backlog-full';
    }
    if (crowded) return 'cookie';
    if (cookies === 0 && reserved) {
      counters.ext.ListenDrops++;
      return 'tcp.syn-queue-full';
    }
    return 'queue';
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
