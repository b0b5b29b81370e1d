import { milliseconds, type Nanoseconds, type Random, type Simulation } from '../time/index.ts';

/** What can happen to frames in one direction of a cable. Probabilities, 0–1, are per frame. */
export interface ImpairmentSettings {
  /** The frame is lost: `cable.loss`. */
  loss: number;
  /** It arrives twice, the copy right behind it. */
  duplicate: number;
  /** One bit of it is inverted, as Linux's netem does. The far port finds out by the FCS. */
  corrupt: number;
  /** It is held back by `reorderDelay`, so that frames sent after it overtake it. */
  reorder: number;
  /** How long a frame is held back; default 1 ms. */
  reorderDelay: Nanoseconds;
  /** Each frame takes up to this much longer, uniformly. Jitter alone keeps the order, as a queue on the way would. */
  jitter: Nanoseconds;
}

/**
 * The dice of one direction of a cable. Each kind of accident draws from a random stream of its own
 * (`cable:<name>/loss` …), so that switching one on changes nothing about where the others strike.
 */
export class Impairments implements ImpairmentSettings {
  loss = 0;
  duplicate = 0;
  corrupt = 0;
  reorder = 0;
  reorderDelay = milliseconds(1);
  jitter = 0;
  readonly #sim: Simulation;
  readonly #name: string;
  readonly #streams = new Map<string, Random>();

  /** @param name of the random streams: `cable:<cable's name>/<sending end>`. */
  constructor(sim: Simulation, name: string) {
    this.#sim = sim;
    this.#name = name;
  }

  /** Whether anything can happen at all. */
  get active(): boolean {
    return this.loss > 0 || this.duplicate > 0 || this.corrupt > 0 || this.reorder > 0 || this.jitter > 0;
  }

  /** Changes some settings from now on. @throws RangeError outside the ranges above. */
  set(settings: Partial<ImpairmentSettings>): void {
    for (const name of ['loss', 'duplicate', 'corrupt', 'reorder'] as const) {
      const p = settings[name];
      if (p === undefined) continue;
      if (!(p >= 0 && p <= 1))
        throw new RangeError(`${name}: expected a probability from 0 to 1, found ${p}`);
      this[name] = p;
    }
    for (const name of ['jitter', 'reorderDelay'] as const) {
      const time = settings[name];
      if (time === undefined) continue;
      if (!(time >= 0 && Number.isFinite(time))) {
        throw new RangeError(`${name}: expected nanoseconds, 0 or more, found ${time}`);
      }
      this[name] = time;
    }
  }

  loses(): boolean {
    return this.loss > 0 && this.#stream('loss').chance(this.loss);
  }

  duplicates(): boolean {
    return this.duplicate > 0 && this.#stream('duplicate').chance(this.duplicate);
  }

  /** Which bit of a frame of `bits` bits is inverted, or -1 for none. */
  invertedBit(bits: number): number {
    if (this.corrupt === 0) return -1;
    const stream = this.#stream('corrupt');
    return stream.chance(this.corrupt) ? stream.below(bits) : -1;
  }

  reorders(): boolean {
    return this.reorder > 0 && this.#stream('reorder').chance(this.reorder);
  }

  /** How much longer this frame takes, an integer from 0 to `jitter`. */
  extraDelay(): Nanoseconds {
    return this.jitter > 0 ? this.#stream('jitter').below(Math.floor(this.jitter) + 1) : 0;
  }

  #stream(kind: string): Random {
    let stream = this.#streams.get(kind);
    if (stream === undefined) {
      stream = this.#sim.randomFor(`${this.#name}/${kind}`);
      this.#streams.set(kind, stream);
    }
    return stream;
  }
}
