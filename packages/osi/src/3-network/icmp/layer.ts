import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { ANY, type Ipv4Address, ipv4FromNumber, isLoopback } from '../address.ts';
import { type EchoTraffic, type IcmpCounters, IcmpFaults, icmpCounters } from '../counters.ts';
import { tellTransport } from '../icmp-error.ts';
import {
  type IcmpError,
  PROTOCOL_ICMP,
  type ReceivedPacket,
  type SendOptions,
  type TransportProtocol,
} from '../ip-service.ts';
import {
  IPV4_HEADER,
  readDestination,
  readFragmentOffset,
  readHeaderLength,
  readProtocol,
  readSource,
  readTos,
} from '../ipv4/codec.ts';
import type { Ipv4Layer } from '../ipv4/layer.ts';
import { echoedOptions } from '../ipv4/options.ts';
import type { ErrorReports } from '../ipv4/reports.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  CODE_FRAGMENTATION_NEEDED,
  CODE_REASSEMBLY_TIME_EXCEEDED,
  checkIcmp,
  ICMP_DESTINATION_UNREACHABLE,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER,
  ICMP_PARAMETER_PROBLEM,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMP_LENGTH,
  ICMP_TIMESTAMP_REPLY,
  readCode,
  readIdentifier,
  readInfo,
  readType,
  writeIcmp,
  writeIcmpChecksum,
  writeTimes,
} from './codec.ts';
import { EchoChannels, type EchoProtocol } from './echo.ts';
import { type ErrorMeaning, meaningOf } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';

/** No error message is longer than what every host takes whole (RFC 1812 section 4.3.2.3). */
const LARGEST_ERROR = 576;
/** The largest echo message: an IPv4 packet's payload. */
const LARGEST_MESSAGE = 65_515;
/** How much of the packet's payload an error must have to tell whose it was: the ports (RFC 792). */
const LEAST_QUOTE = 8;

/** Internet control precedence, which Linux gives ICMP errors (RFC 1812 section 4.3.2.5). */
const INTERNET_CONTROL = 0xc0;
/** The type-of-service bits that an error takes over from its packet (`RT_TOS` in Linux). */
const TOS_MASK = 0x1e;

/** The last code of a redirect: of a type of service and a host. */
const CODE_REDIRECT_TOS_HOST = 3;
/** A redirect is none. */
const NO_ERROR: ErrorMeaning = { errno: 0, fatal: false };

/** Why an error is sent, by its type; unreachable ones by code. */
const UNREACHABLE_REASONS = [
  'icmp.network-unreachable',
  'icmp.host-unreachable',
  'icmp.protocol-unreachable',
  'icmp.port-unreachable',
  'icmp.fragmentation-needed',
  'icmp.source-route-failed',
] as const;

const ECHO: EchoProtocol = {
  protocol: PROTOCOL_ICMP,
  request: ICMP_ECHO_REQUEST,
  reason: 'icmp.echo-request',
  random: 'icmp.identifier',
  largest: LARGEST_MESSAGE,
  finish: (frame) => writeIcmpChecksum(frame.view, frame.start, frame.end),
};

export interface IcmpOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  ip: Ipv4Layer;
  rate: RateLimit;
}

/** ICMP of one machine (RFC 792, 1122 section 3.2.2, 1812 section 4.3): answers echoes and tells the time, sends errors, tells transports of errors. */
export class IcmpLayer
  extends EchoChannels<Ipv4Layer>
  implements TransportProtocol, ErrorReports, EchoTraffic
{
  InMsgs = 0;
  InEchos = 0;
  InEchoReps = 0;
  OutMsgs = 0;
  OutEchos = 0;
  OutEchoReps = 0;
  readonly protocol = PROTOCOL_ICMP;
  readonly #sysctl: Sysctl;
  readonly #rate: RateLimit;
  readonly #faults = new IcmpFaults();
  readonly #sendOptions: SendOptions = { tos: 0 };

  /** Joins `ip` as the transport that it delivers ICMP to and that reports its errors. */
  constructor(options: IcmpOptions) {
    const { sim, tracer, pool, sysctl, ip, rate } = options;
    super(sim, tracer, pool, ip, ECHO);
    this.#sysctl = sysctl;
    this.#rate = rate;
    ip.register(this);
    ip.reports = this;
  }

  get counters(): IcmpCounters {
    return icmpCounters(this, this.#faults);
  }

  protected requestSent(): void {
    this.OutMsgs++;
    this.OutEchos++;
  }

  receive(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const { view, start } = frame;
    this.InMsgs++;
    const problem = checkIcmp(view, start, frame.end);
    if (problem !== null) {
      this.#faults.InErrors++;
      if (problem === 'icmp.checksum') this.#faults.InCsumErrors++;
      this.#drop(frame, problem, packet);
      return;
    }
    const type = readType(view, start);
    switch (type) {
      case ICMP_ECHO_REQUEST:
        this.InEchos++;
        this.#answer(frame, packet);
        return;
      case ICMP_TIMESTAMP:
        this.#faults.InTimestamps++;
        this.#tellTime(frame, packet);
        return;
      case ICMP_ECHO_REPLY:
        this.InEchoReps++;
        this.#answered(frame, packet);
        return;
      case ICMP_DESTINATION_UNREACHABLE:
        this.#faults.InDestUnreachs++;
        this.#takeError(frame, packet);
        return;
      case ICMP_TIME_EXCEEDED:
        this.#faults.InTimeExcds++;
        this.#takeError(frame, packet);
        return;
      case ICMP_PARAMETER_PROBLEM:
        this.#faults.InParmProbs++;
        this.#takeError(frame, packet);
        return;
      case ICMP_SOURCE_QUENCH:
        // Deprecated: to be ignored (RFC 6633 section 3).
        this.#faults.InSrcQuenchs++;
        this.#drop(frame, 'icmp.source-quench', packet);
        return;
      case ICMP_REDIRECT:
        this.#faults.InRedirects++;
        this.#redirected(frame, packet);
        return;
      default:
        // Of unknown type: silently dropped (RFC 1122 section 3.2.2).
        this.#faults.InErrors++;
        this.#drop(frame, 'icmp.type', packet);
    }
  }

  report(type: number, code: number, info: number, frame: Frame, at: number, group: boolean): void {
    const { view } = frame;
    const destination = readSource(view, at);
    if (group || !this.#mayReport(frame, at, destination)) return;
    if (!this.#withinRate(type, code, destination)) return;
    // The packet's own destination if that is us, else whatever address the route back has (`icmp_send` in Linux).
    const addressed = readDestination(view, at);
    const source = this.ip.isLocal(addressed) ? addressed : this.ip.sourceFor(destination);
    if (source === null) return;

    const room = LARGEST_ERROR - IPV4_HEADER - ICMP_HEADER;
    const length = frame.end - at > room ? room : frame.end - at;
    const message = this.pool.take(ICMP_HEADER + length);
    message.end = HEADROOM + ICMP_HEADER + length;
    writeIcmp(message.view, HEADROOM, type, code, info);
    message.bytes.set(frame.bytes.subarray(at, at + length), HEADROOM + ICMP_HEADER);
    writeIcmpChecksum(message.view, HEADROOM, message.end);
    message.reason = reasonOf(type, code);
    this.#sendOptions.tos = (readTos(view, at) & TOS_MASK) | INTERNET_CONTROL;
    if (this.ip.send(message, source, destination, PROTOCOL_ICMP, this.#sendOptions) !== 0) {
      this.#faults.OutErrors++;
      return;
    }
    this.OutMsgs++;
    if (type === ICMP_DESTINATION_UNREACHABLE) this.#faults.OutDestUnreachs++;
    else if (type === ICMP_TIME_EXCEEDED) this.#faults.OutTimeExcds++;
    else if (type === ICMP_REDIRECT) this.#faults.OutRedirects++;
    else this.#faults.OutParmProbs++;
  }

  /** An echo request of ours met an error. */
  receiveError(error: IcmpError, original: DataView, at: number): void {
    if (readType(original, at) !== ICMP_ECHO_REQUEST) return;
    this.findEcho(readIdentifier(original, at))?.failed(error, original, at);
  }

  /** No error about a group's packet, a later fragment, another error, or to no single host (RFC 1122 section 3.2.2). */
  #mayReport(frame: Frame, at: number, sender: Ipv4Address): boolean {
    const { view } = frame;
    if (this.ip.isBroadcast(readDestination(view, at))) return false;
    if (sender === ANY || this.ip.isBroadcast(sender)) return false;
    if (readFragmentOffset(view, at) !== 0) return false;
    if (readProtocol(view, at) !== PROTOCOL_ICMP) return true;
    const payload = at + readHeaderLength(view, at);
    return payload < frame.end && isQuery(readType(view, payload));
  }

  #withinRate(type: number, code: number, destination: Ipv4Address): boolean {
    // Path MTU discovery and what stays in this machine are not limited (`icmpv4_mask_allow`, `icmpv4_xrlim_allow`).
    if (type === ICMP_DESTINATION_UNREACHABLE && code === CODE_FRAGMENTATION_NEEDED) return true;
    if (!this.#rate.limits(type) || this.ip.isLocal(destination)) return true;
    if (!this.#rate.allowAny()) {
      this.#faults.OutRateLimitGlobal++;
      this.tracer.countDrop('icmp.rate-limit');
      return false;
    }
    if (!this.#rate.allowHost(destination, this.#sysctl.get('net.ipv4.icmp_ratelimit'))) {
      this.#faults.OutRateLimitHost++;
      this.tracer.countDrop('icmp.rate-limit');
      return false;
    }
    return true;
  }

  /** An echo is answered by its data as they are (RFC 1122 section 3.2.2.6). */
  #answer(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    if (this.#sysctl.get('net.ipv4.icmp_echo_ignore_all') !== 0)
      this.#drop(frame, 'icmp.echo-ignored', packet);
    else if (this.#sendBack(frame, packet, ICMP_ECHO_REPLY, 'icmp.echo-reply')) this.OutEchoReps++;
  }

  /** Somebody asks for the time of day (RFC 1122 section 3.2.2.8). */
  #tellTime(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const { view, start } = frame;
    if (frame.length < ICMP_TIMESTAMP_LENGTH) {
      this.#faults.InErrors++;
      this.#drop(frame, 'icmp.truncated', packet);
      return;
    }
    frame.end = start + ICMP_TIMESTAMP_LENGTH;
    writeTimes(view, start, this.ip.timeOfDay);
    if (this.#sendBack(frame, packet, ICMP_TIMESTAMP_REPLY, 'icmp.timestamp-reply'))
      this.#faults.OutTimestampReps++;
  }

  /** Sends a request back where it came from as its answer, in place. @returns whether it went out. */
  #sendBack(frame: Frame, packet: ReceivedPacket<Ipv4Address>, type: number, reason: string): boolean {
    if (packet.broadcast && this.#sysctl.get('net.ipv4.icmp_echo_ignore_broadcasts') !== 0) {
      this.#drop(frame, 'icmp.echo-broadcast-ignored', packet);
      return false;
    }
    const { source, destination } = packet;
    const from = packet.broadcast ? this.ip.sourceFor(source) : destination;
    if (from === null) {
      this.#drop(frame, 'ip.no-route', packet);
      return false;
    }
    const options = packet.options === null ? undefined : echoedOptions(packet.options, packet.source);
    const { view, start } = frame;
    writeIcmp(view, start, type, 0, readInfo(view, start));
    writeIcmpChecksum(view, start, frame.end);
    frame.renew(reason);
    this.#sendOptions.tos = packet.tos;
    this.#sendOptions.headerOptions = options;
    const result = this.ip.send(frame, from, source, PROTOCOL_ICMP, this.#sendOptions);
    this.#sendOptions.headerOptions = undefined;
    if (result !== 0) this.#faults.OutErrors++;
    else this.OutMsgs++;
    return result === 0;
  }

  #answered(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const user = this.findEcho(readIdentifier(frame.view, frame.start));
    if (user === undefined) {
      this.#drop(frame, 'icmp.no-listener', packet);
      return;
    }
    user.received(frame, packet);
  }

  /** Where the packet of ours begins that a message is about; -1 when it is not to be recognized, and dropped. */
  #quoteOf(frame: Frame, packet: ReceivedPacket<Ipv4Address>): number {
    const { view, start } = frame;
    const at = start + ICMP_HEADER;
    const headerLength = frame.end - at < IPV4_HEADER ? 0 : readHeaderLength(view, at);
    if (
      headerLength < IPV4_HEADER ||
      view.getUint8(at) >>> 4 !== 4 ||
      frame.end - at < headerLength + LEAST_QUOTE
    ) {
      this.#faults.InErrors++;
      this.#drop(frame, 'icmp.quote', packet);
      return -1;
    }
    if (packet.broadcast || !this.ip.isLocal(readSource(view, at))) {
      this.#drop(frame, 'icmp.not-ours', packet);
      return -1;
    }
    return at;
  }

  /** A router knows a better way for a packet of ours; its transport tells whether that packet can have been (`tcp_v4_err`). */
  #redirected(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const at = this.#quoteOf(frame, packet);
    if (at < 0) return;
    const { view, start } = frame;
    const error = this.#errorIn(frame, packet, at, NO_ERROR);
    const transport = this.ip.transport(readProtocol(view, at));
    const quoted = new DataView(view.buffer, view.byteOffset, frame.end);
    const believed = transport?.judge?.(error, quoted, at + readHeaderLength(view, at)) !== null;
    const { source: from } = packet;
    const destination = readDestination(view, at);
    const gateway = ipv4FromNumber(readInfo(view, start));
    const code = readCode(view, start);
    if (
      !believed ||
      code > CODE_REDIRECT_TOS_HOST ||
      !this.ip.redirected({ from, destination, gateway, source: readSource(view, at) }, packet.interface)
    ) {
      this.#drop(frame, 'icmp.redirect-ignored', packet);
      return;
    }
    frame.release();
  }

  #errorIn(
    frame: Frame,
    { source: from }: ReceivedPacket<Ipv4Address>,
    at: number,
    { errno, fatal }: ErrorMeaning,
  ): IcmpError {
    const { view, start } = frame;
    const type = readType(view, start);
    const code = readCode(view, start);
    const tooLarge = type === ICMP_DESTINATION_UNREACHABLE && code === CODE_FRAGMENTATION_NEEDED;
    const mtu = tooLarge ? readInfo(view, start) & 0xffff : 0;
    const source = readSource(view, at);
    const destination = readDestination(view, at);
    return { type, code, errno, fatal, tooLarge, mtu, from, source, destination };
  }

  /** Somebody tells of a packet of ours; the transport that sent it gets to know. */
  #takeError(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const at = this.#quoteOf(frame, packet);
    if (at < 0) return;
    const { view, start } = frame;
    const meaning = meaningOf(readType(view, start), readCode(view, start));
    if (meaning === null) {
      this.#drop(frame, 'icmp.code', packet);
      return;
    }
    const error = this.#errorIn(frame, packet, at, meaning);
    const destination = readDestination(view, at);
    const quoted = new DataView(view.buffer, view.byteOffset, frame.end);
    const protocol = readProtocol(view, at);
    const payload = at + readHeaderLength(view, at);
    this.ip.raw?.failed(protocol, error, quoted, at, payload);
    tellTransport(this.ip.transport(protocol), error, quoted, payload, () => {
      if (error.tooLarge && !isLoopback(destination)) this.ip.pathMtu.learn(destination, error.mtu);
    });
    frame.release();
  }

  #drop(frame: Frame, reason: string, packet: ReceivedPacket<Ipv4Address>): void {
    dropFrame(this.tracer, packet.interface, frame, reason);
  }
}

/** Types that are not errors: echo, router discovery, timestamp, information, address mask (RFC 1122 section 3.2.2). */
const isQuery = (type: number): boolean =>
  type === 0 || type === 8 || type === 9 || type === 10 || (type >= 13 && type <= 18);

function reasonOf(type: number, code: number): string {
  if (type === ICMP_DESTINATION_UNREACHABLE) return UNREACHABLE_REASONS[code] ?? 'icmp.unreachable';
  if (type === ICMP_REDIRECT) return 'icmp.redirect';
  if (type !== ICMP_TIME_EXCEEDED) return 'icmp.parameter-problem';
  return code === CODE_REASSEMBLY_TIME_EXCEEDED ? 'icmp.reassembly-timeout' : 'icmp.time-exceeded';
}
