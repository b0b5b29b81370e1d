import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address } from '../address.ts';
import type { IpCounters } from '../counters.ts';
import { Pieces } from '../fragments.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  hasMoreFragments,
  IPV4_MAX_PACKET,
  readDestination,
  readFragmentOffset,
  readHeaderLength,
  readIdentification,
  readProtocol,
  readSource,
  readTotalLength,
  rewriteFragment,
} from './codec.ts';

/** One packet of which pieces are here. */
class Collection extends Pieces {
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly identification: number;
  readonly protocol: number;

  constructor(frame: Frame) {
    super();
    const { view, start } = frame;
    this.source = readSource(view, start);
    this.destination = readDestination(view, start);
    this.identification = readIdentification(view, start);
    this.protocol = readProtocol(view, start);
  }

  /** Of this source and identification, is it also of this destination and protocol? */
  matches(frame: Frame): boolean {
    const { view, start } = frame;
    return readDestination(view, start) === this.destination && readProtocol(view, start) === this.protocol;
  }
}

export interface ReassemblyOptions {
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  counters: IpCounters;
  /** The first piece of a packet that did not become whole in time; the frame stays ours (RFC 792, code 1). */
  timedOut: (first: Frame) => void;
}

/**
 * Puts fragments together again (RFC 791 section 3.2, RFC 815), as Linux does: a piece that overlaps another
 * gives up the whole packet, one that is there already is dropped (RFC 5722 for IPv6, net/ipv4/ip_fragment.c);
 * what is not whole after `ipfrag_time` is given up, and beyond `ipfrag_high_thresh` bytes no piece is taken.
 */
export class Reassembly {
  /** By source and identification: a number below 2^48. Those few that share it hang in a list. */
  readonly #collections = new Map<number, Collection[]>();
  readonly #options: ReassemblyOptions;
  /** Bytes of slots held in all collections. */
  memory = 0;

  constructor(options: ReassemblyOptions) {
    this.#options = options;
  }

  /**
   * Takes over a fragment for this machine, its checked IP header at `frame.start`, trimmed to the packet's length.
   * @returns the whole packet when this was the last missing piece (header first, no longer a fragment), or null.
   */
  add(frame: Frame, port: string): Frame | null {
    const { counters, sysctl, tracer } = this.#options;
    counters.ReasmReqds++;
    const full = this.memory > sysctl.get('net.ipv4.ipfrag_high_thresh');
    const collection = full ? null : (this.#find(frame) ?? this.#begin(frame));
    if (collection === null) {
      counters.ReasmFails++;
      dropFrame(tracer, port, frame, 'ip.reassembly-memory');
      return null;
    }
    const problem = insert(collection, frame);
    if (problem === 'ip.fragment-duplicate') {
      dropFrame(tracer, port, frame, problem);
      return null;
    }
    if (problem !== null) {
      dropFrame(tracer, port, frame, problem);
      this.#giveUp(collection, problem);
      return null;
    }
    this.memory += frame.bytes.length;
    if (collection.complete) return this.#join(collection);
    collection.timer ??= this.#startTimer(collection, sysctl.get('net.ipv4.ipfrag_time'));
    return null;
  }

  #find(frame: Frame): Collection | null {
    const list = this.#collections.get(keyOf(frame));
    if (list === undefined) return null;
    for (const collection of list) if (collection.matches(frame)) return collection;
    return null;
  }

  #begin(frame: Frame): Collection {
    const collection = new Collection(frame);
    const key = keyOf(frame);
    const list = this.#collections.get(key);
    if (list === undefined) this.#collections.set(key, [collection]);
    else list.push(collection);
    return collection;
  }

  #startTimer(collection: Collection, time: number): TracedTimer {
    const { tracer } = this.#options;
    const from = formatIpv4(collection.source);
    const timer = tracer.timer(
      'ip.reassembly',
      () => `${from} id ${collection.identification}`,
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
    const [first] = collection.frames;
    if (first === undefined) return null;
    const headerLength = readHeaderLength(first.view, first.start);
    const length = headerLength + collection.end;
    if (length > IPV4_MAX_PACKET) {
      this.#giveUp(collection, 'ip.fragment-oversize');
      return null;
    }
    this.#remove(collection);
    const whole = pool.take(length);
    whole.end = HEADROOM + length;
    whole.bytes.set(first.bytes.subarray(first.start, first.start + headerLength), HEADROOM);
    collection.joinInto(whole, HEADROOM + headerLength);
    rewriteFragment(whole.view, HEADROOM, length, 0);
    counters.ReasmOKs++;
    return whole;
  }

  #remove(collection: Collection): void {
    collection.timer?.stop();
    this.memory -= collection.memory;
    const key = collection.source * 0x1_0000 + collection.identification;
    const left = (this.#collections.get(key) ?? []).filter((other) => other !== collection);
    if (left.length > 0) this.#collections.set(key, left);
    else this.#collections.delete(key);
  }
}

const keyOf = (frame: Frame): number =>
  readSource(frame.view, frame.start) * 0x1_0000 + readIdentification(frame.view, frame.start);

/** Puts a piece in its place. @returns null, or why it does not fit; all but a duplicate spoil the packet. */
function insert(collection: Collection, frame: Frame): string | null {
  const { view, start } = frame;
  const begin = readFragmentOffset(view, start);
  const headerLength = readHeaderLength(view, start);
  const more = hasMoreFragments(view, start);
  let end = begin + readTotalLength(view, start) - headerLength;
  if (end + headerLength > IPV4_MAX_PACKET) return 'ip.fragment-oversize';
  // Only the last piece may be of any length; Linux cuts the others to a multiple of 8.
  if (more) end &= ~7;
  return collection.insert(frame, start + headerLength, begin, end, more);
}
