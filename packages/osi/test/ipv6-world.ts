import { Cable, type CableOptions, Hub, Port } from '../src/1-physical/index.ts';
import { macFromNumber } from '../src/2-datalink/index.ts';
import { type Internet6Address, type Socket, Stack } from '../src/5-session/index.ts';
import { Simulation } from '../src/time/index.ts';
import { TraceRecord } from '../src/trace/index.ts';

/** Machines with IPv6, and cables between them. */
export class Ipv6World {
  readonly sim: Simulation;
  readonly record = new TraceRecord();
  #cards = 0;

  constructor(seed = 1) {
    this.sim = new Simulation(seed);
  }

  machine(name: string): Stack {
    return new Stack({ sim: this.sim, name, record: this.record });
  }

  /** Gives each of two machines another interface, and joins them. MAC addresses are counted from 02:00:00:00:00:01. */
  link(a: Stack, b: Stack, options: CableOptions = {}): Cable {
    return new Cable(this.sim, this.#card(a), this.#card(b), options);
  }

  /** Gives each machine another interface, all of them on one link. */
  lan(...stacks: readonly Stack[]): void {
    const hub = new Hub({ sim: this.sim, name: 'hub' });
    for (const stack of stacks) new Cable(this.sim, this.#card(stack), hub.addPort());
  }

  #card(stack: Stack): Port {
    const port = new Port(`eth${stack.interfaces.length - 1}`, stack.tracer, stack.pool);
    this.#cards++;
    stack.addPort(port, { mac: macFromNumber(0x0200_0000_0000 + this.#cards), ipv6: true });
    return port;
  }

  /** Why frames were sent: `a ndisc.solicitation`. */
  sent(): string[] {
    return this.record.events.flatMap((event) =>
      event.kind === 'frame-sent' ? [`${event.node} ${event.reason}`] : [],
    );
  }

  /** What was dropped and why: `b ip.no-route`. */
  dropped(): string[] {
    return this.record.events.flatMap((event) =>
      event.kind === 'frame-dropped' ? [`${event.node} ${event.reason}`] : [],
    );
  }
}

export const to6 = (address: string, port = 0, scopeId = 0): Internet6Address => ({
  family: 10,
  address,
  port,
  flowInfo: 0,
  scopeId,
});

/** A socket, or an error of the test. */
export function socketOf(stack: Stack, domain: number, type: number, protocol = 0): Socket {
  const socket = stack.socket(domain, type, protocol);
  if (typeof socket === 'number') throw new Error(`socket: ${socket}`);
  return socket;
}
