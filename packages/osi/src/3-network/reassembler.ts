import { dropFrame, type Frame, type FramePool } from '../1-physical/index.ts';
import { seconds } from '../time/index.ts';
import type { TracedTimer, Tracer } from '../trace/index.ts';
import type { IpFaults } from './counters.ts';
import type { Pieces } from './fragments.ts';
import type { Sysctl, SysctlName } from './sysctl.ts';

export interface ReassemblerOptions {
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  counters: Pick<IpFaults, 'ReasmReqds' | 'ReasmFails' | 'ReasmOKs' | 'ReasmTimeout'>;
  /** The first piece of a packet that did not become whole in time; the frame stays ours (ICMP "time exceeded", code 1). */
  timedOut: (first: Frame) => void;
}

/** What the versions of IP call their tunables. */
interface Tunables {
  readonly memory: SysctlName;
  readonly time: SysctlName;
}

/**
 * The packets of which pieces are here, for either version of IP (net/ipv4/inet_fragment.c): a piece that overlaps
 * another gives up the whole packet (RFC 5722), one that is there already is dropped; what is not whole after a time is
 * given up, and beyond so many bytes no piece is taken.
 */
export abstract class Reassembler<C extends Pieces> {
  /** Bytes of slots held in all collections. */
  memory = 0;
  protected readonly pool: FramePool;
  readonly #options: ReassemblerOptions;
  readonly #tunables: Tunables;
  /** Those few that share a key hang in a list. */
  #collections: Map<number, C[]> | null = null;

  constructor(options: ReassemblerOptions, tunables: Tunables) {
    this.pool = options.pool;
    this.#options = options;
    this.#tunables = tunables;
  }

  /** Puts a piece in its place. @returns null, or why it does not fit; all but a duplicate spoil the packet. */
  protected abstract insert(collection: C, frame: Frame, at: number): string | null;
  /** Joins the pieces of a whole packet and gives them back. @param marks ECN bits to set. @returns null when it would be longer than any packet. */
  protected abstract join(collection: C, marks: number): Frame | null;

  /**
   * Takes over a fragment. @param find its collection, if there is room for one. @param at what `insert` wants to know.
   * @returns the whole packet when this was the last missing piece, or null.
   */
  protected take(frame: Frame, at: number, port: string, find: () => C): Frame | null {
    const { counters, sysctl, tracer } = this.#options;
    counters.ReasmReqds++;
    if (this.memory > sysctl.get(this.#tunables.memory)) {
      counters.ReasmFails++;
      dropFrame(tracer, port, frame, 'ip.reassembly-memory');
      return null;
    }
    const collection = find();
    const before = collection.memory;
    const problem = this.insert(collection, frame, at);
    if (problem !== null) {
      dropFrame(tracer, port, frame, problem);
      if (problem !== 'ip.fragment-duplicate') this.#giveUp(collection, problem);
      return null;
    }
    this.memory += collection.memory - before;
    if (!collection.complete) {
      collection.timer ??= this.#startTimer(collection);
      return null;
    }
    const { marks } = collection;
    const whole = marks < 0 ? null : this.join(collection, marks);
    if (whole === null) {
      this.#giveUp(collection, marks < 0 ? 'ip.fragment-ecn' : 'ip.fragment-oversize');
      return null;
    }
    this.#remove(collection);
    counters.ReasmOKs++;
    return whole;
  }

  /** The collection with a key that is the one meant, or a new one. */
  protected collection(key: number, isMeant: (collection: C) => boolean, begin: () => C): C {
    const list = this.#collections?.get(key);
    const known = list?.find(isMeant);
    if (known !== undefined) return known;
    const collection = begin();
    this.#collections ??= new Map();
    if (list === undefined) this.#collections.set(key, [collection]);
    else list.push(collection);
    return collection;
  }

  #startTimer(collection: C): TracedTimer {
    const { tracer, sysctl } = this.#options;
    const timer = tracer.timer(
      'ip.reassembly',
      () => collection.name,
      () => this.#expire(collection),
    );
    timer.start(seconds(sysctl.get(this.#tunables.time)));
    return timer;
  }

  #expire(collection: C): void {
    const { counters, timedOut } = this.#options;
    counters.ReasmTimeout++;
    const first = collection.begins[0] === 0 ? collection.frames[0] : undefined;
    if (first !== undefined) timedOut(first);
    this.#giveUp(collection, 'ip.reassembly-timeout');
  }

  #giveUp(collection: C, reason: string): void {
    const { counters, tracer } = this.#options;
    counters.ReasmFails++;
    this.#remove(collection);
    for (const frame of collection.frames) dropFrame(tracer, '', frame, reason);
  }

  #remove(collection: C): void {
    collection.timer?.stop();
    this.memory -= collection.memory;
    const { key } = collection;
    const left = (this.#collections?.get(key) ?? []).filter((other) => other !== collection);
    if (left.length > 0) this.#collections?.set(key, left);
    else this.#collections?.delete(key);
  }
}
