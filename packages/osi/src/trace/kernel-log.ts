import { type Nanoseconds, type Simulation, seconds } from '../time/index.ts';

/** Levels of what a kernel says (syslog(2)). */
export const KERN_WARNING = 4;
export const KERN_INFO = 6;

/** A line of dmesg(1). */
export interface KernelMessage {
  /** Lines are numbered from 0; those that were forgotten count, too. */
  readonly number: number;
  readonly level: number;
  readonly at: Nanoseconds;
  readonly text: string;
}

/** Lines that are kept. */
const MOST = 1024;
/** The network says no more than ten things in five seconds (`net_ratelimit`). */
const BURST = 10;
const INTERVAL = seconds(5);

/** What the kernel of one machine has to say to its administrator. */
export class KernelLog {
  readonly #sim: Simulation;
  readonly #messages: KernelMessage[] = [];
  #next = 0;
  #begin = Number.NEGATIVE_INFINITY;
  #said = 0;
  #missed = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  entries(): readonly KernelMessage[] {
    return this.#messages;
  }

  /** Says something of the network, unless too much was said of it just now. @param lines one thing to say. */
  sayRarely(level: number, ...lines: readonly string[]): void {
    const { now } = this.#sim;
    if (now > this.#begin + INTERVAL) {
      this.#begin = now;
      this.#said = 0;
      if (this.#missed > 0) this.#say(KERN_WARNING, `net_ratelimit: ${this.#missed} callbacks suppressed`);
      this.#missed = 0;
    }
    if (this.#said >= BURST) {
      this.#missed++;
      return;
    }
    this.#said++;
    for (const line of lines) this.#say(level, line);
  }

  #say(level: number, text: string): void {
    if (this.#messages.length >= MOST) this.#messages.shift();
    this.#messages.push({ number: this.#next++, level, at: this.#sim.now, text });
  }
}
