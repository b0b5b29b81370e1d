import { ANY, ANY6, isAnyIp, PROTOCOL_ICMP } from '../3-network/index.ts';
import type { DatagramService, Endpoint } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import type { Credentials } from './credentials.ts';
import { DatagramSocket } from './datagram-socket.ts';
import type { SocketParts } from './internet-socket.ts';
import { ints, type Option, type OptionTable, readInt } from './option-table.ts';
import type { SocketAddress, UnspecifiedAddress } from './socket-types.ts';

/**
 * SOCK_RAW (raw(7), RFC 3542 section 3): what is received over IPv4 begins with the IP header; what is sent is the
 * packet's payload, or with IP_HDRINCL the whole packet. It has no ports: its local one is the protocol's number, as in
 * Linux.
 */
export class RawSocket extends DatagramSocket {
  /** @param protocol 1–255. @param service for that protocol. */
  constructor(parts: SocketParts, protocol: number, service: DatagramService, domain: number) {
    super(parts, protocol, service, domain);
    // It receives from the start.
    this.claim({ address: domain === linux.AF_INET6 ? ANY6 : ANY, port: 0 });
  }

  override get type(): number {
    return linux.SOCK_RAW;
  }

  /** As often as wanted (`raw_bind`). */
  override bind(address: SocketAddress, _by: Credentials): number {
    const endpoint = this.endpointOf(address, true);
    if (typeof endpoint === 'number') return endpoint;
    const { internet: ip } = this.parts;
    const own = endpoint.address;
    if (!isAnyIp(own) && !ip.isLocal(own) && !ip.isBroadcast(own)) return -ERRNO.EADDRNOTAVAIL;
    return this.claim(endpoint);
  }

  override connect(address: SocketAddress | UnspecifiedAddress): number {
    return super.connect(address);
  }

  protected override endpointOf(address: SocketAddress, orUnspecified = false): Endpoint | number {
    const endpoint = super.endpointOf(address, orUnspecified);
    return typeof endpoint === 'number' ? endpoint : { address: endpoint.address, port: 0 };
  }

  protected override transportOptions(level: number): OptionTable<this> | null {
    if (level === linux.SOL_RAW && this.domain === linux.AF_INET) return RAW_OPTIONS;
    return level === linux.IPPROTO_ICMPV6 && this.protocol === level ? ICMPV6_OPTIONS : null;
  }
}

/** Level IPPROTO_ICMPV6: one option, `struct icmp6_filter` (RFC 3542 section 3.2); a bit that is set keeps a type out. */
const ICMPV6_OPTIONS: OptionTable<RawSocket> = new Map<number, Option<RawSocket>>([
  [
    linux.ICMPV6_FILTER,
    {
      read: ({ raw }, length) =>
        new Uint8Array((raw?.icmpv6Filter ?? NO_FILTER).slice().buffer).subarray(0, length),
      write: ({ raw }, value) => {
        if (raw === null) return -ERRNO.ENOPROTOOPT;
        const bytes = new Uint8Array(32);
        bytes.set(value.subarray(0, 32));
        raw.icmpv6Filter = new Uint32Array(bytes.buffer);
        return 0;
      },
    },
  ],
]);
const NO_FILTER = new Uint32Array(8);

/** Level SOL_RAW: one option, of ICMP sockets only (`raw_setsockopt`). */
const RAW_OPTIONS: OptionTable<RawSocket> = new Map<number, Option<RawSocket>>([
  [
    linux.ICMP_FILTER,
    {
      read: ({ protocol, raw }, length) =>
        protocol === PROTOCOL_ICMP && raw !== null
          ? ints(raw.icmpFilter).subarray(0, length)
          : -ERRNO.EOPNOTSUPP,
      write: ({ protocol, raw }, value) => {
        if (protocol !== PROTOCOL_ICMP || raw === null) return -ERRNO.EOPNOTSUPP;
        const bytes = new Uint8Array(4);
        bytes.set(value.subarray(0, 4));
        raw.icmpFilter = readInt(bytes, 0);
        return 0;
      },
    },
  ],
]);
