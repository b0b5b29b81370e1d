import type { Frame } from '../1-physical/index.ts';
import type { Ipv4Address } from './address.ts';
import type { IpAddress } from './ip-address.ts';
import type { IpService, ReceivedPacket, SendOptions, TransportProtocol } from './ip-service.ts';
import type { Ipv4Layer } from './ipv4/layer.ts';
import type { Ipv6Layer } from './ipv6/layer.ts';

/** Both versions of IP as one: what has an IPv6 address goes by IPv6. */
export class Internet implements IpService {
  readonly #v4: Ipv4Layer;
  readonly #late6: () => Ipv6Layer;
  #made6: Ipv6Layer | null = null;
  #transports: readonly TransportProtocol[] = [];

  /** @param v6 gives it, which is made when it is first needed. */
  constructor(v4: Ipv4Layer, v6: () => Ipv6Layer) {
    this.#v4 = v4;
    this.#late6 = v6;
  }

  get #v6(): Ipv6Layer {
    return this.#made6 ?? this.#late6();
  }

  register(transport: TransportProtocol): void {
    this.#v4.register(transport);
    this.#transports = this.#transports.concat(transport);
    this.#made6?.register(transport);
  }

  /** @internal IPv6 was made: it gets the transports that have been registered so far. */
  join(v6: Ipv6Layer): void {
    this.#made6 = v6;
    for (const transport of this.#transports) v6.register(transport);
  }

  /** Source and destination are of one version. */
  send(
    frame: Frame,
    source: IpAddress,
    destination: IpAddress,
    protocol: number,
    options?: SendOptions,
  ): number {
    if (typeof source !== 'number' && typeof destination !== 'number') {
      return this.#v6.send(frame, source, destination, protocol, options);
    }
    return this.#v4.send(frame, source as Ipv4Address, destination as Ipv4Address, protocol, options);
  }

  sourceFor(destination: IpAddress, by?: string): IpAddress | null {
    return typeof destination === 'number'
      ? this.#v4.sourceFor(destination, by)
      : this.#v6.sourceFor(destination, by);
  }

  mtuTo(destination: IpAddress): number {
    return typeof destination === 'number' ? this.#v4.mtuTo(destination) : this.#v6.mtuTo(destination);
  }

  roomTo(destination: IpAddress): number {
    return typeof destination === 'number' ? this.#v4.roomTo(destination) : this.#v6.roomTo(destination);
  }

  offloadTo(destination: IpAddress): boolean {
    return typeof destination === 'number'
      ? this.#v4.offloadTo(destination)
      : this.#v6.offloadTo(destination);
  }

  isLocal(address: IpAddress): boolean {
    return typeof address === 'number' ? this.#v4.isLocal(address) : this.#v6.isLocal(address);
  }

  isBroadcast(address: IpAddress): boolean {
    return typeof address === 'number' ? this.#v4.isBroadcast(address) : this.#v6.isBroadcast(address);
  }

  confirm(destination: IpAddress): void {
    if (typeof destination === 'number') this.#v4.confirm(destination);
    else this.#v6.confirm(destination);
  }

  portUnreachable(frame: Frame, packet: ReceivedPacket): void {
    if (typeof packet.destination === 'number') this.#v4.portUnreachable(frame, packet);
    else this.#v6.portUnreachable(frame, packet);
  }
}
