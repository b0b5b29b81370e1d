import type { Simulation, Timer } from '../../time/index.ts';
import type { Frame } from '../frame.ts';
import type { LineEnd, LineUser } from './line.ts';

/** The least jam that a repeater sends, in bits (IEEE 802.3 section 9.5.6.4). */
const JAM = 96;

/**
 * What a hub is made of (IEEE 802.3 clause 9): the signal that comes in at one port goes out at all others while it
 * comes, bit by bit; when signals come in at two, all ports are jammed, so that every sender hears of the collision.
 */
export class Repeater implements LineUser {
  /** Of all its ports, in bits per second. */
  readonly bandwidth: number;
  /** How often signals met here. */
  collisions = 0;
  readonly #sim: Simulation;
  readonly #ends = new Set<LineEnd>();
  /** Whose signal is passed on; null when none is, or all are jammed. */
  #source: LineEnd | null = null;
  #jamming = false;
  #jammedUntil = 0;
  readonly #jam: Timer;

  /** @throws RangeError unless the rate is a number above 0: on a shared line sending takes time. */
  constructor(sim: Simulation, bandwidth: number) {
    if (!(bandwidth > 0 && bandwidth < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`bandwidth of a shared line: expected bits per second, found ${bandwidth}`);
    }
    this.#sim = sim;
    this.bandwidth = bandwidth;
    this.#jam = sim.timer(() => this.#settle());
  }

  /** An end of a cable is in one of its ports. */
  join(end: LineEnd): void {
    this.#ends.add(end);
  }

  /** What was received whole at another port, while it came: with its last bit it is whole at this one too. */
  send(end: LineEnd, frame: Frame): void {
    if (end.speaking && !this.#jamming) end.end(frame);
    else end.port.drop(frame, 'port.collision');
  }

  signalBegins(end: LineEnd): void {
    if (this.#jamming) {
      this.#settle();
    } else if (this.#source === null) {
      this.#source = end;
      for (const other of this.#ends) if (other !== end && other.carrier) other.begin();
    } else if (this.#source !== end) {
      this.#collide();
    }
  }

  signalEnds(end: LineEnd, frame: Frame | null): void {
    if (this.#jamming) {
      frame?.release();
      this.#settle();
      return;
    }
    if (this.#source !== end) {
      frame?.release();
      return;
    }
    // The hub passes it on to `send` of each other port.
    if (frame !== null) end.port.receive(frame);
    this.#source = null;
    for (const other of this.#ends) if (other.speaking) other.end(null);
  }

  unplugged(end: LineEnd): void {
    if (this.#source === end) {
      this.#source = null;
      for (const other of this.#ends) if (other.speaking) other.end(null);
    } else if (this.#jamming) {
      this.#settle();
    }
  }

  #collide(): void {
    this.collisions++;
    this.#jamming = true;
    this.#source = null;
    for (const end of this.#ends) if (!end.speaking && end.carrier) end.begin();
    const [any] = this.#ends;
    const jam = Math.ceil(any?.time(JAM) ?? 0);
    this.#jammedUntil = this.#sim.now + jam;
    this.#jam.start(jam);
  }

  /** Jams until nobody is heard any more; whoever is heard last is not jammed (section 9.5.6.5). */
  #settle(): void {
    if (this.#sim.now < this.#jammedUntil) return;
    const heard = [...this.#ends].filter(({ hearing }) => hearing);
    if (heard.length > 1) return;
    for (const end of this.#ends) {
      const goesOn = heard.length === 1 && end !== heard[0];
      if (end.speaking && !goesOn) end.end(null);
    }
    if (heard.length === 0) this.#jamming = false;
  }
}
