import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { milliseconds, type Nanoseconds, type Random, type Simulation, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { ND_ROUTER_SOLICITATION } from '../icmpv6/codec.ts';
import type { ReceivedPacket } from '../ip-service.ts';
import { ALL_NODES, type Ipv6Address, isAny6, isLinkLocal6, maskIpv6 } from '../ipv6/address.ts';
import { IPV6_HEADER, IPV6_LEAST_MTU } from '../ipv6/codec.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import {
  INFINITE_LIFETIME,
  ND_LINK_ADDRESS_LENGTH,
  ND_MTU_LENGTH,
  ND_PREFIX_LENGTH,
  ND_ROUTER_ADVERTISEMENT_LENGTH,
  ND_SOURCE_LINK_ADDRESS,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  readLinkAddress,
  writeLinkAddress,
  writeNdMtu,
  writePrefix,
  writeRouterAdvertisement,
} from './codec.ts';
import type { NeighbourDiscovery } from './discovery.ts';

/** How a router advertises itself on a link (RFC 4861 section 6.2.1). Times in seconds. */
export interface AdvertisementSettings {
  /** The longest time between two that nobody asked for (MaxRtrAdvInterval), 4 to 1800; default 600. */
  readonly interval?: number;
  /** How long hosts use it as a default router (AdvDefaultLifetime): 0 for not at all, else `interval` to 9000; default three intervals. */
  readonly lifetime?: number;
  /** Of prefixes, and of addresses made of them; default 30 days. */
  readonly valid?: number;
  /** How long such addresses are taken for new connections, at most `valid`; default 7 days. */
  readonly preferred?: number;
  /** The MTU hosts should use, 1280 to the link's own; default none is told. */
  readonly mtu?: number;
}

const INTERVAL = 600;
const VALID = 2_592_000;
const PREFERRED = 604_800;
/** MAX_INITIAL_RTR_ADVERTISEMENTS, MAX_INITIAL_RTR_ADVERT_INTERVAL: the first ones come sooner. */
const INITIAL = 3;
const INITIAL_INTERVAL = seconds(16);
/** MIN_DELAY_BETWEEN_RAS of those to all nodes, MAX_RA_DELAY_TIME before one that was asked for (RFC 4861 section 10). */
const LEAST_BETWEEN = seconds(3);
const ANSWER_DELAY = milliseconds(500);

/** A prefix that a router tells. */
interface OnLink {
  readonly prefix: Ipv6Address;
  readonly length: number;
}

/** Says which setting is out of its range (RFC 4861 section 6.2.1), or null. @param linkMtu in bytes. */
export function advertisementProblem(
  settings: AdvertisementSettings,
  linkMtu: number,
): { readonly field: keyof AdvertisementSettings; readonly expected: string } | null {
  const { interval, lifetime, valid, preferred, mtu } = complete(settings);
  const wrong = (field: keyof AdvertisementSettings, value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most
      ? null
      : { field, expected: `${least} to ${most}` };
  return (
    wrong('interval', interval, 4, 1800) ??
    (lifetime === 0 ? null : wrong('lifetime', lifetime, interval, 9000)) ??
    wrong('valid', valid, 0, INFINITE_LIFETIME) ??
    wrong('preferred', preferred, 0, valid) ??
    (mtu === undefined ? null : wrong('mtu', mtu, IPV6_LEAST_MTU, linkMtu))
  );
}

/** What is not set is as it is by default. */
function complete({ interval = INTERVAL, valid = VALID, ...others }: AdvertisementSettings): Complete {
  return { lifetime: 3 * interval, preferred: Math.min(PREFERRED, valid), ...others, interval, valid };
}

type Complete = Required<Omit<AdvertisementSettings, 'mtu'>> & Pick<AdvertisementSettings, 'mtu'>;

interface Advertising {
  readonly settings: Complete;
  /** Until the next one that nobody asked for: a routine of the machine. */
  readonly periodic: TracedTimer;
  /** Until the one that somebody asked for. */
  readonly answer: TracedTimer;
  sent: number;
  lastAt: Nanoseconds;
}

/**
 * What a router tells the hosts of its links (RFC 4861 section 6.2; on Linux a program does it, radvd(8)): that it is
 * there, and the prefixes of its own addresses, of which hosts make theirs. Only where `forwarding` is on.
 */
export class RouterAdvertiser {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #ip: Ipv6Layer;
  readonly #nd: NeighbourDiscovery;
  readonly #advertising = new Map<Ipv6Interface, Advertising>();
  #random: Random | null = null;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, ip: Ipv6Layer, nd: NeighbourDiscovery) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#ip = ip;
    this.#nd = nd;
    nd.routers.set(ND_ROUTER_SOLICITATION, (frame, packet, by) => this.#solicited(frame, packet, by));
  }

  /** @param settings null: it stops, and says so. */
  configure(by: Ipv6Interface, settings: AdvertisementSettings | null): void {
    this.#stop(by);
    if (settings === null) {
      this.#advertising.delete(by);
      return;
    }
    const name = () => by.link.name;
    const send = () => this.#next(by);
    this.#advertising.set(by, {
      settings: complete(settings),
      periodic: this.#tracer.timer('ndisc.router-advertisement', name, send, true),
      answer: this.#tracer.timer('ndisc.router-answer', name, send),
      sent: 0,
      lastAt: Number.NEGATIVE_INFINITY,
    });
    this.refresh(by);
  }

  /** The interface has become able to advertise, or is so no longer. */
  refresh(by: Ipv6Interface): void {
    const advertising = this.#advertising.get(by);
    if (advertising === undefined) return;
    if (!this.#mayAdvertise(by)) this.#stop(by);
    else if (!advertising.periodic.running) this.#next(by);
  }

  #mayAdvertise(by: Ipv6Interface): boolean {
    return by.enabled && by.link.carrier && by.setting('forwarding') !== 0 && this.#source(by) !== null;
  }

  #source({ link }: Ipv6Interface): Ipv6Address | null {
    return this.#ip.addresses.linkLocal(link)?.address ?? null;
  }

  /** Hosts look for another router at once (section 6.2.5), where there is a link left to tell them by. */
  #stop(by: Ipv6Interface): void {
    const advertising = this.#advertising.get(by);
    if (advertising?.periodic.running !== true) return;
    advertising.periodic.stop();
    advertising.answer.stop();
    advertising.sent = 0;
    if (by.enabled && by.link.carrier) this.#send(by, { ...advertising.settings, lifetime: 0 });
  }

  #next(by: Ipv6Interface): void {
    const advertising = this.#advertising.get(by);
    if (advertising === undefined) return;
    const { settings, periodic, answer } = advertising;
    this.#send(by, settings);
    advertising.sent++;
    advertising.lastAt = this.#sim.now;
    answer.stop();
    const most = seconds(settings.interval);
    // MinRtrAdvInterval is a third of the longest, from 9 s on.
    const least = most >= seconds(9) ? most / 3 : most;
    const wait = Math.floor(least + (most - least) * this.#chance().unit());
    periodic.start(advertising.sent < INITIAL ? Math.min(wait, INITIAL_INTERVAL) : wait);
  }

  /** A host asks (section 6.2.6): it and everybody else on the link is told, after a random wait. */
  #solicited(frame: Frame, { source }: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const advertising = this.#advertising.get(by);
    const mac = readLinkAddress(view, start, end, ND_SOURCE_LINK_ADDRESS);
    if (advertising?.periodic.running !== true) {
      dropFrame(this.#tracer, by.link.name, frame, 'ndisc.not-accepted');
      return;
    }
    if (isAny6(source) && mac !== null) {
      dropFrame(this.#tracer, by.link.name, frame, 'ndisc.solicitation-malformed');
      return;
    }
    frame.release();
    if (mac !== null) by.neighbours?.learn(source, mac, true, false, true);
    if (advertising.answer.running) return;
    const wait = Math.floor(ANSWER_DELAY * this.#chance().unit());
    const allowed = advertising.lastAt + LEAST_BETWEEN - this.#sim.now;
    advertising.answer.start(Math.max(0, allowed) + wait);
  }

  #send(by: Ipv6Interface, settings: Complete): void {
    const source = this.#source(by);
    if (source === null) return;
    const options = ND_LINK_ADDRESS_LENGTH + (settings.mtu === undefined ? 0 : ND_MTU_LENGTH);
    const prefixes = this.#prefixes(by);
    // What does not fit into one goes into another (section 6.2.3).
    const room = by.mtu - IPV6_HEADER - ND_ROUTER_ADVERTISEMENT_LENGTH - options;
    const most = Math.floor(room / ND_PREFIX_LENGTH);
    for (let from = 0; from === 0 || from < prefixes.length; from += most) {
      const some = prefixes.slice(from, from + most);
      const frame = this.#pool.take(
        ND_ROUTER_ADVERTISEMENT_LENGTH + options + some.length * ND_PREFIX_LENGTH,
      );
      this.#write(frame, by, settings, some);
      this.#nd.emit(by, frame, source, ALL_NODES.inZone(by.link.index), null);
    }
  }

  #write(frame: Frame, by: Ipv6Interface, settings: Complete, prefixes: readonly OnLink[]): void {
    const { lifetime, valid, preferred, mtu } = settings;
    const { view } = frame;
    frame.reason = lifetime === 0 ? 'ndisc.router-leaves' : 'ndisc.router-advertisement';
    writeRouterAdvertisement(view, HEADROOM, by.setting('hop_limit'), 0, lifetime, 0, 0);
    let at = HEADROOM + ND_ROUTER_ADVERTISEMENT_LENGTH;
    writeLinkAddress(view, at, ND_SOURCE_LINK_ADDRESS, by.link.mac);
    at += ND_LINK_ADDRESS_LENGTH;
    if (mtu !== undefined) {
      writeNdMtu(view, at, mtu);
      at += ND_MTU_LENGTH;
    }
    for (const { prefix, length } of prefixes) {
      writePrefix(view, at, prefix, length, PREFIX_ON_LINK | PREFIX_AUTONOMOUS, valid, preferred);
      at += ND_PREFIX_LENGTH;
    }
    frame.end = at;
  }

  /** Those of its own addresses on the link, each once; never the link-local one (section 6.2.1). */
  #prefixes({ link }: Ipv6Interface): OnLink[] {
    const found = new Map<string, OnLink>();
    for (const { address, length, link: on, dynamic } of this.#ip.addresses.entries()) {
      if (on !== link || dynamic || isLinkLocal6(address) || length === 128) continue;
      const prefix = maskIpv6(address, length);
      found.set(`${prefix.key}/${length}`, { prefix, length });
    }
    return [...found.values()];
  }

  #chance(): Random {
    this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/ndisc.advertiser`);
    return this.#random;
  }
}
