import { milliseconds, type Nanoseconds, seconds } from '../../../time/index.ts';
import { type Sequence, seqLess } from '../sequence.ts';
import { CongestionControl } from './interface.ts';

/** Multiplicative decrease (RFC 9438 section 4.6): 0.7, in Linux's 1024ths. */
const BETA = 717 / 1024;
/** How fast the window approaches and leaves the old maximum, in segments per second cubed (section 4.1). */
const C = 0.4;
/** Segments per acknowledged window that make the growth Reno-friendly: 3 (1 - β) / (1 + β) (section 4.3). */
const FRIENDLY = (3 * (1 - BETA)) / (1 + BETA);
/** While nothing is known of the path the window grows by a twentieth in a round trip at least (Linux: bictcp_update). */
const FIRST_GROWTH = 20;
/** The target is computed once per tick of Linux's clock, and at the latest after a 32nd of a second. */
const TICK = milliseconds(1);
const RECOMPUTE = seconds(1) / 32;

/** HyStart (Ha and Rhee 2011; Linux): smaller windows are left alone. */
const HYSTART_LEAST = 16;
/** Acknowledgments that come closer together than this belong to one train. */
const TRAIN_GAP = milliseconds(2);
/** Round trips of a round that say by how much it grew; the growth that ends slow start lies between these. */
const SAMPLES = 8;
const DELAY_LEAST = milliseconds(4);
const DELAY_MOST = milliseconds(16);

/**
 * CUBIC (RFC 9438): after a loss the window grows as a cubic function of the time since then, fast at first, slow
 * around the window where the loss happened, fast again beyond it; never slower than Reno would. Slow start ends
 * when acknowledgments say that the path is full (HyStart), before anything is lost. As in Linux.
 */
export class Cubic extends CongestionControl {
  readonly name = 'cubic';
  /** The window before the last reduction, `W_max`; 0 before the first. */
  #before = 0;
  /** When the present epoch of congestion avoidance began; -1 when it has yet to. */
  #epoch: Nanoseconds = -1;
  /** The plateau of the curve, and how long after the epoch's beginning it is reached, in seconds: `K`. */
  #plateau = 0;
  #k = 0;
  /** Acknowledged segments per segment of growth. */
  #every = 1;
  #computedAt: Nanoseconds = -1;
  #computedFor = 0;
  /** Reno's window in the same epoch, and what was acknowledged since it grew. */
  #friendly = 0;
  #friendlyCredit = 0;
  /** The shortest round trip seen; 0 before the first. */
  #shortest: Nanoseconds = 0;

  // HyStart: the present round.
  #found = false;
  #roundEnd: Sequence = 0;
  #roundBegan: Nanoseconds = -1;
  #lastAck: Nanoseconds = 0;
  #roundShortest: Nanoseconds = Number.POSITIVE_INFINITY;
  #samples = 0;

  acknowledged(segments: number, now: Nanoseconds): void {
    const left = this.slowStart ? this.slowStarted(segments) : segments;
    if (left === 0) return;
    this.#update(left, now);
    this.grow(this.#every, left);
  }

  reduced(): number {
    this.#epoch = -1;
    // Fast convergence (section 4.7): a smaller maximum than before leaves room for others.
    this.#before = this.cwnd < this.#before ? Math.floor((this.cwnd * (1 + BETA)) / 2) : this.cwnd;
    return Math.max(Math.floor(this.cwnd * BETA), 2);
  }

  override timedOut(): void {
    super.timedOut();
    this.#before = 0;
    this.#epoch = -1;
    this.#computedAt = -1;
    this.#computedFor = 0;
    this.#plateau = 0;
    this.#k = 0;
    this.#every = 1;
    this.#shortest = 0;
    this.#friendly = 0;
    this.#friendlyCredit = 0;
    this.#found = false;
    this.#roundBegan = -1;
  }

  override measured(roundTrip: Nanoseconds, now: Nanoseconds, una: Sequence, next: Sequence): void {
    // What is measured right after a recovery says little.
    if (this.#epoch >= 0 && now - this.#epoch < seconds(1)) return;
    const sample = Math.max(roundTrip, 1);
    if (this.#shortest === 0 || sample < this.#shortest) this.#shortest = sample;
    if (!this.#found && this.slowStart && this.cwnd >= HYSTART_LEAST) {
      this.#watchSlowStart(sample, now, una, next);
    }
  }

  #watchSlowStart(sample: Nanoseconds, now: Nanoseconds, una: Sequence, next: Sequence): void {
    if (this.#roundBegan < 0 || seqLess(this.#roundEnd, una)) {
      this.#roundBegan = now;
      this.#lastAck = now;
      this.#roundEnd = next;
      this.#roundShortest = Number.POSITIVE_INFINITY;
      this.#samples = 0;
    }
    // A train of acknowledgments as long as half a round trip: as much is in flight as the path holds.
    if (now - this.#lastAck <= TRAIN_GAP) {
      this.#lastAck = now;
      if (now - this.#roundBegan > this.#shortest / 2) this.#leaveSlowStart();
    }
    if (sample < this.#roundShortest) this.#roundShortest = sample;
    if (this.#samples < SAMPLES) {
      this.#samples++;
    } else {
      const growth = Math.min(Math.max(this.#shortest / 8, DELAY_LEAST), DELAY_MOST);
      if (this.#roundShortest > this.#shortest + growth) this.#leaveSlowStart();
    }
  }

  #leaveSlowStart(): void {
    this.#found = true;
    this.ssthresh = this.cwnd;
  }

  /** How many acknowledged segments the next segment of growth takes (section 4.2 to 4.5). */
  #update(segments: number, now: Nanoseconds): void {
    const { cwnd } = this;
    this.#friendlyCredit += segments;
    if (this.#computedFor === cwnd && this.#computedAt >= 0 && now - this.#computedAt <= RECOMPUTE) return;
    if (this.#epoch < 0 || now - this.#computedAt >= TICK) this.#follow(segments, now);
    // Reno-friendly region (section 4.3).
    const each = cwnd / FRIENDLY;
    while (this.#friendlyCredit > each) {
      this.#friendlyCredit -= each;
      this.#friendly++;
    }
    if (this.#friendly > cwnd) {
      this.#every = Math.min(this.#every, Math.floor(cwnd / (this.#friendly - cwnd)));
    }
    // At most half again as much in a round trip.
    this.#every = Math.max(this.#every, 2);
  }

  #follow(segments: number, now: Nanoseconds): void {
    const { cwnd } = this;
    this.#computedFor = cwnd;
    this.#computedAt = now;
    if (this.#epoch < 0) {
      this.#epoch = now;
      this.#friendlyCredit = segments;
      this.#friendly = cwnd;
      if (this.#before <= cwnd) {
        this.#k = 0;
        this.#plateau = cwnd;
      } else {
        this.#k = cubeRoot((this.#before - cwnd) / C);
        this.#plateau = this.#before;
      }
    }
    const t = (now - this.#epoch + this.#shortest) / seconds(1) - this.#k;
    const target = this.#plateau + C * t * t * t;
    const rise = Math.floor(target) - cwnd;
    this.#every = rise > 0 ? Math.floor(cwnd / rise) : 100 * cwnd;
    if (this.#before === 0 && this.#every > FIRST_GROWTH) this.#every = FIRST_GROWTH;
  }
}

/** By Newton's method: the last bit of `Math.cbrt` is not the same in every engine, and every run must be. */
function cubeRoot(x: number): number {
  if (x <= 0) return 0;
  let root = Math.max(1, x / 3);
  for (let i = 0; i < 60; i++) {
    const next = (2 * root + x / (root * root)) / 3;
    if (Math.abs(next - root) < 1e-9 * root) return next;
    root = next;
  }
  return root;
}
