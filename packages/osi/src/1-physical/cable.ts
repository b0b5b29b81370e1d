import type { Simulation } from '../time/index.ts';
import { CableDirection, type DirectionOptions } from './direction.ts';
import { CsmaCd } from './half-duplex/csma-cd.ts';
import { LineEnd } from './half-duplex/line.ts';
import { Repeater } from './half-duplex/repeater.ts';
import type { Port } from './port.ts';

/** Properties of both directions, and of each where they differ. */
export interface CableOptions extends DirectionOptions {
  /** Names its random streams; default `<node>:<port>--<node>:<port>`. */
  name?: string;
  aToB?: DirectionOptions;
  bToA?: DirectionOptions;
}

/**
 * A cable between two ports, plugged in from the start; full duplex, unless a port of a half-duplex hub is at an end.
 *
 * The sender's queue is part of it: `frame-sent` tells when a frame was handed to it, and the far end's
 * `frame-received` when its last bit arrived. What the cable loses is recorded at the node that sent it
 * (`cable.loss`, `cable.queue-full`, `cable.unplugged`), what arrives damaged at the one that found out (`port.fcs`).
 */
export class Cable {
  readonly name: string;
  readonly a: Port;
  readonly b: Port;
  readonly aToB: CableDirection;
  readonly bToA: CableDirection;
  /** Its ends when it is part of a shared line; null when it is full duplex. */
  readonly shared: readonly [LineEnd, LineEnd] | null;
  #connected = false;

  /** @throws Error when a port has a cable already; RangeError for options out of range, or unlike those of the hub. */
  constructor(sim: Simulation, a: Port, b: Port, options: CableOptions = {}) {
    this.name = options.name ?? `${a.tracer.node}:${a.name}--${b.tracer.node}:${b.name}`;
    this.a = a;
    this.b = b;
    this.aToB = new CableDirection(sim, this.name, a, b);
    this.bToA = new CableDirection(sim, this.name, b, a);
    this.shared = this.#share(sim, options);
    this.set(options);
    this.plugIn();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Changes properties while it runs: of both directions, or of one by `aToB` and `bToA`. */
  set(options: Omit<CableOptions, 'name'>): void {
    this.aToB.set({ ...options, ...options.aToB });
    this.bToA.set({ ...options, ...options.bToA });
  }

  /** Plugs both ends in (again). @throws Error when a port has another cable. */
  plugIn(): void {
    if (this.#connected) return;
    if (this.a === this.b) throw new Error(`a cable needs two ports, found ${describe(this.a)} twice`);
    for (const port of [this.a, this.b]) {
      if (port.plugged) throw new Error(`${describe(port)} has a cable already`);
    }
    this.#connected = true;
    const [atA, atB] = this.shared ?? [this.aToB, this.bToA];
    this.a.plug(atA);
    this.aToB.connected = true;
    this.bToA.connected = true;
    this.b.plug(atB);
    this.a.linkChanged();
  }

  /** Pulls it out at both ends; what is on the way is lost: `cable.unplugged`. */
  pull(): void {
    if (!this.#connected) return;
    this.#connected = false;
    for (const direction of [this.aToB, this.bToA]) {
      direction.connected = false;
      direction.clear('cable.unplugged');
    }
    this.a.plug(null);
    this.b.plug(null);
    for (const end of this.shared ?? []) end.pull();
  }

  /** At a port of a half-duplex hub it is a part of that hub's line, and has its rate. */
  #share(sim: Simulation, options: CableOptions): [LineEnd, LineEnd] | null {
    const bandwidth = (this.a.repeater ?? this.b.repeater)?.bandwidth;
    if (bandwidth === undefined) return null;
    if ((options.queue ?? null) !== null) {
      throw new RangeError(`${this.name}: a shared line has no queue discipline`);
    }
    for (const other of [this.b.repeater?.bandwidth, options.bandwidth]) {
      if (other === undefined || other === bandwidth) continue;
      throw new RangeError(
        `${this.name}: a shared line has one rate, expected ${bandwidth} bit/s, found ${other}`,
      );
    }
    this.aToB.bandwidth = bandwidth;
    this.bToA.bandwidth = bandwidth;
    const end = (port: Port, direction: CableDirection) => {
      const repeater = port.repeater instanceof Repeater ? port.repeater : null;
      const user = repeater ?? new CsmaCd(sim, `${port.tracer.node}:${port.name}`);
      const made = new LineEnd(sim, port, direction, user, bandwidth);
      repeater?.join(made);
      return made;
    };
    const ends: [LineEnd, LineEnd] = [end(this.a, this.aToB), end(this.b, this.bToA)];
    [ends[0].far, ends[1].far] = [ends[1], ends[0]];
    return ends;
  }
}

const describe = (port: Port): string => `port ${port.name} of ${port.tracer.node}`;
