import type { Frame } from '../../1-physical/index.ts';
import {
  checksumOf,
  type Ipv6Address,
  type Ipv6Layer,
  icmpv6Codec,
  PROTOCOL_UDP,
  pseudoHeaderSum,
  type ReceivedPacket,
  type SendOptions,
  sumFrame,
} from '../../3-network/index.ts';
import { ERRNO, type EventId } from '../../trace/index.ts';
import type { Channel } from '../datagram/channel.ts';
import { fillSendOptions, isRefusal } from '../datagram/output.ts';
import type { Endpoint, RawOptions, UdpOptions } from '../services.ts';
import { RawProtocol, type RawProtocolParts } from './protocol.ts';

/** Where the checksum of ICMPv6 stands, which the machine takes for the program (RFC 3542 section 3.1). */
const ICMPV6_CHECKSUM = 2;

/** Over IPv6 (RFC 3542 section 3): headers are the machine's affair, the program gets and gives what follows them. */
export class RawProtocol6 extends RawProtocol<Ipv6Address> {
  readonly #ip: Ipv6Layer;
  readonly #how: SendOptions = {};

  constructor(ip: Ipv6Layer, parts: RawProtocolParts, protocol: number, number: () => number) {
    super(ip, parts, protocol, number);
    this.#ip = ip;
  }

  protected rawOptions(): RawOptions {
    const icmp = this.protocol === icmpv6Codec.PROTOCOL_ICMPV6;
    return { headerIncluded: false, icmpFilter: 0, checksumAt: icmp ? ICMPV6_CHECKSUM : -1 };
  }

  protected wants({ raw }: UdpOptions, frame: Frame, packet: ReceivedPacket<Ipv6Address>): boolean {
    if (raw === undefined) return true;
    const type = frame.bytes[frame.start] ?? 0;
    const blocked = raw.icmpv6Filter?.[type >>> 5] ?? 0;
    if (((blocked >>> (type & 31)) & 1) === 1) return false;
    if (raw.checksumAt < 0) return true;
    return this.#sum(frame, packet.source, packet.destination) === 0xffff;
  }

  protected copyOf(frame: Frame): Frame {
    return this.parts.pool.copy(frame);
  }

  protected quoteFrom(_options: UdpOptions, _header: number, payload: number): number {
    return payload;
  }

  protected heedsMtu({ ip }: UdpOptions): boolean {
    return ip.dontFragment === true;
  }

  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const { options } = channel;
    const source = this.route(channel.local.address, remote.address, options);
    if (isRefusal(source)) return source as number;
    const checksumAt = options.raw?.checksumAt ?? -1;
    if (checksumAt >= 0 && checksumAt + 2 > bytes.length) return -ERRNO.EINVAL;
    const destination = remote.address as Ipv6Address;
    const from = source as Ipv6Address;
    const frame = this.frameOf(bytes, origin);
    if (checksumAt >= 0) {
      const { view, start } = frame;
      view.setUint16(start + checksumAt, 0);
      const sum = checksumOf(this.#sum(frame, from, destination));
      // Of UDP, 0 would say that there is none (RFC 8200 section 8.1).
      view.setUint16(start + checksumAt, sum === 0 && this.protocol === PROTOCOL_UDP ? 0xffff : sum);
    }
    const how = fillSendOptions(this.#how, options, destination);
    const result = this.#ip.send(frame, from, destination, this.protocol, how);
    if (result === 0) return bytes.length;
    if (result === -ERRNO.EMSGSIZE) channel.tooLong(bytes, remote, this.#ip.mtuTo(destination));
    return result;
  }

  #sum(frame: Frame, source: Ipv6Address, destination: Ipv6Address): number {
    const { start, end } = frame;
    const pseudo = pseudoHeaderSum(source, destination, this.protocol, end - start);
    return sumFrame(frame, start, end, pseudo);
  }
}
