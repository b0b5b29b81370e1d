import { dropFrame, type Frame, type FramePool, type Refusal } from '../../1-physical/index.ts';
import {
  anyLike,
  echoedOptions,
  firstStation,
  type IcmpError,
  type IpAddress,
  type IpService,
  isAnyIp,
  isIpv6,
  isLoopbackIp,
  LOOPBACK,
  LOOPBACK6,
  PROTOCOL_TCP,
  type ReceivedPacket,
  type Sysctl,
  type TransportProtocol,
} from '../../3-network/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import type {
  Binding,
  BindOptions,
  Endpoint,
  FastOpenOptions,
  TcpEntry,
  TcpOptions,
  TcpService,
  TcpState,
  TcpUser,
} from '../services.ts';
import { arrive } from './arrival.ts';
import type { Chained } from './chained.ts';
import { childOptions } from './child-options.ts';
import { end } from './closing.ts';
import { readSegment, Segment } from './codec.ts';
import { congestionControl } from './congestion/choice.ts';
import { Connection } from './connection.ts';
import { TcpCounters } from './counters.ts';
import { defaultOptions, type OptionChange, sameChanges } from './defaults.ts';
import { Demux } from './demux.ts';
import { FastOpenHost } from './fast-open/host.ts';
import { fitMss } from './fit-mss.ts';
import { Gro } from './gro.ts';
import { arriveInSynSent, call, isFinal, prepare, refused, synTooLarge } from './handshake.ts';
import { InFlight } from './in-flight.ts';
import { Secrets } from './isn.ts';
import { Listener, type ListenerHost } from './listener.ts';
import { Pool } from './pool.ts';
import { type Claim, ourClaim, PortTable } from './ports.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { resegment } from './recovery.ts';
import { RingPool, SendBuffer } from './send-buffer.ts';
import { SendChunks } from './send-chunks.ts';
import { type Sequence, seqAtMost, seqLess } from './sequence.ts';
import { recordState } from './state-record.ts';
import { SynCookies } from './syn-cookies/cookie.ts';
import { Tcb } from './tcb.ts';
import { TimeWait } from './time-wait.ts';
import {
  arriveForFin,
  arriveInTimeWait,
  endTimeWait,
  mayReplace,
  successorSequence,
} from './time-wait-arrival.ts';
import { TimeWaits } from './time-waits.ts';
import { Timers } from './timers.ts';
import { replyReset } from './transmit.ts';

/** What TCP needs of the machine it runs on. Its chance comes from the simulation's stream `<node>/tcp`. */
export interface TcpLayerOptions {
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly ip: IpService;
  readonly sysctl: Sysctl;
  readonly pool: FramePool;
}

/**
 * TCP of one machine (RFC 9293). Above it the socket layer (`TcpService`), below it the network layer, which it
 * registers with for protocol 6.
 */
export class TcpLayer implements TcpService, TransportProtocol, ListenerHost {
  readonly protocol = PROTOCOL_TCP;
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly ip: IpService;
  readonly sysctl: Sysctl;
  readonly pool: FramePool;
  readonly lists = new Pool(() => new InFlight());
  readonly chunks = new Pool(() => new SendChunks());
  readonly buffers: Pool<SendBuffer>;
  readonly queues = new Pool(() => new ReceiveQueue());
  readonly deadlines: Pool<Timers>;
  readonly timeWaits: TimeWaits;
  readonly counters = new TcpCounters();
  readonly secrets: Secrets;
  readonly refusal: Refusal = { frame: null };
  readonly gro: Gro;
  sending = 0;
  waiting = 0;
  orphans = 0;
  readonly #ports: PortTable;
  readonly #demux: Demux;
  readonly #segment = new Segment();
  #lastNumber = 0;
  #fastOpen: FastOpenHost | null = null;
  #synCookies: SynCookies | null = null;
  /** What sockets begin with, and the tunables that say so. */
  #defaults: TcpOptions | null = null;
  #tunables: Sysctl['values'] | null = null;
  #latestChange: OptionChange | null = null;

  constructor(options: TcpLayerOptions) {
    this.sim = options.sim;
    const rings = new RingPool();
    this.buffers = new Pool(() => new SendBuffer(rings));
    this.deadlines = new Pool(() => new Timers(options.sim));
    this.tracer = options.tracer;
    this.timeWaits = new TimeWaits(options.sim, options.tracer, (wait) => endTimeWait(this, wait));
    this.gro = new Gro(options.sim, options.tracer);
    this.ip = options.ip;
    this.sysctl = options.sysctl;
    this.pool = options.pool;
    const random = this.sim.randomFor(`${this.tracer.node}/tcp`);
    this.secrets = new Secrets(random);
    this.#demux = new Demux(this.secrets);
    provideTcpTunables(this.sysctl, () => this);
    this.#ports = new PortTable(this.ip, this.sysctl, this.secrets, random);
    this.ip.register(this);
  }

  get fastOpen(): FastOpenHost {
    this.#fastOpen ??= new FastOpenHost(this.sysctl, this.sim.randomFor(`${this.tracer.node}/tcp-fastopen`));
    return this.#fastOpen;
  }

  get synCookies(): SynCookies {
    this.#synCookies ??= new SynCookies(this.sim.randomFor(`${this.tracer.node}/tcp-syncookies`));
    return this.#synCookies;
  }

  bind(local: Endpoint, options: BindOptions): Binding | number {
    return this.#ports.bind(local, options);
  }

  listen(binding: Binding, backlog: number, options: TcpOptions, user: TcpUser): Listener | number {
    const claim = ourClaim(binding);
    if (!this.#ports.mayListen(claim)) return -ERRNO.EADDRINUSE;
    claim.hold();
    claim.listening = true;
    const most = this.sysctl.values['net.core.somaxconn'];
    const limit = backlog < 0 ? most : Math.min(backlog, most);
    const listener = new Listener(this, ++this.#lastNumber, claim, limit, options, user);
    if (this.fastOpen.forAllListeners && (options.fastOpen?.queue ?? 0) === 0) {
      listener.options = { ...options, fastOpen: { ...(options.fastOpen ?? NO_FAST_OPEN), queue: limit } };
    }
    this.#demux.listen(listener);
    this.#record(listener, 'CLOSED', 'LISTEN');
    return listener;
  }

  connect(
    binding: Binding | null,
    remote: Endpoint,
    options: TcpOptions,
    user: TcpUser,
    prepareOnly = false,
  ): Connection | number {
    // Linux: connecting to 0.0.0.0 or :: means this machine itself.
    const target = isAnyIp(remote.address) ? loopbackLike(remote.address) : remote.address;
    // A stream has one peer.
    if (this.ip.isBroadcast(target)) return -ERRNO.ENETUNREACH;
    const bound = binding === null ? null : ourClaim(binding);
    const source =
      bound !== null && !isAnyIp(bound.local.address)
        ? bound.local.address
        : this.ip.sourceFor(firstStation(target, options.ip), options.ip.interface);
    if (source === null || isIpv6(source) !== isIpv6(target)) return -ERRNO.ENETUNREACH;
    const to = { address: target, port: remote.port };
    let replaced: TimeWait | null = null;
    const free = (port: number): boolean => {
      const other = this.#demux.find(source, port, target, remote.port);
      if (other === null) return true;
      if (!(other instanceof TimeWait) || !mayReplace(this, other, isLoopbackIp(target))) return false;
      replaced = other;
      return true;
    };
    let claim: Claim | number;
    if (bound === null) {
      claim = this.#ports.choose(source, to, free);
    } else {
      claim = free(bound.local.port) ? bound : -ERRNO.EADDRNOTAVAIL;
      if (typeof claim !== 'number') claim.hold();
    }
    if (typeof claim === 'number') return claim;
    const from = { address: source, port: claim.local.port };
    const old = replaced as TimeWait | null;
    const least = old === null ? null : successorSequence(old);
    if (old !== null) endTimeWait(this, old);
    const connection = this.#connection(from, to, options, user, claim);
    prepare(connection, least);
    const result = prepareOnly ? 0 : call(connection, 'tcp.syn', 0);
    connection.show();
    if (result < 0 && isFinal(result)) {
      connection.user = null;
      end(connection, 0);
      return result;
    }
    return connection;
  }

  *entries(): Iterable<TcpEntry> {
    for (const each of this.#demux.all()) yield each.entry();
  }

  defaultOptions(): TcpOptions {
    const { values } = this.sysctl;
    // One object for all the sockets on which nothing is set.
    if (this.#defaults === null || this.#tunables !== values) {
      this.#defaults = defaultOptions(this.sysctl);
      this.#tunables = values;
    }
    return this.#defaults;
  }

  changeOptions(before: TcpOptions, changes: Partial<TcpOptions>): TcpOptions {
    const latest = this.#latestChange;
    // One object for all the sockets on which the same is set.
    if (latest !== null && latest.before === before && sameChanges(latest.changes, changes))
      return latest.after;
    const after = { ...before, ...changes };
    this.#latestChange = { before, changes, after };
    return after;
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    if (this.sending > 0) {
      // The network layer handed up, within our own sending, what we sent to ourselves: first things first.
      const { source, destination, broadcast, tos } = packet;
      const { cause } = this.tracer;
      const answer = answerTo(packet);
      this.sim.after(0, () =>
        this.tracer.within(cause, () => this.#receive(frame, source, destination, broadcast, tos, answer)),
      );
      return;
    }
    const { source, destination, broadcast, tos } = packet;
    this.#receive(frame, source, destination, broadcast, tos, answerTo(packet));
  }

  #receive(
    frame: Frame,
    source: IpAddress,
    destination: IpAddress,
    broadcast: boolean,
    tos: number,
    replyOptions: Uint8Array | null,
  ): void {
    const { counters, tracer } = this;
    const segment = this.#segment;
    counters.tcp.InSegs += frame.segments;
    segment.tos = tos;
    segment.replyOptions = replyOptions;
    if (broadcast) {
      // RFC 9293 section 3.9.2.3 (MUST-57).
      dropFrame(tracer, '', frame, 'tcp.broadcast');
      return;
    }
    const fault = readSegment(frame, source, destination, segment);
    if (fault !== null) {
      counters.tcp.InErrs++;
      if (fault === 'tcp.checksum') counters.tcp.InCsumErrors++;
      dropFrame(tracer, '', frame, fault);
      return;
    }
    const { sourcePort, destinationPort } = segment;
    const found = this.#demux.find(destination, destinationPort, source, sourcePort);
    if (found instanceof Tcb) {
      if (found.state === 'SYN_SENT') arriveInSynSent(found, frame, segment);
      else if (found.aside) arriveForFin(found, frame, segment);
      else arrive(found, frame, segment);
      if (found.state !== 'CLOSED') found.show();
    } else {
      const iss = found instanceof TimeWait ? arriveInTimeWait(this, found, frame, segment) : null;
      if (found === null || iss !== null) this.#unconnected(frame, segment, iss);
    }
  }

  judge(error: IcmpError, original: DataView, at: number): (() => void) | null {
    const { source, destination } = error;
    const tcb = this.#demux.find(source, original.getUint16(at), destination, original.getUint16(at + 2));
    if (!(tcb instanceof Tcb)) return null;
    if (inFlight(tcb, original.getInt32(at + 4))) return () => this.#failed(tcb, error);
    this.counters.ext.OutOfWindowIcmps++;
    return null;
  }

  /** Something became of a segment of `tcb` on its way. */
  #failed(tcb: Tcb, error: IcmpError): void {
    if (error.mtu > 0 && tcb.state === 'SYN_SENT') {
      synTooLarge(tcb);
    } else if (error.mtu > 0) {
      const before = tcb.mss;
      fitMss(tcb);
      if (tcb.mss < before) resegment(tcb);
    } else if (opensAnew(tcb)) {
      refused(tcb, error.errno);
    } else if (tcb.state === 'SYN_RECV' && !tcb.early && NEVER_THERE.has(error.errno)) {
      // A connection that only the peer knows of: forgotten without a word (Linux: tcp_req_err).
      this.counters.ext.ListenDrops++;
      end(tcb, 0);
    } else {
      // RFC 1122 section 4.2.3.9 would end it for a "hard" error; Linux, after RFC 5927, never does.
      tcb.softError = error.errno;
    }
    if (tcb.state !== 'CLOSED') tcb.show();
  }

  child(listener: Listener, segment: Segment): Connection {
    const { options, claim } = listener;
    claim.hold();
    const connection = this.#connection(
      { address: segment.destination, port: segment.destinationPort },
      { address: segment.source, port: segment.sourcePort },
      childOptions(options, segment),
      null,
      claim,
    );
    connection.state = 'LISTEN';
    connection.passive = true;
    connection.parent = listener;
    return connection;
  }

  forget(over: Chained & { readonly claim: Claim | null }): void {
    this.#demux.remove(over);
    over.claim?.drop();
  }

  standIn(tcb: Tcb, wait: TimeWait): void {
    this.#demux.remove(tcb);
    this.#demux.add(wait);
    this.timeWaits.start(wait);
  }

  stopListening(listener: Listener): void {
    this.#demux.unlisten(listener);
    listener.claim.listening = false;
    listener.claim.drop();
    this.#record(listener, 'LISTEN', 'CLOSED');
  }

  /** A segment that belongs to no connection: for a listener, or for nobody. */
  #unconnected(frame: Frame, segment: Segment, iss: Sequence | null): void {
    const { destination, destinationPort, source, sourcePort } = segment;
    const listener = this.#demux.listener(destination, destinationPort, source, sourcePort);
    if (listener !== null) {
      listener.arrive(frame, segment, iss);
      return;
    }
    replyReset(this, segment, 'tcp.reset-no-socket');
    dropFrame(this.tracer, '', frame, 'tcp.no-socket');
  }

  #connection(
    local: Endpoint,
    remote: Endpoint,
    options: TcpOptions,
    user: TcpUser | null,
    claim: Claim,
  ): Connection {
    const number = ++this.#lastNumber;
    const congestion = congestionControl(options.congestion);
    const connection = new Connection(this, number, local, remote, options, user, claim, congestion);
    this.#demux.add(connection);
    return connection;
  }

  #record(listener: Listener, from: TcpState, to: TcpState): void {
    const { id, local } = listener;
    const [localAddress, localPort] = [local.address, local.port];
    const named = { id, localAddress, localPort, remoteAddress: anyLike(localAddress), remotePort: 0 };
    recordState(this.tracer, named, from, to);
  }
}

const loopbackLike = (address: IpAddress): IpAddress => (isIpv6(address) ? LOOPBACK6 : LOOPBACK);

const NO_FAST_OPEN: FastOpenOptions = { queue: 0, key: null, withoutCookie: false, onConnect: false };

/** ICMP says that the peer of a half-open connection is not there (Linux: tcp_v4_err). */
const NEVER_THERE: ReadonlySet<number> = new Set([ERRNO.ENETUNREACH, ERRNO.EHOSTUNREACH, ERRNO.EPROTO]);

/** Whether an ICMP error ends it: nobody has used it yet, though it is somebody's, or will be when it is accepted. */
function opensAnew(tcb: Tcb): boolean {
  if (tcb.state === 'SYN_SENT') return true;
  if (tcb.state !== 'SYN_RECV') return false;
  const request = tcb.fastOpen?.request ?? null;
  return request === null ? tcb.parent === null : !request.accepted;
}

/** Tunables of TCP that are no numbers: they are there before TCP itself is, which they make when they are asked for. */
export function provideTcpTunables(sysctl: Sysctl, tcp: () => TcpLayer): void {
  sysctl.provide({
    name: 'net.ipv4.tcp_fastopen_key',
    read: () => tcp().fastOpen.keys.text,
    write: (text) => tcp().fastOpen.setKeys(text),
  });
}

/** RFC 5927 section 4.1: an ICMP error is believed only about what is in flight. */
function inFlight(tcb: Tcb, seq: Sequence): boolean {
  return !seqLess(seq, tcb.early ? tcb.iss : tcb.sndUna) && seqAtMost(seq, tcb.sndNxt);
}

/** The options of the IP header that answers to a packet bear (Linux: ip_options_echo). */
const answerTo = ({ options, source }: ReceivedPacket): Uint8Array | null =>
  options === null ? null : (echoedOptions(options, source) ?? null);
