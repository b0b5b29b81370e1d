import { dissect, summarize } from '../../src/dissect/index.ts';
import { Random } from '../../src/time/index.ts';
import { Arena, hexOf, movesStation } from './arena.ts';
import type { Attacker } from './attacker.ts';
import { ATTACKS } from './attacks.ts';
import { ethernet, isDamaged, viewOf } from './packets.ts';

/** Frames that one arena gets; then the next one is built, with the next seed. So a failure is found again in seconds. */
export const EPISODE = 10_000;

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Told after each episode. */
  readonly progress?: (report: FuzzReport) => void;
  /** Called with each arena before it is attacked: where a test puts a mistake in. */
  readonly prepare?: (arena: Arena) => void;
}

export interface FuzzReport {
  frames: number;
  readonly byAttack: Map<string, number>;
  readonly drops: Map<string, number>;
  readonly states: Set<string>;
  conversations: number;
  bytes: number;
  /** The most frames that were in use at a time. */
  mostFrames: number;
  /** Virtual time, in nanoseconds. */
  time: number;
}

/** Something the stack must not do. Its message has everything that is known, and the command that shows it again. */
export class FuzzFailure extends Error {
  readonly seed: number;
  readonly frame: number;

  constructor(
    what: string,
    seed: number,
    frame: number,
    attack: string,
    bytes: Uint8Array | null,
    cause: unknown,
  ) {
    const after = bytes === null ? '' : `\nThe last frame (${attack}): ${hexOf(bytes)}`;
    super(`${what}\nSeen again by: npm run fuzz -- --frames ${frame} --seed ${seed}${after}`, { cause });
    this.seed = seed;
    this.frame = frame;
  }
}

/** Attacks arenas until `frames` frames have been sent. @throws FuzzFailure at the first thing that is not as it should be. */
export function fuzz(options: FuzzOptions): FuzzReport {
  const report: FuzzReport = {
    frames: 0,
    byAttack: new Map(),
    drops: new Map(),
    states: new Set(),
    conversations: 0,
    bytes: 0,
    mostFrames: 0,
    time: 0,
  };
  for (let seed = options.seed; report.frames < options.frames; seed++) {
    attack(seed, Math.min(EPISODE, options.frames - report.frames), options, report);
    options.progress?.(report);
  }
  return report;
}

function attack(seed: number, frames: number, options: FuzzOptions, report: FuzzReport): void {
  // Recording is another way through the code; it costs time.
  const arena = new Arena(seed, seed % 8 === 0);
  options.prepare?.(arena);
  const run = new Episode(seed, arena, report);
  try {
    for (let i = 0; i < frames; i++) run.frame();
    run.end();
  } catch (error) {
    if (error instanceof FuzzFailure) throw error;
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw run.failure(what, error);
  }
}

const SHARES = ATTACKS.reduce((sum, { share }) => sum + share, 0);

class Episode {
  readonly #seed: number;
  readonly #arena: Arena;
  readonly #report: FuzzReport;
  readonly #random: Random;
  readonly #macs: readonly number[];
  readonly #addresses: readonly number[];
  readonly #states = new Set<string>();
  #sent = 0;
  #last: Uint8Array | null = null;
  #attack = ATTACKS[0] as (typeof ATTACKS)[number];
  /** Frames of the same kind that still follow without a pause. */
  #burst = 0;
  #target = 0;

  constructor(seed: number, arena: Arena, report: FuzzReport) {
    this.#seed = seed;
    this.#arena = arena;
    this.#report = report;
    this.#random = new Random(seed, 'fuzz');
    this.#macs = arena.targets.map(({ mac }) => mac);
    this.#addresses = arena.targets.map(({ address }) => address);
  }

  frame(): void {
    const arena = this.#arena;
    const random = this.#random;
    if (this.#burst > 0) this.#burst--;
    else this.#choose();
    const bytes = this.#make();
    this.#last = bytes;
    this.#sent++;
    summarize(dissect(bytes));
    this.#send(bytes);
    if (this.#burst === 0 && random.chance(0.3)) {
      arena.sim.run(arena.sim.now + this.#pause());
      if (random.chance(0.3)) arena.pump();
      if (random.chance(0.7)) for (const fiddler of arena.fiddlers) fiddler.act();
    } else if ((this.#burst & 15) === 15) {
      arena.sim.run(arena.sim.now + 1000);
    }
    if ((this.#sent & 127) === 0) this.#look();
  }

  end(): void {
    const report = this.#report;
    this.#look();
    const left = this.#arena.end();
    if (left !== null) throw this.failure(left);
    for (const [reason, count] of this.#arena.drops())
      report.drops.set(reason, (report.drops.get(reason) ?? 0) + count);
    for (const state of this.#states) report.states.add(state);
    for (const { conversations, bytes } of this.#arena.witnesses) {
      report.conversations += conversations;
      report.bytes += bytes;
    }
    report.time += this.#arena.sim.now;
  }

  failure(what: string, cause?: unknown): FuzzFailure {
    return new FuzzFailure(what, this.#seed, this.#sent, this.#attack.name, this.#last, cause);
  }

  #look(): void {
    const report = this.#report;
    const { size } = this.#arena.pool.out;
    if (size > report.mostFrames) report.mostFrames = size;
    const fault = this.#arena.look(this.#states);
    if (fault !== null) throw this.failure(fault);
  }

  #choose(): void {
    const random = this.#random;
    let n = random.below(SHARES);
    this.#attack = ATTACKS.find(({ share }) => (n -= share) < 0) ?? this.#attack;
    // Mostly the server; the others in turn; the number after the last is the attacker's own port, at the hub.
    this.#target = random.chance(0.4) ? 1 : random.below(this.#arena.targets.length + 2);
    if (random.chance(0.002)) this.#burst = 50 + random.below(450);
  }

  #make(): Uint8Array {
    const { random, target } = { random: this.#random, target: this.#aim() };
    const by: Attacker = {
      random,
      ear: this.#arena.ear,
      mac: this.#arena.mallory.mac,
      target,
      addresses: this.#addresses,
      stranger: () => this.#stranger(),
    };
    const bytes =
      this.#attack.make(by) ?? (ATTACKS[5] as (typeof ATTACKS)[number]).make(by) ?? new Uint8Array(0);
    this.#report.byAttack.set(this.#attack.name, (this.#report.byAttack.get(this.#attack.name) ?? 0) + 1);
    this.#report.frames++;
    // A connection's segment goes where its address says, whoever was meant to be struck.
    return this.#attack.name === 'forged' || this.#attack.name === 'blind' ? this.#addressed(bytes) : bytes;
  }

  #aim() {
    const { targets } = this.#arena;
    return targets[this.#target] ?? (targets[this.#random.below(targets.length)] as (typeof targets)[number]);
  }

  /** Sends a frame to the machine that has its IP destination. */
  #addressed(bytes: Uint8Array): Uint8Array {
    const to = viewOf(bytes).getUint32(30);
    const place = this.#addresses.indexOf(to);
    if (place < 0) return bytes;
    if (this.#target < this.#addresses.length) this.#target = place;
    const way = { fromMac: this.#arena.mallory.mac, toMac: this.#macs[place] as number, from: 0, to: 0 };
    return ethernet(way, 0x0800, bytes.subarray(14));
  }

  #stranger(): number {
    const random = this.#random;
    const n = random.below(10);
    if (n < 5) return this.#arena.mallory.addresses[random.below(8)] as number;
    // On the link, 10.0.0.16 and up; or anywhere, also where no address is valid.
    return n < 9 ? 0x0a00_0010 + random.below(230) : random.uint32();
  }

  #send(bytes: Uint8Array): void {
    const { targets, mallory, pool } = this.#arena;
    const target = targets[this.#target];
    if (target === undefined) {
      // A switch believes everybody as well: nobody but the guest may be impersonated there.
      if (!movesStation(bytes, this.#macs)) mallory.send(bytes);
      return;
    }
    const { port } = target;
    const frame = pool.take(bytes.length);
    frame.bytes.set(bytes, frame.start);
    frame.end = frame.start + bytes.length;
    frame.reason = 'fuzz';
    frame.followed = this.#random.below(2) === 0;
    const damaged = isDamaged(bytes, target.address);
    const before = damaged ? total(port.tracer.drops) : 0;
    port.receive(frame);
    if (damaged && total(port.tracer.drops) === before)
      throw this.failure('a frame that is damaged was dropped without a reason, or not at all');
  }

  /** Mostly about what a frame takes on a cable; now and then so long that timers expire. */
  #pause(): number {
    const random = this.#random;
    const n = random.below(800);
    if (n === 0) return random.below(40_000_000_000);
    if (n < 4) return random.below(1_500_000_000);
    if (n < 20) return random.below(50_000_000);
    return random.below(200_000);
  }
}

function total(drops: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of drops.values()) sum += count;
  return sum;
}
