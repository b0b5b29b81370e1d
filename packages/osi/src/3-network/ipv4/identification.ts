import type { Simulation } from '../../time/index.ts';
import type { Ipv4Address } from '../address.ts';

const COUNTERS = 64;

/**
 * The identification field of packets sent: counters that begin at random, chosen by destination and protocol, so
 * that fragments of two packets to one place never look alike soon (RFC 6864 section 4.3; `ip_idents` in Linux).
 */
export class Identification {
  readonly #sim: Simulation;
  readonly #node: string;
  #counters: Uint16Array | null = null;

  constructor(sim: Simulation, node: string) {
    this.#sim = sim;
    this.#node = node;
  }

  /** @param count of packets to number; their numbers follow one another. @returns the first. */
  next(destination: Ipv4Address, protocol: number, count = 1): number {
    this.#counters ??= this.#begin();
    const hash = Math.imul(destination ^ (protocol << 24), 0x9e3779b1) >>> 26;
    const value = this.#counters[hash] as number;
    this.#counters[hash] = value + count;
    return value;
  }

  #begin(): Uint16Array {
    const random = this.#sim.randomFor(`${this.#node}/ip.id`);
    return new Uint16Array(COUNTERS).map(() => random.below(0x1_0000));
  }
}
