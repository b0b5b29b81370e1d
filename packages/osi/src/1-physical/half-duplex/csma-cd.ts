import type { Nanoseconds, Random, Simulation, Timer } from '../../time/index.ts';
import { type Frame, MIN_FRAME } from '../frame.ts';
import { FCS, INTER_FRAME_GAP, PREAMBLE } from '../framing.ts';
import { dropOnTheWay, refuse } from '../port.ts';
import type { LineEnd, LineUser } from './line.ts';

/** IEEE 802.3 table 4-2, for 10 and 100 Mbit/s: bits, and numbers of attempts. */
const SLOT = 512;
const JAM = 32;
const ATTEMPT_LIMIT = 16;
const BACKOFF_LIMIT = 10;

/**
 * A station on a shared line (IEEE 802.3 clause 4): listens before it speaks, listens while it speaks, and after a
 * collision waits for a random time before it tries again. What it draws follows from the seed.
 */
export class CsmaCd implements LineUser {
  /** How many collisions its frames have met. */
  collisions = 0;
  readonly #sim: Simulation;
  readonly #random: Random;
  readonly #queue: Frame[] = [];
  #end: LineEnd | null = null;
  /** How often the first frame of the queue was tried. */
  #attempts = 0;
  #began = 0;
  #collided = false;
  /** The first frame of the queue has been given up: it is dropped when the jam has ended. */
  #givenUp: 'port.excessive-collisions' | 'port.late-collision' | null = null;
  #idleSince = Number.NEGATIVE_INFINITY;
  /** The end of what is being sent. */
  readonly #sent: Timer;
  /** The end of the gap behind other frames, or of the back-off. */
  readonly #wait: Timer;

  /** @param name of its random stream. */
  constructor(sim: Simulation, name: string) {
    this.#sim = sim;
    this.#random = sim.randomFor(`csma-cd:${name}`);
    this.#sent = sim.timer(() => this.#stop());
    this.#wait = sim.timer(() => this.#next());
  }

  /** How many frames wait, the one that is being sent included. */
  get waiting(): number {
    return this.#queue.length;
  }

  send(end: LineEnd, frame: Frame): void {
    this.#end = end;
    if (this.#queue.length > end.queueLimit) {
      refuse(end.port, frame);
      return;
    }
    this.#queue.push(frame);
    if (this.#queue.length === 1) this.#next();
  }

  signalBegins(end: LineEnd): void {
    this.#end = end;
    if (end.speaking && !this.#collided) this.#collide(end);
  }

  signalEnds(end: LineEnd, frame: Frame | null): void {
    this.#idleSince = this.#sim.now;
    // Heard while speaking it was no frame, whatever the far end thought of it.
    if (frame !== null) {
      if (end.speaking || this.#collided) dropOnTheWay(end.port, frame, 'port.collision');
      else end.port.receive(frame);
    }
    this.#next();
  }

  unplugged(end: LineEnd): void {
    this.#sent.stop();
    this.#wait.stop();
    this.#attempts = 0;
    this.#collided = false;
    this.#givenUp = null;
    for (const frame of this.#queue.splice(0)) dropOnTheWay(end.port, frame, 'cable.unplugged');
  }

  /** Speaks as soon as the line has been quiet for the gap between frames (section 4.2.3.2). */
  #next(): void {
    const end = this.#end;
    const frame = this.#queue[0];
    if (end === null || frame === undefined || end.speaking || end.hearing || this.#wait.running) return;
    const { now } = this.#sim;
    const quiet = Math.ceil(this.#idleSince + end.time(INTER_FRAME_GAP * 8));
    if (now < quiet) {
      this.#wait.start(quiet - now);
      return;
    }
    this.#began = now;
    this.#collided = false;
    const length = Math.max(frame.length, MIN_FRAME);
    end.begin();
    this.#sent.start(Math.ceil(end.time((PREAMBLE + length + FCS) * 8)));
  }

  /** Jams, so that all hear of it, and chooses when to try again (sections 4.2.3.2.4 and 4.2.3.2.5). */
  #collide(end: LineEnd): void {
    const { now } = this.#sim;
    const frame = this.#queue[0] as Frame;
    this.#collided = true;
    this.collisions++;
    this.#attempts++;
    const late = now - this.#began > end.time(SLOT);
    if (late) this.#givenUp = 'port.late-collision';
    else if (this.#attempts === ATTEMPT_LIMIT) this.#givenUp = 'port.excessive-collisions';
    const slots =
      this.#givenUp === null ? this.#random.below(2 ** Math.min(this.#attempts, BACKOFF_LIMIT)) : 0;
    // The preamble is sent to its end in any case.
    const preamble = Math.max(0, this.#began + end.time(PREAMBLE * 8) - now);
    const jammed: Nanoseconds = Math.ceil(preamble + end.time(JAM));
    this.#sent.start(jammed);
    if (this.#givenUp === null) this.#wait.start(jammed + Math.ceil(end.time(slots * SLOT)));
    end.port.tracer.write({
      kind: 'collision',
      port: end.port.name,
      sent: frame.sent,
      attempt: this.#attempts,
      slots: this.#givenUp === null ? slots : null,
      cause: frame.sent,
    });
  }

  /** The last bit has left: of the frame, or of the jam. */
  #stop(): void {
    const end = this.#end;
    if (end === null) return;
    this.#idleSince = this.#sim.now;
    if (!this.#collided) {
      this.#attempts = 0;
      end.end(this.#queue.shift() as Frame);
    } else {
      end.end(null);
      this.#collided = false;
      if (this.#givenUp !== null) {
        dropOnTheWay(end.port, this.#queue.shift() as Frame, this.#givenUp);
        this.#givenUp = null;
        this.#attempts = 0;
      }
    }
    this.#next();
  }
}
