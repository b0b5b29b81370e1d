import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  ETHERTYPE_IPV6,
  type MacAddress,
  NeighbourCache,
  type NeighbourNames,
} from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import {
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_REDIRECT,
  ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION,
  writeIcmpv6Checksum,
} from '../icmpv6/codec.ts';
import type { Icmpv6Handler, Icmpv6Layer } from '../icmpv6/layer.ts';
import type { ReceivedPacket } from '../ip-service.ts';
import { ALL_NODES, ANY6, type Ipv6Address, isAny6, isMulticast6, solicitedNode } from '../ipv6/address.ts';
import type { LocalAddress6 } from '../ipv6/addresses.ts';
import { readSource } from '../ipv6/codec.ts';
import { countOut } from '../ipv6/counters.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import {
  checkNd,
  findNdOption,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_ADVERTISEMENT_LENGTH,
  ND_HOP_LIMIT,
  ND_LINK_ADDRESS_LENGTH,
  ND_NONCE,
  ND_NONCE_LENGTH,
  ND_SOLICITATION_LENGTH,
  ND_SOURCE_LINK_ADDRESS,
  ND_TARGET_LINK_ADDRESS,
  readLinkAddress,
  readNdFlags,
  readNonce,
  readTarget,
  writeLinkAddress,
  writeNeighbour,
  writeNonce,
} from './codec.ts';

export interface DiscoveryOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  ip: Ipv6Layer;
  icmp: Icmpv6Layer;
}

const NAMES: NeighbourNames = {
  table: 'neighbour',
  random: 'ndisc',
  request: 'ndisc.solicitation',
  age: 'ndisc.age',
  queueFull: 'ndisc.queue-full',
  tableFull: 'ndisc.table-full',
  flushed: 'ndisc.flushed',
};

const TYPES = [
  ND_ROUTER_SOLICITATION,
  ND_ROUTER_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_REDIRECT,
];

/**
 * Neighbour discovery of one machine (RFC 4861 section 7), as Linux speaks it (net/ipv6/ndisc.c): which MAC address a
 * neighbour's IPv6 address has. It keeps what it learns in the same table as ARP.
 */
export class NeighbourDiscovery {
  /** Who takes the messages of routers, checked like the others. */
  readonly routers = new Map<number, Icmpv6Handler>();
  /** Somebody else has, or wants, an address that we are about to take. @param nonce of the question, 0 for none. */
  conflict: (line: LocalAddress6, nonce: number) => void = () => {};
  /** A neighbour says that it is no router, or no longer. */
  notRouter: (by: Ipv6Interface, address: Ipv6Address) => void = () => {};
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #ip: Ipv6Layer;
  readonly #icmp: Icmpv6Layer;

  constructor({ sim, tracer, pool, ip, icmp }: DiscoveryOptions) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#ip = ip;
    this.#icmp = icmp;
    for (const type of TYPES)
      icmp.handlers.set(type, (frame, packet, by) => this.#receive(frame, packet, by));
  }

  /** Makes an interface discover its neighbours. */
  attach(by: Ipv6Interface): void {
    by.neighbours = new NeighbourCache<Ipv6Address>(this.#sim, this.#tracer, by.link.name, NAMES, {
      key: (address) => address.key,
      request: (address, mac, waiting) => this.#ask(by, address, mac, waiting),
      transmit: (frame, mac) => by.link.transmit(frame, mac, ETHERTYPE_IPV6),
      unresolved: (frame, address) => this.#ip.unresolved(frame, address),
      format: (address) => address.text,
    });
    // A later answer replaces an earlier one at once; ARP's lock against it is for proxies (`nd_tbl` has none).
    by.neighbours.parameters.lockTime = 0;
  }

  /** Asks everybody whether an address is in use that we would like to take (RFC 4862 section 5.4.2), with a nonce that tells our own question (RFC 7527). */
  probe(by: Ipv6Interface, target: Ipv6Address, nonce: number): void {
    const frame = this.#frame(ND_SOLICITATION_LENGTH + ND_NONCE_LENGTH, 'ndisc.duplicate-check');
    writeNeighbour(frame.view, HEADROOM, ND_NEIGHBOUR_SOLICITATION, 0, target);
    writeNonce(frame.view, HEADROOM + ND_SOLICITATION_LENGTH, nonce);
    this.emit(by, frame, ANY6, solicitedNode(target), null);
  }

  /** Sends a message of neighbour discovery, all but its checksum there; takes the frame over. @param mac null for the group's own, or the neighbour's that is known. */
  emit(
    by: Ipv6Interface,
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    mac: MacAddress | null,
  ): void {
    countOut(this.#icmp.counters, frame.view.getUint8(frame.start));
    writeIcmpv6Checksum(frame, source, destination);
    this.#ip.emit(by, frame, source, destination, ND_HOP_LIMIT, mac);
  }

  /** The cache asks for an address: everybody, or one station whether it is still there (`ndisc_solicit`). */
  #ask(by: Ipv6Interface, target: Ipv6Address, mac: MacAddress | null, waiting: Frame | null): void {
    const source = this.#sourceFor(by, waiting);
    if (source === null) return;
    const reason = mac === null ? 'ndisc.solicitation' : 'ndisc.reachability-probe';
    const frame = this.#frame(ND_SOLICITATION_LENGTH + ND_LINK_ADDRESS_LENGTH, reason);
    writeNeighbour(frame.view, HEADROOM, ND_NEIGHBOUR_SOLICITATION, 0, target);
    writeLinkAddress(frame.view, HEADROOM + ND_SOLICITATION_LENGTH, ND_SOURCE_LINK_ADDRESS, by.link.mac);
    this.emit(by, frame, source, mac === null ? solicitedNode(target) : target, mac);
  }

  /**
   * That of the packet which waits, if it is ours on this link; else the link-local address. Linux sends nothing while
   * that one is still being checked; here any other of the link will do meanwhile (RFC 4861 section 7.2.2).
   */
  #sourceFor({ link }: Ipv6Interface, waiting: Frame | null): Ipv6Address | null {
    if (waiting !== null) {
      const source = readSource(waiting.view, waiting.start, link.index);
      const line = this.#ip.addresses.find(source);
      if (line?.link === link) return source;
    }
    const { addresses } = this.#ip;
    const line =
      addresses.linkLocal(link) ?? addresses.entries().find((each) => each.link === link && !each.tentative);
    return line?.address ?? null;
  }

  #receive(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const problem = !by.discovers
      ? 'ndisc.no-neighbours'
      : packet.ttl !== ND_HOP_LIMIT
        ? 'ndisc.hop-limit'
        : view.getUint8(start + 1) !== 0
          ? 'ndisc.code'
          : checkNd(view, start, end);
    if (problem !== null) {
      this.#icmp.counters.InErrors++;
      this.#drop(frame, problem, by);
      return;
    }
    const type = view.getUint8(start);
    if (type === ND_NEIGHBOUR_SOLICITATION) this.#solicited(frame, packet, by);
    else if (type === ND_NEIGHBOUR_ADVERTISEMENT) this.#advertised(frame, packet, by);
    else {
      const handler = this.routers.get(type);
      if (handler === undefined) this.#drop(frame, 'ndisc.not-accepted', by);
      else handler(frame, packet, by);
    }
  }

  /** Somebody asks for an address (RFC 4861 section 7.2.3, `ndisc_recv_ns`). */
  #solicited(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const { source, destination } = packet;
    const target = readTarget(view, start, by.link.index);
    const mac = readLinkAddress(view, start, end, ND_SOURCE_LINK_ADDRESS);
    const checking = isAny6(source);
    const toGroup = isMulticast6(destination);
    const asked = solicitedNode(target).inZone(by.link.index);
    if (isMulticast6(target) || (checking && (mac !== null || !destination.equals(asked)))) {
      this.#drop(frame, 'ndisc.solicitation-malformed', by);
      return;
    }
    const nonceAt = findNdOption(view, start, end, ND_NONCE);
    const nonce = nonceAt === 0 ? 0 : readNonce(view, nonceAt);
    frame.release();
    const line = this.#ip.addresses.on(by.link, target);
    if (line === undefined) return;
    if (line.tentative) {
      // Who asks from an address knows nothing of our wish; who asks from none has the same one.
      if (checking) this.conflict(line, nonce);
      return;
    }
    if (checking) {
      this.#advertise(by, target, ALL_NODES, false, true, true);
      return;
    }
    // Who asks for us will soon be sent to.
    if (mac !== null) by.neighbours?.learn(source, mac, true, false, true);
    this.#advertise(by, target, source, true, toGroup, toGroup);
  }

  /** Somebody says which MAC address it has (RFC 4861 section 7.2.5, `ndisc_recv_na`). */
  #advertised(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const target = readTarget(view, start, by.link.index);
    const flags = readNdFlags(view, start);
    const solicited = (flags & NA_SOLICITED) !== 0;
    if (isMulticast6(target) || (solicited && isMulticast6(packet.destination))) {
      this.#drop(frame, 'ndisc.advertisement-malformed', by);
      return;
    }
    const told = readLinkAddress(view, start, end, ND_TARGET_LINK_ADDRESS);
    frame.release();
    const line = this.#ip.addresses.on(by.link, target);
    if (line !== undefined) {
      if (line.tentative) this.conflict(line, 0);
      else if (told !== by.link.mac) this.#tracer.countDrop('ndisc.address-conflict');
      return;
    }
    const known = by.neighbours?.get(target);
    if (known === undefined || known.state === 'FAILED') return;
    const unknown = known.state === 'INCOMPLETE';
    // Without a MAC address in it, it speaks of the one that is known.
    const mac = told ?? (unknown ? null : known.mac);
    if (mac === null) return;
    const override = (flags & NA_OVERRIDE) !== 0;
    const counts = unknown || override || mac === known.mac;
    by.neighbours?.learn(target, mac, false, solicited, override);
    if (counts && (flags & NA_ROUTER) === 0) this.notRouter(by, target);
  }

  /** @param withMac the asker need not know where to answer. */
  #advertise(
    by: Ipv6Interface,
    target: Ipv6Address,
    destination: Ipv6Address,
    solicited: boolean,
    override: boolean,
    withMac: boolean,
  ): void {
    const length = ND_ADVERTISEMENT_LENGTH + (withMac ? ND_LINK_ADDRESS_LENGTH : 0);
    const frame = this.#frame(length, 'ndisc.advertisement');
    const flags =
      (by.setting('forwarding') !== 0 ? NA_ROUTER : 0) |
      (solicited ? NA_SOLICITED : 0) |
      (override ? NA_OVERRIDE : 0);
    writeNeighbour(frame.view, HEADROOM, ND_NEIGHBOUR_ADVERTISEMENT, flags, target);
    if (withMac) {
      writeLinkAddress(frame.view, HEADROOM + ND_ADVERTISEMENT_LENGTH, ND_TARGET_LINK_ADDRESS, by.link.mac);
    }
    this.emit(by, frame, target, destination, null);
  }

  #frame(length: number, reason: string): Frame {
    const frame = this.#pool.take(length);
    frame.end = HEADROOM + length;
    frame.reason = reason;
    return frame;
  }

  #drop(frame: Frame, reason: string, by: Ipv6Interface): void {
    dropFrame(this.#tracer, by.link.name, frame, reason);
  }
}
