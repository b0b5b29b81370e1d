import type { Frame } from '../1-physical/index.ts';
import type { IpAddress } from './ip-address.ts';
import type { IcmpError, ReceivedPacket } from './ip-service.ts';

/** What a version of IP tells raw sockets, beside the transports. */
export interface RawUpcalls<A extends IpAddress> {
  /**
   * A packet for this machine, `frame.start` at its payload, its IP header at `header`; the frame stays IP's.
   * @returns whether somebody took a copy: then a protocol that no transport speaks is not unreachable.
   */
  received(frame: Frame, packet: ReceivedPacket<A>, header: number): boolean;
  /** An ICMP error about a packet of `protocol` of ours, of which `original` has the first bytes: its header from `header`, its payload from `payload`. */
  failed(protocol: number, error: IcmpError, original: DataView, header: number, payload: number): void;
}
