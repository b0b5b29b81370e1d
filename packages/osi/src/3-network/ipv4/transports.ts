import { IpTraffic } from '../counters.ts';
import {
  PROTOCOL_ICMP,
  PROTOCOL_IGMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type TransportProtocol,
} from '../ip-service.ts';

/** The protocols above IPv4 by number. Those that every machine has are fields: a packet finds its own in one step. */
export abstract class Transports extends IpTraffic {
  #tcp: TransportProtocol | undefined = undefined;
  #udp: TransportProtocol | undefined = undefined;
  #icmp: TransportProtocol | undefined = undefined;
  #igmp: TransportProtocol | undefined = undefined;
  #others: Map<number, TransportProtocol> | null = null;

  /** The transport registered for a protocol number. */
  transport(protocol: number): TransportProtocol | undefined {
    switch (protocol) {
      case PROTOCOL_TCP:
        return this.#tcp;
      case PROTOCOL_UDP:
        return this.#udp;
      case PROTOCOL_ICMP:
        return this.#icmp;
      case PROTOCOL_IGMP:
        return this.#igmp;
      default:
        return this.#others?.get(protocol);
    }
  }

  register(transport: TransportProtocol): void {
    switch (transport.protocol) {
      case PROTOCOL_TCP:
        this.#tcp = transport;
        return;
      case PROTOCOL_UDP:
        this.#udp = transport;
        return;
      case PROTOCOL_ICMP:
        this.#icmp = transport;
        return;
      case PROTOCOL_IGMP:
        this.#igmp = transport;
        return;
      default:
        this.#others ??= new Map();
        this.#others.set(transport.protocol, transport);
    }
  }
}
