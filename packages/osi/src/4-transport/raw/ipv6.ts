import type { Frame } from '../../1-physical/index.ts';
import {
  checksumOf,
  type Ipv6Address,
  type Ipv6Layer,
  icmpv6Codec,
  ipv6Codec,
  PROTOCOL_UDP,
  pseudoHeaderSum,
  type ReceivedPacket,
  type SendOptions,
  sumFrame,
} from '../../3-network/index.ts';
import { allowsGroup } from '../datagram/options.ts';
import type { RawOptions, UdpOptions } from '../services.ts';
import { PROTOCOL_RAW, RawProtocol, type RawProtocolParts } from './protocol.ts';

/** Where the checksum of ICMPv6 stands, which the machine takes for the program (RFC 3542 section 3.1). */
const ICMPV6_CHECKSUM = 2;

/** Over IPv6 (RFC 3542 section 3): headers are the machine's affair, the program gets and gives what follows them; with IPV6_HDRINCL, as Linux has it, it gives them, too. */
export class RawProtocol6 extends RawProtocol<Ipv6Address> {
  readonly #ip: Ipv6Layer;

  constructor(ip: Ipv6Layer, parts: RawProtocolParts, protocol: number, number: () => number) {
    super(ip, parts, protocol, number);
    this.#ip = ip;
  }

  protected rawOptions(): RawOptions {
    const icmp = this.protocol === icmpv6Codec.PROTOCOL_ICMPV6;
    return {
      headerIncluded: this.protocol === PROTOCOL_RAW,
      icmpFilter: 0,
      checksumAt: icmp ? ICMPV6_CHECKSUM : -1,
    };
  }

  protected wants(options: UdpOptions, frame: Frame, packet: ReceivedPacket<Ipv6Address>): boolean {
    const { raw } = options;
    if (!allowsGroup(options, packet)) return false;
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

  protected quoteFrom({ raw }: UdpOptions, header: number, payload: number): number {
    return raw?.headerIncluded === true ? header : payload;
  }

  protected heedsMtu({ ip }: UdpOptions): boolean {
    return ip.dontFragment === true;
  }

  protected isSendable({ raw }: UdpOptions, bytes: Uint8Array): boolean {
    if (raw?.headerIncluded === true) return bytes.length >= ipv6Codec.IPV6_HEADER;
    return raw === undefined || raw.checksumAt < 0 || raw.checksumAt + 2 <= bytes.length;
  }

  protected send(
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    { raw, ip }: UdpOptions,
    how: SendOptions,
  ): number {
    if (raw?.headerIncluded === true) return this.#ip.sendWhole(frame, source, destination, how);
    // Linux heeds IPV6_DONTFRAG of no other protocol (`__ip6_append_data`).
    if (this.protocol !== PROTOCOL_UDP && this.protocol !== icmpv6Codec.PROTOCOL_ICMPV6) {
      how.dontFragment = ip.dontFragment ?? 'if-it-fits';
    }
    if (raw !== undefined && raw.checksumAt >= 0) {
      const { view, start } = frame;
      const at = start + raw.checksumAt;
      view.setUint16(at, 0);
      const sum = checksumOf(this.#sum(frame, source, destination));
      // Of UDP, 0 would say that there is none (RFC 8200 section 8.1).
      view.setUint16(at, sum === 0 && this.protocol === PROTOCOL_UDP ? 0xffff : sum);
    }
    return this.#ip.send(frame, source, destination, this.protocol, how);
  }

  #sum(frame: Frame, source: Ipv6Address, destination: Ipv6Address): number {
    const { start, end } = frame;
    const pseudo = pseudoHeaderSum(source, destination, this.protocol, end - start);
    return sumFrame(frame, start, end, pseudo);
  }
}
