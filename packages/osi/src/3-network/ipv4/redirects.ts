import type { Link } from '../../2-datalink/index.ts';
import { type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { ANY, BROADCAST, formatIpv4, type Ipv4Address, isMulticast, netmask } from '../address.ts';
import type { Sysctl } from '../sysctl.ts';
import type { AddressTable } from './addresses.ts';
import type { Route } from './route.ts';
import type { RouteTable } from './routes.ts';
import type { Way } from './ways.ts';

interface BetterWay {
  readonly route: Route;
  readonly gateway: Ipv4Address;
  readonly until: Nanoseconds;
}

/** How long a redirect is followed (`ip_rt_gc_timeout`). */
const REDIRECT_TIME = seconds(300);
/** Ways remembered: as many as of path MTUs. */
const MOST = 2048 * 5;

/** Better ways to single destinations, as routers have told of them (RFC 1122 section 3.2.2.2). */
export class Redirects {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #changed: () => void;
  readonly #all = new Map<Ipv4Address, BetterWay>();
  readonly #ageing: TracedTimer;

  /** @param changed what was looked up before may be wrong. */
  constructor(sim: Simulation, tracer: Tracer, changed: () => void) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#changed = changed;
    this.#ageing = tracer.timer(
      'ip.redirect-age',
      () => '',
      () => this.#age(),
      true,
    );
  }

  /** The router that one has told of, as long as `route` is the way there. */
  gatewayTo(destination: Ipv4Address, route: Route): Ipv4Address | null {
    const known = this.#all.get(destination);
    return known?.route === route ? known.gateway : null;
  }

  learn(destination: Ipv4Address, route: Route, gateway: Ipv4Address): void {
    this.#all.delete(destination);
    for (const oldest of this.#all.keys()) {
      if (this.#all.size < MOST) break;
      this.#all.delete(oldest);
    }
    this.#all.set(destination, { route, gateway, until: this.#sim.now + REDIRECT_TIME });
    if (!this.#ageing.running) this.#ageing.start(REDIRECT_TIME);
    this.#record('update', destination, gateway);
    this.#changed();
  }

  /** Those told of first end first. */
  #age(): void {
    for (const [destination, { gateway, until }] of this.#all) {
      if (until > this.#sim.now) {
        this.#ageing.start(until - this.#sim.now);
        break;
      }
      this.#all.delete(destination);
      this.#record('remove', destination, gateway);
    }
    this.#changed();
  }

  #record(change: 'update' | 'remove', destination: Ipv4Address, gateway: Ipv4Address): void {
    if (!this.#tracer.on) return;
    const value = change === 'remove' ? '' : `via ${formatIpv4(gateway)} redirected`;
    this.#tracer.write({ kind: 'table', table: 'route', change, key: formatIpv4(destination), value });
  }
}

/** What a router says: packets for `destination` had better go to `gateway`. */
export interface Advice {
  readonly from: Ipv4Address;
  /** Where the packet came from that it is about. */
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly gateway: Ipv4Address;
}

/** What a machine knows, by which advice is judged. */
interface Knowledge {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
}

/**
 * Whether a router's advice is taken (`__ip_do_redirect`): that of the one in use alone, and only about a station of one
 * of our links. @param link by which it came. @param way what is known of the destination at present. @param to of the gateway.
 */
export function isGoodAdvice(
  { from, gateway }: Advice,
  link: Link,
  way: Readonly<Way>,
  to: Readonly<Way>,
  sysctl: Sysctl,
  { addresses, routes }: Knowledge,
): boolean {
  if (way.kind !== 'other' || way.link === null || way.nextHop !== from || gateway === from) return false;
  if (sysctl.ipv4(link.name, 'accept_redirects') === 0) return false;
  if (isMulticast(gateway) || gateway === BROADCAST || gateway === ANY) return false;
  if (sysctl.ipv4(link.name, 'shared_media') !== 0) return to.kind === 'other' && to.link !== null;
  if (!isOnLink(link, gateway, from, addresses)) return false;
  if (sysctl.ipv4(link.name, 'secure_redirects') === 0) return true;
  return routes.entries().some((route) => route.link === link && route.gateway === gateway);
}

/** Whether both are in the network of one address of a link (`inet_addr_onlink`). */
export const isOnLink = (link: Link, one: Ipv4Address, other: Ipv4Address, table: AddressTable): boolean =>
  table
    .entries()
    .some(
      (line) =>
        line.link === link && (((line.address ^ one) | (line.address ^ other)) & netmask(line.length)) === 0,
    );
