import type { Frame } from '../1-physical/index.ts';
import type { IcmpError, ReceivedPacket, TransportProtocol } from '../3-network/index.ts';

/**
 * Stands in for a transport that nobody has used yet: made by the first packet for it, or by the first socket. Most of
 * ten thousand machines never speak TCP, whose tables and counters are a third of a stack.
 *
 * A transport registers itself when it is made, so from then on this one is out of the way.
 */
export class LateTransport implements TransportProtocol {
  readonly protocol: number;
  readonly #make: () => TransportProtocol;

  constructor(protocol: number, make: () => TransportProtocol) {
    this.protocol = protocol;
    this.#make = make;
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    this.#make().receive(frame, packet);
  }

  judge(error: IcmpError, original: DataView, at: number): (() => void) | null {
    const transport = this.#make();
    if (transport.judge !== undefined) return transport.judge(error, original, at);
    return () => transport.receiveError?.(error, original, at);
  }
}
