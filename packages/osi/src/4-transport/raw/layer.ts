import type { Frame } from '../../1-physical/index.ts';
import type { IcmpError, IpAddress, RawUpcalls, ReceivedPacket } from '../../3-network/index.ts';
import type { DatagramService, UdpEntry } from '../services.ts';
import type { RawProtocol } from './protocol.ts';

/**
 * Raw sockets over one version of IP (raw(7)): programs that speak a protocol on IP themselves. Each gets a copy of
 * every packet of its protocol, besides what the machine does with it.
 */
export class RawLayer<A extends IpAddress> implements RawUpcalls<A> {
  readonly #ip: { raw: RawUpcalls<A> | null };
  readonly #make: (protocol: number, number: () => number) => RawProtocol<A>;
  readonly #protocols = new Map<number, RawProtocol<A>>();
  #opened = 0;

  constructor(
    ip: { raw: RawUpcalls<A> | null },
    make: (protocol: number, number: () => number) => RawProtocol<A>,
  ) {
    this.#ip = ip;
    this.#make = make;
  }

  /** The service for sockets of a protocol, 1–255. */
  protocol(protocol: number): DatagramService {
    const known = this.#protocols.get(protocol);
    if (known !== undefined) return known;
    const service = this.#make(protocol, () => ++this.#opened);
    this.#protocols.set(protocol, service);
    // From now on there is somebody to ask.
    this.#ip.raw = this;
    return service;
  }

  *entries(): Iterable<UdpEntry> {
    for (const service of this.#protocols.values()) yield* service.entries();
  }

  received(frame: Frame, packet: ReceivedPacket<A>, header: number): boolean {
    return this.#protocols.get(packet.protocol)?.received(frame, packet, header) ?? false;
  }

  failed(protocol: number, error: IcmpError, original: DataView, header: number, payload: number): void {
    this.#protocols.get(protocol)?.failed(error, original, header, payload);
  }
}
