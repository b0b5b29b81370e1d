import { dropFrame, type Frame, type Port } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ETHERTYPE_ARP } from '../ethernet/codec.ts';
import { BROADCAST_MAC, formatMac, type MacAddress, NULL_MAC } from '../ethernet/mac-address.ts';
import type { Link, LinkUpcalls } from '../link.ts';
import { type NeighbourActions, NeighbourCache, type NeighbourNames } from '../neighbour/cache.ts';
import {
  ARP_LENGTH,
  ARP_REPLY,
  ARP_REQUEST,
  checkArp,
  readOperation,
  readSenderAddress,
  readSenderMac,
  readTargetAddress,
  writeArp,
} from './codec.ts';

/** What ARP needs of the interface it works on. */
interface ArpInterface extends Link {
  readonly port: Port;
  /** Puts an Ethernet header in front of a frame and sends it; takes it over. */
  output(frame: Frame, destination: MacAddress, etherType: number): void;
  /** Sends an IPv4 packet to a station; takes the frame over. */
  outputPacket(frame: Frame, destination: MacAddress): void;
}

export const ARP_NAMES: NeighbourNames = {
  table: 'arp',
  random: 'arp',
  request: 'arp.request',
  age: 'arp.age',
  queueFull: 'arp.queue-full',
  tableFull: 'arp.table-full',
  flushed: 'arp.flushed',
};

/** The Address Resolution Protocol of one interface (RFC 826), as Linux speaks it (net/ipv4/arp.c). */
export class Arp implements NeighbourActions<number> {
  readonly cache: NeighbourCache<number>;
  readonly #link: ArpInterface;
  readonly #up: LinkUpcalls;

  constructor(sim: Simulation, link: ArpInterface, up: LinkUpcalls) {
    this.#link = link;
    this.#up = up;
    this.cache = new NeighbourCache(sim, link.port.tracer, link.port.name, ARP_NAMES, this);
  }

  key(address: number): number {
    return address;
  }

  transmit(frame: Frame, mac: MacAddress): void {
    this.#link.outputPacket(frame, mac);
  }

  unresolved(frame: Frame, address: number): void {
    this.#up.unresolved(this.#link, frame, address);
  }

  format(address: number): string {
    return this.#up.format(address);
  }

  /** An ARP packet arrived, `frame.start` at it; takes the frame over. @param toUs it was sent to our MAC alone. */
  receive(frame: Frame, toUs: boolean): void {
    const { view, start: at } = frame;
    const problem = checkArp(view, at, frame.end);
    if (problem !== null) {
      dropFrame(this.#link.port.tracer, this.#link.port.name, frame, problem);
      return;
    }
    const operation = readOperation(view, at);
    const senderMac = readSenderMac(view, at);
    const sender = readSenderAddress(view, at);
    const target = readTargetAddress(view, at);
    if (sender !== 0 && senderMac !== this.#link.mac && this.#up.isOwn(sender)) {
      frame.release();
      this.#conflict(sender, senderMac);
      return;
    }
    const asksUs = operation === ARP_REQUEST && this.#up.isOwn(target);
    if (asksUs && sender !== 0 && !this.#up.mayAsk(this.#link, frame, sender, target)) {
      dropFrame(this.#link.port.tracer, this.#link.port.name, frame, 'arp.martian-source');
      return;
    }
    frame.release();
    if (asksUs) {
      // Who asks for us will soon be sent to (RFC 826, "Packet Reception"); a probe has no sender yet (RFC 5227).
      if (sender !== 0) this.cache.learn(sender, senderMac, true, false, true);
      this.#send(ARP_REPLY, target, senderMac, sender, senderMac, 'arp.reply');
      return;
    }
    const gratuitous = sender === target;
    if (sender !== 0) {
      this.cache.learn(sender, senderMac, false, operation === ARP_REPLY && toUs, gratuitous);
    }
  }

  /** Tells everybody that an address is ours: an ARP announcement (RFC 5227 section 2.3). */
  announce(address: number): void {
    this.#send(ARP_REQUEST, address, NULL_MAC, address, BROADCAST_MAC, 'arp.announcement');
  }

  /** Asks whether anybody has an address that we would like to take: an ARP probe (RFC 5227 section 2.1.1). */
  probe(address: number): void {
    this.#send(ARP_REQUEST, 0, NULL_MAC, address, BROADCAST_MAC, 'arp.probe');
  }

  request(address: number, mac: MacAddress | null, waiting: Frame | null): void {
    const source = this.#up.sourceFor(this.#link, address, waiting);
    if (mac === null) this.#send(ARP_REQUEST, source, NULL_MAC, address, BROADCAST_MAC, 'arp.request');
    else this.#send(ARP_REQUEST, source, NULL_MAC, address, mac, 'arp.reachability-probe');
  }

  /** Somebody else uses an address of ours. Linux does not defend it (RFC 5227 section 2.4 leaves it to choose); it is recorded. */
  #conflict(address: number, mac: MacAddress): void {
    const { tracer } = this.#link.port;
    tracer.countDrop('arp.address-conflict');
    if (!tracer.on) return;
    tracer.write({
      kind: 'table',
      table: 'arp',
      change: 'update',
      key: this.#up.format(address),
      value: `${formatMac(mac)} CONFLICT`,
    });
  }

  #send(
    operation: number,
    sender: number,
    targetMac: MacAddress,
    target: number,
    destination: MacAddress,
    reason: string,
  ): void {
    const frame = this.#link.port.pool.take(ARP_LENGTH);
    writeArp(frame.view, frame.start, operation, this.#link.mac, sender, targetMac, target);
    frame.end = frame.start + ARP_LENGTH;
    frame.reason = reason;
    this.#link.output(frame, destination, ETHERTYPE_ARP);
  }
}
