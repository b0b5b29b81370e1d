import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { Pieces } from '../fragments.ts';
import type { Sysctl } from '../sysctl.ts';
import type { Ipv6Address } from './address.ts';
import { IPV6_HEADER, IPV6_MAX_PACKET, readDestination, readSource, writePayloadLength } from './codec.ts';
import type { Ip6Counters } from './counters.ts';
import { FRAGMENT_HEADER, hasMoreFragments6, readFragmentId, readFragmentOffset6 } from './extensions.ts';

/** One packet of which pieces are here. */
class Collection extends Pieces {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly identification: number;
  readonly key: number;
  /** Of the first piece: where the header field stands that names the fragment header, and how long what is before it is. */
  fieldAt = 0;
  unfragmentable = IPV6_HEADER;
  nextHeader = 0;

  constructor(source: Ipv6Address, destination: Ipv6Address, identification: number) {
    super();
    this.source = source;
    this.destination = destination;
    this.identification = identification;
    this.key = keyOf(source, destination, identification);
  }
}

export interface Reassembly6Options {
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  counters: Ip6Counters;
  /** The first piece of a packet that did not become whole in time; the frame stays ours (RFC 4443 section 3.3, code 1). */
  timedOut: (first: Frame) => void;
}

/**
 * Puts fragments together again (RFC 8200 section 4.5) as Linux does: a piece that overlaps another gives up the whole
 * packet (RFC 5722), one that is there already is dropped; what is not whole after `ip6frag_time` is given up, and
 * beyond `ip6frag_high_thresh` bytes no piece is taken.
 */
export class Reassembly6 {
  readonly #collections = new Map<number, Collection[]>();
  readonly #options: Reassembly6Options;
  /** Bytes of slots held in all collections. */
  memory = 0;

  constructor(options: Reassembly6Options) {
    this.#options = options;
  }

  /**
   * Takes over a fragment for this machine, its IPv6 header at `frame.start`, its fragment header at `at`.
   * @param fieldAt where the "next header" stands that names the fragment header. @param link the interface's number.
   * @returns the whole packet without the fragment header when this was the last missing piece, or null.
   */
  add(frame: Frame, at: number, fieldAt: number, link: number, port: string): Frame | null {
    const { counters, sysctl, tracer } = this.#options;
    const { view, start } = frame;
    counters.ReasmReqds++;
    const full = this.memory > sysctl.get('net.ipv6.ip6frag_high_thresh');
    const collection = full ? null : this.#collection(frame, at, link);
    if (collection === null) {
      counters.ReasmFails++;
      dropFrame(tracer, port, frame, 'ip.reassembly-memory');
      return null;
    }
    const payload = at + FRAGMENT_HEADER;
    const begin = readFragmentOffset6(view, at);
    const end = begin + frame.end - payload;
    const before = collection.memory;
    const problem = collection.insert(frame, payload, begin, end, hasMoreFragments6(view, at));
    if (problem !== null) {
      dropFrame(tracer, port, frame, problem);
      if (problem !== 'ip.fragment-duplicate') this.#giveUp(collection, problem);
      return null;
    }
    this.memory += collection.memory - before;
    if (begin === 0) {
      collection.fieldAt = fieldAt - start;
      collection.unfragmentable = at - start;
      collection.nextHeader = view.getUint8(at);
    }
    if (collection.complete) return this.#join(collection);
    collection.timer ??= this.#startTimer(collection, sysctl.get('net.ipv6.ip6frag_time'));
    return null;
  }

  #collection(frame: Frame, at: number, link: number): Collection {
    const { view, start } = frame;
    const source = readSource(view, start, link);
    const destination = readDestination(view, start, link);
    const identification = readFragmentId(view, at);
    const key = keyOf(source, destination, identification);
    const list = this.#collections.get(key);
    const known = list?.find(
      (each) =>
        each.identification === identification &&
        each.source.equals(source) &&
        each.destination.equals(destination),
    );
    if (known !== undefined) return known;
    const collection = new Collection(source, destination, identification);
    if (list === undefined) this.#collections.set(key, [collection]);
    else list.push(collection);
    return collection;
  }

  #startTimer(collection: Collection, time: number): TracedTimer {
    const timer = this.#options.tracer.timer(
      'ip.reassembly',
      () => `${collection.source.text} id ${collection.identification}`,
      () => this.#expire(collection),
    );
    timer.start(seconds(time));
    return timer;
  }

  #expire(collection: Collection): void {
    const { counters, timedOut } = this.#options;
    counters.ReasmTimeout++;
    const first = collection.begins[0] === 0 ? collection.frames[0] : undefined;
    if (first !== undefined) timedOut(first);
    this.#giveUp(collection, 'ip.reassembly-timeout');
  }

  #giveUp(collection: Collection, reason: string): void {
    const { counters, tracer } = this.#options;
    counters.ReasmFails++;
    this.#remove(collection);
    for (const frame of collection.frames) dropFrame(tracer, '', frame, reason);
  }

  #join(collection: Collection): Frame | null {
    const { counters, pool } = this.#options;
    const { unfragmentable } = collection;
    const [first] = collection.frames;
    const length = unfragmentable + collection.end;
    if (first === undefined || length > IPV6_MAX_PACKET) {
      this.#giveUp(collection, 'ip.fragment-oversize');
      return null;
    }
    this.#remove(collection);
    const whole = pool.take(length);
    whole.end = HEADROOM + length;
    whole.bytes.set(first.bytes.subarray(first.start, first.start + unfragmentable), HEADROOM);
    collection.joinInto(whole, HEADROOM + unfragmentable);
    whole.view.setUint8(HEADROOM + collection.fieldAt, collection.nextHeader);
    writePayloadLength(whole.view, HEADROOM, length - IPV6_HEADER);
    counters.ReasmOKs++;
    return whole;
  }

  #remove(collection: Collection): void {
    collection.timer?.stop();
    this.memory -= collection.memory;
    const left = (this.#collections.get(collection.key) ?? []).filter((other) => other !== collection);
    if (left.length > 0) this.#collections.set(collection.key, left);
    else this.#collections.delete(collection.key);
  }
}

const keyOf = (source: Ipv6Address, destination: Ipv6Address, identification: number): number =>
  Math.imul(source.hash ^ identification, 0x9e3779b1) ^ destination.hash;
