import type { Frame } from '../../1-physical/index.ts';
import {
  type Ipv4Address,
  type Ipv4Layer,
  PROTOCOL_ICMP,
  type ReceivedPacket,
  type SendOptions,
} from '../../3-network/index.ts';
import { ERRNO, type EventId } from '../../trace/index.ts';
import type { Channel } from '../datagram/channel.ts';
import { fillSendOptions, isRefusal } from '../datagram/output.ts';
import type { Endpoint, RawOptions, UdpOptions } from '../services.ts';
import { RawProtocol, type RawProtocolParts } from './protocol.ts';

/** IPPROTO_RAW: sends packets of any protocol, whose headers the program writes. */
const PROTOCOL_RAW = 255;
const LEAST_HEADER = 20;
/** Types of ICMP that a filter can name. */
const FILTERED_TYPES = 32;

/** Over IPv4 (raw(7)): what is received begins with the IP header, and what is sent may. */
export class RawProtocol4 extends RawProtocol<Ipv4Address> {
  readonly #ip: Ipv4Layer;
  readonly #how: SendOptions = {};

  constructor(ip: Ipv4Layer, parts: RawProtocolParts, protocol: number, number: () => number) {
    super(ip, parts, protocol, number);
    this.#ip = ip;
  }

  protected rawOptions(): RawOptions {
    return { headerIncluded: this.protocol === PROTOCOL_RAW, icmpFilter: 0, checksumAt: -1 };
  }

  protected wants(options: UdpOptions, frame: Frame, packet: ReceivedPacket<Ipv4Address>): boolean {
    const { destination, source, interface: name, protocol } = packet;
    if (options.memberships?.allow(destination, source, name) === false) return false;
    return protocol !== PROTOCOL_ICMP || !isFiltered(frame, options.raw?.icmpFilter ?? 0);
  }

  protected copyOf(frame: Frame, header: number): Frame {
    const { start } = frame;
    frame.start = header;
    const copy = this.parts.pool.copy(frame);
    frame.start = start;
    return copy;
  }

  protected quoteFrom(options: UdpOptions, header: number, payload: number): number {
    return options.raw?.headerIncluded === true ? header : payload;
  }

  protected heedsMtu({ ip }: UdpOptions): boolean {
    return ip.dontFragment !== false;
  }

  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const ip = this.#ip;
    const { options } = channel;
    const source = this.route(channel.local.address, remote.address, options);
    if (isRefusal(source)) return source as number;
    const destination = remote.address as Ipv4Address;
    const whole = options.raw?.headerIncluded === true;
    if (whole && (bytes.length < LEAST_HEADER || ((bytes[0] ?? 0) & 15) * 4 > bytes.length)) {
      return -ERRNO.EINVAL;
    }
    const frame = this.frameOf(bytes, origin);
    const how = fillSendOptions(this.#how, options, destination);
    const from = source as Ipv4Address;
    const result = whole
      ? ip.sendWhole(frame, from, destination, how)
      : ip.send(frame, from, destination, this.protocol, how);
    if (result === 0) return bytes.length;
    if (result === -ERRNO.EMSGSIZE) channel.tooLong(bytes, remote, ip.mtuTo(destination));
    return result;
  }
}

/** ICMP_FILTER: one bit for each type that is not wanted (icmp(7) of raw sockets, `icmp_filter`). @param frame `start` at the message. */
function isFiltered(frame: Frame, filter: number): boolean {
  const type = frame.bytes[frame.start] ?? 0;
  return type < FILTERED_TYPES && ((filter >>> type) & 1) === 1;
}
