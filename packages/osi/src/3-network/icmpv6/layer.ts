import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { EchoChannels, type EchoProtocol } from '../icmp/echo.ts';
import type { RateLimit } from '../icmp/rate-limit.ts';
import { tellTransport } from '../icmp-error.ts';
import type { IcmpError, ReceivedPacket, SendOptions, TransportProtocol } from '../ip-service.ts';
import { type Ipv6Address, isAny6, isLoopback6, isMulticast6 } from '../ipv6/address.ts';
import { IPV6_HEADER, IPV6_LEAST_MTU, readDestination, readSource } from '../ipv6/codec.ts';
import { countIn, countOut, type Icmp6Counters, icmp6Counters } from '../ipv6/counters.ts';
import { lastSegment } from '../ipv6/extension-headers.ts';
import { findUpperLayer, type UpperLayer } from '../ipv6/extensions.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import type { ErrorReports6 } from '../ipv6/reports.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  CODE6_ADDRESS_UNREACHABLE,
  CODE6_BEYOND_SCOPE,
  CODE6_NO_ROUTE,
  CODE6_OPTION,
  CODE6_PORT_UNREACHABLE,
  CODE6_REASSEMBLY_TIME,
  checkIcmpv6,
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_FIRST_INFORMATION,
  ICMPV6_HEADER,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ND_REDIRECT,
  PROTOCOL_ICMPV6,
  writeIcmpv6,
  writeIcmpv6Checksum,
} from './codec.ts';
import { meaningOf6 } from './errors.ts';

/** The largest echo message: an IPv6 packet's payload. */
const LARGEST_MESSAGE = 65_535;
/** How much of a transport's header an error must have to tell whose it was: the ports. */
const LEAST_QUOTE = 8;

/** Why an error is sent, by its type; unreachable ones by code. */
const UNREACHABLE_REASONS: Readonly<Record<number, string>> = {
  [CODE6_NO_ROUTE]: 'icmp.network-unreachable',
  [CODE6_BEYOND_SCOPE]: 'icmpv6.beyond-scope',
  [CODE6_ADDRESS_UNREACHABLE]: 'icmp.host-unreachable',
  [CODE6_PORT_UNREACHABLE]: 'icmp.port-unreachable',
};

/** Takes over a message of its types, checked, `frame.start` at it. */
export type Icmpv6Handler = (frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface) => void;

const ECHO: EchoProtocol = {
  protocol: PROTOCOL_ICMPV6,
  request: ICMPV6_ECHO_REQUEST,
  reason: 'icmp.echo-request',
  random: 'icmpv6.identifier',
  largest: LARGEST_MESSAGE,
  finish: (frame, source, destination) =>
    writeIcmpv6Checksum(frame, source as Ipv6Address, destination as Ipv6Address),
};

export interface Icmpv6Options {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  ip: Ipv6Layer;
  rate: RateLimit;
}

/** ICMPv6 of one machine (RFC 4443): answers echoes, sends errors, tells transports of errors. */
export class Icmpv6Layer extends EchoChannels<Ipv6Layer> implements TransportProtocol, ErrorReports6 {
  readonly protocol = PROTOCOL_ICMPV6;
  readonly counters: Icmp6Counters = icmp6Counters();
  /** Neighbour discovery and multicast listener discovery, by the types that are theirs. */
  readonly handlers = new Map<number, Icmpv6Handler>();
  readonly #sysctl: Sysctl;
  readonly #rate: RateLimit;
  readonly #sendOptions: SendOptions = { tos: 0 };
  readonly #upper: UpperLayer = { protocol: 0, at: 0, laterFragment: false, routing: -1 };

  /** Joins `ip` as the transport that it delivers ICMPv6 to and that reports its errors. */
  constructor(options: Icmpv6Options) {
    const { sim, tracer, pool, sysctl, ip, rate } = options;
    super(sim, tracer, pool, ip, ECHO);
    this.#sysctl = sysctl;
    this.#rate = rate;
    ip.register(this);
    ip.reports = this;
  }

  protected requestSent(): void {
    countOut(this.counters, ICMPV6_ECHO_REQUEST);
  }

  receive(frame: Frame, packet: ReceivedPacket<Ipv6Address>): void {
    const { counters } = this;
    const { from } = this.ip;
    counters.InMsgs++;
    const problem = checkIcmpv6(frame, packet.source, packet.destination);
    if (problem !== null || from === null) {
      counters.InErrors++;
      if (problem === 'icmpv6.checksum') counters.InCsumErrors++;
      this.#drop(frame, problem ?? 'icmpv6.type', packet);
      return;
    }
    const type = frame.view.getUint8(frame.start);
    countIn(counters, type);
    const handler = this.handlers.get(type);
    if (handler !== undefined) handler(frame, packet, from);
    else if (type === ICMPV6_ECHO_REQUEST) this.#answer(frame, packet);
    else if (type === ICMPV6_ECHO_REPLY) this.#answered(frame, packet);
    // Of unknown type: an error is for its transport to know, else silently dropped (RFC 4443 section 2.4 a, b).
    else if (type < ICMPV6_FIRST_INFORMATION) this.#takeError(frame, packet, from);
    else this.#drop(frame, 'icmpv6.type', packet);
  }

  report(
    type: number,
    code: number,
    info: number,
    frame: Frame,
    at: number,
    group: boolean,
    by: Ipv6Interface | null,
  ): void {
    const { view } = frame;
    const zone = by?.link.index ?? 0;
    const destination = readSource(view, at, zone);
    const addressed = readDestination(view, at, zone);
    const always =
      type === ICMPV6_PACKET_TOO_BIG || (type === ICMPV6_PARAMETER_PROBLEM && code === CODE6_OPTION);
    if ((group || isMulticast6(addressed)) && !always) return;
    if (isAny6(destination) || isMulticast6(destination)) return;
    if (this.#quotesError(frame, at) || !this.#withinRate(type, destination)) return;
    const source = this.ip.isLocal(addressed) ? addressed : this.ip.sourceFor(destination);
    if (source === null) return;

    // As much of the packet as fits without being cut anywhere (RFC 4443 section 3.1).
    const room = IPV6_LEAST_MTU - IPV6_HEADER - ICMPV6_HEADER;
    const length = Math.min(room, frame.end - at);
    const message = this.pool.take(ICMPV6_HEADER + length);
    message.end = HEADROOM + ICMPV6_HEADER + length;
    writeIcmpv6(message.view, HEADROOM, type, code, info);
    message.bytes.set(frame.bytes.subarray(at, at + length), HEADROOM + ICMPV6_HEADER);
    writeIcmpv6Checksum(message, source, destination);
    message.reason = reasonOf(type, code);
    // Linux answers in the class of the packet only where `reflect` asks for it; errors go out in class 0.
    this.#sendOptions.tos = 0;
    if (this.ip.send(message, source, destination, PROTOCOL_ICMPV6, this.#sendOptions) !== 0) {
      this.counters.OutErrors++;
      return;
    }
    countOut(this.counters, type);
  }

  /** An echo request of ours met an error. */
  receiveError(error: IcmpError, original: DataView, at: number): void {
    if (original.getUint8(at) !== ICMPV6_ECHO_REQUEST) return;
    this.findEcho(original.getUint16(at + 4))?.failed(error, original, at);
  }

  /** No error about an error, nor about a redirect (RFC 4443 section 2.4 e). */
  #quotesError(frame: Frame, at: number): boolean {
    const { protocol, at: payload, laterFragment } = findUpperLayer(frame.view, at, frame.end, this.#upper);
    // Of a later fragment nobody knows; Linux tells of it.
    if (protocol !== PROTOCOL_ICMPV6 || laterFragment) return false;
    if (payload >= frame.end) return true;
    const type = frame.view.getUint8(payload);
    return type < ICMPV6_FIRST_INFORMATION || type === ND_REDIRECT;
  }

  #withinRate(type: number, destination: Ipv6Address): boolean {
    // Path MTU discovery is not limited (`ratemask` 0-1,3-127), nor what stays in this machine.
    if (type === ICMPV6_PACKET_TOO_BIG || this.ip.isLocal(destination)) return true;
    const interval = this.#sysctl.get('net.ipv6.icmp.ratelimit');
    if (this.#rate.allowAny() && this.#rate.allowHost(destination.key, interval)) return true;
    this.counters.OutRateLimitHost++;
    this.tracer.countDrop('icmp.rate-limit');
    return false;
  }

  /** Sends an echo request back where it came from, in place, its data as they are (RFC 4443 section 4.2). */
  #answer(frame: Frame, packet: ReceivedPacket<Ipv6Address>): void {
    if (this.#sysctl.get('net.ipv6.icmp.echo_ignore_all') !== 0) {
      this.#drop(frame, 'icmp.echo-ignored', packet);
      return;
    }
    if (packet.broadcast && this.#sysctl.get('net.ipv6.icmp.echo_ignore_multicast') !== 0) {
      this.#drop(frame, 'icmp.echo-broadcast-ignored', packet);
      return;
    }
    const { source, destination } = packet;
    const from = packet.broadcast ? this.ip.sourceFor(source) : destination;
    if (from === null || frame.length < ICMPV6_HEADER) {
      this.#drop(frame, from === null ? 'ip.no-route' : 'icmpv6.truncated', packet);
      return;
    }
    frame.view.setUint8(frame.start, ICMPV6_ECHO_REPLY);
    writeIcmpv6Checksum(frame, from, source);
    frame.renew('icmp.echo-reply');
    this.#sendOptions.tos = packet.tos;
    if (this.ip.send(frame, from, source, PROTOCOL_ICMPV6, this.#sendOptions) !== 0) {
      this.counters.OutErrors++;
      return;
    }
    countOut(this.counters, ICMPV6_ECHO_REPLY);
  }

  #answered(frame: Frame, packet: ReceivedPacket<Ipv6Address>): void {
    const user =
      frame.length < ICMPV6_HEADER ? undefined : this.findEcho(frame.view.getUint16(frame.start + 4));
    if (user === undefined) {
      this.#drop(frame, 'icmp.no-listener', packet);
      return;
    }
    user.received(frame, packet);
  }

  /** Somebody tells of a packet of ours; the transport that sent it gets to know. */
  #takeError(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const at = start + ICMPV6_HEADER;
    const upper = end - at < IPV6_HEADER ? null : findUpperLayer(view, at, end, this.#upper);
    if (upper === null || upper.laterFragment || upper.protocol < 0 || upper.at + LEAST_QUOTE > end) {
      this.counters.InErrors++;
      this.#drop(frame, 'icmp.quote', packet);
      return;
    }
    const type = view.getUint8(start);
    const code = view.getUint8(start + 1);
    const source = readSource(view, at, by.link.index);
    const next = readDestination(view, at, by.link.index);
    // On a route of its own it was on the way to a segment of that.
    const destination = upper.routing < 0 ? next : (lastSegment(view, upper.routing, end) ?? next);
    if (!this.ip.isLocal(source)) {
      this.#drop(frame, 'icmp.not-ours', packet);
      return;
    }
    const tooLarge = type === ICMPV6_PACKET_TOO_BIG;
    const told = tooLarge ? view.getUint32(start + 4) : 0;
    const mtu = tooLarge ? Math.max(told, IPV6_LEAST_MTU) : 0;
    const { errno, fatal } = meaningOf6(type, code);
    const { source: from } = packet;
    const error: IcmpError = { type, code, errno, fatal, tooLarge, mtu, from, source, destination };
    const quoted = new DataView(view.buffer, view.byteOffset, end);
    this.ip.raw?.failed(upper.protocol, error, quoted, at, upper.at);
    tellTransport(this.ip.transport(upper.protocol), error, quoted, upper.at, () => {
      // Less than what every link takes is not believed (RFC 8201 section 4).
      if (told >= IPV6_LEAST_MTU && !isLoopback6(next)) this.ip.pathMtu.learn(next.key, mtu);
    });
    frame.release();
  }

  #drop(frame: Frame, reason: string, packet: ReceivedPacket<Ipv6Address>): void {
    dropFrame(this.tracer, packet.interface, frame, reason);
  }
}

function reasonOf(type: number, code: number): string {
  switch (type) {
    case ICMPV6_DESTINATION_UNREACHABLE:
      return UNREACHABLE_REASONS[code] ?? 'icmp.unreachable';
    case ICMPV6_PACKET_TOO_BIG:
      return 'icmp.fragmentation-needed';
    case ICMPV6_TIME_EXCEEDED:
      return code === CODE6_REASSEMBLY_TIME ? 'icmp.reassembly-timeout' : 'icmp.time-exceeded';
    default:
      return 'icmp.parameter-problem';
  }
}
