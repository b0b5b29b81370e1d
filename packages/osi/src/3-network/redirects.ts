import { type Nanoseconds, type Simulation, seconds } from '../time/index.ts';
import type { TracedTimer, Tracer } from '../trace/index.ts';
import { formatIp, type IpAddress, sameIp } from './ip-address.ts';

interface BetterWay<A, R> {
  readonly route: R;
  readonly destination: A;
  readonly gateway: A;
  readonly until: Nanoseconds;
}

/** How long a redirect is followed (`ip_rt_gc_timeout`). */
const REDIRECT_TIME = seconds(300);
/** Ways remembered: as many as of path MTUs. */
const MOST = 2048 * 5;

/** Better ways to single destinations, as routers have told of them (RFC 1122 section 3.2.2.2, RFC 4861 section 8.3). `R`: routes. */
export class Redirects<A extends IpAddress, R> {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #changed: () => void;
  readonly #all = new Map<number | string, BetterWay<A, R>>();
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

  /** The router that one has told of, or the destination itself, as long as `route` is the way there. */
  gatewayTo(destination: A, route: R): A | null {
    const known = this.#all.get(keyOf(destination));
    return known?.route === route ? known.gateway : null;
  }

  learn(destination: A, route: R, gateway: A): void {
    const key = keyOf(destination);
    this.#all.delete(key);
    for (const oldest of this.#all.keys()) {
      if (this.#all.size < MOST) break;
      this.#all.delete(oldest);
    }
    this.#all.set(key, { route, destination, gateway, until: this.#sim.now + REDIRECT_TIME });
    if (!this.#ageing.running) this.#ageing.start(REDIRECT_TIME);
    this.#record('update', destination, gateway);
    this.#changed();
  }

  /** Gives up those that a router was told of which is none any more, or is silent. */
  forget(gateway: A): void {
    for (const [key, known] of this.#all) if (sameIp(known.gateway, gateway)) this.#remove(key, known);
    this.#changed();
  }

  /** Those told of first end first. */
  #age(): void {
    for (const [key, known] of this.#all) {
      if (known.until > this.#sim.now) {
        this.#ageing.start(known.until - this.#sim.now);
        break;
      }
      this.#remove(key, known);
    }
    this.#changed();
  }

  #remove(key: number | string, { destination, gateway }: BetterWay<A, R>): void {
    this.#all.delete(key);
    this.#record('remove', destination, gateway);
  }

  #record(change: 'update' | 'remove', destination: A, gateway: A): void {
    if (!this.#tracer.on) return;
    const value = change === 'remove' ? '' : `via ${formatIp(gateway)} redirected`;
    this.#tracer.write({ kind: 'table', table: 'route', change, key: formatIp(destination), value });
  }
}

const keyOf = (address: IpAddress): number | string => (typeof address === 'number' ? address : address.key);
