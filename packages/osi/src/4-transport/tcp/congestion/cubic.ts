import { milliseconds, type Nanoseconds, seconds } from '../../../time/index.ts';
import { type Sequence, seqLess } from '../sequence.ts';
import { BY_DELAY, BY_TRAIN, CongestionControl } from './interface.ts';

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
  /** The shortest round trip seen; 0 before the first. */
  #shortest: Nanoseconds = 0;
  // Most connections are over, or idle, before they need these.
  #curve: Curve | null = null;
  #watch: SlowStartWatch | null = null;

  get name(): string {
    return 'cubic';
  }

  acknowledged(segments: number, now: Nanoseconds): void {
    const left = this.slowStart ? this.slowStarted(segments) : segments;
    if (left === 0) return;
    this.#curve ??= new Curve();
    this.#update(this.#curve, left, now);
    this.grow(this.#curve.every, left);
  }

  reduced(): number {
    this.#curve ??= new Curve();
    const curve = this.#curve;
    curve.epoch = -1;
    // Fast convergence (section 4.7): a smaller maximum than before leaves room for others.
    curve.before = this.cwnd < curve.before ? Math.floor((this.cwnd * (1 + BETA)) / 2) : this.cwnd;
    return Math.max(Math.floor(this.cwnd * BETA), 2);
  }

  override timedOut(): void {
    super.timedOut();
    this.#curve = null;
    this.#watch = null;
    this.#shortest = 0;
  }

  /** The cubic function is one of the time in which the program sends (RFC 9438 section 5.8). */
  override resumed(pause: Nanoseconds, now: Nanoseconds): void {
    const curve = this.#curve;
    if (curve === null || curve.epoch < 0 || pause <= 0) return;
    curve.epoch = Math.min(curve.epoch + pause, now);
  }

  override measured(
    roundTrip: Nanoseconds,
    now: Nanoseconds,
    una: Sequence,
    next: Sequence,
    paced: boolean,
  ): number {
    // What is measured right after a recovery says little.
    const epoch = this.#curve === null ? -1 : this.#curve.epoch;
    if (epoch >= 0 && now - epoch < seconds(1)) return 0;
    const sample = Math.max(roundTrip, 1);
    if (this.#shortest === 0 || sample < this.#shortest) this.#shortest = sample;
    if (!this.slowStart || this.cwnd < HYSTART_LEAST) return 0;
    this.#watch ??= new SlowStartWatch();
    return this.#watch.found ? 0 : this.#watchSlowStart(this.#watch, sample, now, una, next, paced);
  }

  #watchSlowStart(
    watch: SlowStartWatch,
    sample: Nanoseconds,
    now: Nanoseconds,
    una: Sequence,
    next: Sequence,
    paced: boolean,
  ): number {
    let found = 0;
    if (watch.roundBegan < 0 || seqLess(watch.roundEnd, una)) {
      watch.roundBegan = now;
      watch.lastAck = now;
      watch.roundEnd = next;
      watch.roundShortest = Number.POSITIVE_INFINITY;
      watch.samples = 0;
    }
    // A train of acknowledgments as long as half a round trip: as much is in flight as the path holds. Pacing spreads them.
    if (now - watch.lastAck <= TRAIN_GAP) {
      watch.lastAck = now;
      if (now - watch.roundBegan > this.#shortest / (paced ? 1 : 2)) found |= BY_TRAIN;
    }
    if (sample < watch.roundShortest) watch.roundShortest = sample;
    if (watch.samples < SAMPLES) {
      watch.samples++;
    } else {
      const growth = Math.min(Math.max(this.#shortest / 8, DELAY_LEAST), DELAY_MOST);
      if (watch.roundShortest > this.#shortest + growth) found |= BY_DELAY;
    }
    if (found !== 0) {
      watch.found = true;
      this.ssthresh = this.cwnd;
    }
    return found;
  }

  /** How many acknowledged segments the next segment of growth takes (section 4.2 to 4.5). */
  #update(curve: Curve, segments: number, now: Nanoseconds): void {
    const { cwnd } = this;
    curve.friendlyCredit += segments;
    if (curve.computedFor === cwnd && curve.computedAt >= 0 && now - curve.computedAt <= RECOMPUTE) return;
    if (curve.epoch < 0 || now - curve.computedAt >= TICK) this.#follow(curve, segments, now);
    // Reno-friendly region (section 4.3).
    const each = cwnd / FRIENDLY;
    while (curve.friendlyCredit > each) {
      curve.friendlyCredit -= each;
      curve.friendly++;
    }
    if (curve.friendly > cwnd) {
      curve.every = Math.min(curve.every, Math.floor(cwnd / (curve.friendly - cwnd)));
    }
    // At most half again as much in a round trip.
    curve.every = Math.max(curve.every, 2);
  }

  #follow(curve: Curve, segments: number, now: Nanoseconds): void {
    const { cwnd } = this;
    const { before } = curve;
    curve.computedFor = cwnd;
    curve.computedAt = now;
    if (curve.epoch < 0) {
      curve.epoch = now;
      curve.friendlyCredit = segments;
      curve.friendly = cwnd;
      curve.k = before <= cwnd ? 0 : cubeRoot((before - cwnd) / C);
      curve.plateau = Math.max(before, cwnd);
    }
    const t = (now - curve.epoch + this.#shortest) / seconds(1) - curve.k;
    const target = curve.plateau + C * t * t * t;
    const rise = Math.floor(target) - cwnd;
    curve.every = rise > 0 ? Math.floor(cwnd / rise) : 100 * cwnd;
    if (before === 0 && curve.every > FIRST_GROWTH) curve.every = FIRST_GROWTH;
  }
}

/** How the window grows in congestion avoidance. */
class Curve {
  /** The window before the last reduction, `W_max`; 0 before the first. */
  before = 0;
  /** When the present epoch of congestion avoidance began; -1 when it has yet to. */
  epoch: Nanoseconds = -1;
  /** The plateau of the curve, and how long after the epoch's beginning it is reached, in seconds: `K`. */
  plateau = 0;
  k = 0;
  /** Acknowledged segments per segment of growth. */
  every = 1;
  computedAt: Nanoseconds = -1;
  computedFor = 0;
  /** Reno's window in the same epoch, and what was acknowledged since it grew. */
  friendly = 0;
  friendlyCredit = 0;
}

/** HyStart: the present round of slow start. */
class SlowStartWatch {
  found = false;
  roundEnd: Sequence = 0;
  roundBegan: Nanoseconds = -1;
  lastAck: Nanoseconds = 0;
  roundShortest: Nanoseconds = Number.POSITIVE_INFINITY;
  samples = 0;
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
