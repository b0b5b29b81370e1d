import type { Frame } from '../../1-physical/index.ts';
import {
  type Ipv4Address,
  type Ipv4Layer,
  PROTOCOL_ICMP,
  type ReceivedPacket,
  type SendOptions,
} from '../../3-network/index.ts';
import { allowsGroup } from '../datagram/options.ts';
import type { RawOptions, UdpOptions } from '../services.ts';
import { PROTOCOL_RAW, RawProtocol, type RawProtocolParts } from './protocol.ts';

const LEAST_HEADER = 20;
/** Types of ICMP that a filter can name. */
const FILTERED_TYPES = 32;

/** Over IPv4 (raw(7)): what is received begins with the IP header, and what is sent may. */
export class RawProtocol4 extends RawProtocol<Ipv4Address> {
  readonly #ip: Ipv4Layer;

  constructor(ip: Ipv4Layer, parts: RawProtocolParts, protocol: number, number: () => number) {
    super(ip, parts, protocol, number);
    this.#ip = ip;
  }

  protected rawOptions(): RawOptions {
    return { headerIncluded: this.protocol === PROTOCOL_RAW, icmpFilter: 0, checksumAt: -1 };
  }

  protected wants(options: UdpOptions, frame: Frame, packet: ReceivedPacket<Ipv4Address>): boolean {
    if (!allowsGroup(options, packet)) return false;
    return packet.protocol !== PROTOCOL_ICMP || !isFiltered(frame, options.raw?.icmpFilter ?? 0);
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

  protected isSendable({ raw }: UdpOptions, bytes: Uint8Array): boolean {
    if (raw?.headerIncluded !== true) return true;
    return bytes.length >= LEAST_HEADER && ((bytes[0] ?? 0) & 15) * 4 <= bytes.length;
  }

  protected send(
    frame: Frame,
    source: Ipv4Address,
    destination: Ipv4Address,
    { raw }: UdpOptions,
    how: SendOptions,
  ): number {
    return raw?.headerIncluded === true
      ? this.#ip.sendWhole(frame, source, destination, how)
      : this.#ip.send(frame, source, destination, this.protocol, how);
  }
}

/** ICMP_FILTER: one bit for each type that is not wanted (icmp(7) of raw sockets, `icmp_filter`). @param frame `start` at the message. */
function isFiltered(frame: Frame, filter: number): boolean {
  const type = frame.bytes[frame.start] ?? 0;
  return type < FILTERED_TYPES && ((filter >>> type) & 1) === 1;
}
