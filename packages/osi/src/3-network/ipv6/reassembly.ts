import { type Frame, HEADROOM } from '../../1-physical/index.ts';
import { Pieces } from '../fragments.ts';
import { Reassembler, type ReassemblerOptions } from '../reassembler.ts';
import type { Ipv6Address } from './address.ts';
import {
  addTrafficClass,
  IPV6_HEADER,
  IPV6_MAX_PACKET,
  readDestination,
  readSource,
  readTrafficClass,
  writePayloadLength,
} from './codec.ts';
import { FRAGMENT_HEADER, hasMoreFragments6, readFragmentId, readFragmentOffset6 } from './extensions.ts';

/** One packet of which pieces are here. */
class Collection extends Pieces {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly identification: number;
  /** Of the first piece: where the header field stands that names the fragment header, and how long what is before it is. */
  fieldAt = 0;
  unfragmentable = IPV6_HEADER;
  nextHeader = 0;

  constructor(source: Ipv6Address, destination: Ipv6Address, identification: number) {
    super(keyOf(source, destination, identification));
    this.source = source;
    this.destination = destination;
    this.identification = identification;
  }

  get name(): string {
    return `${this.source.text} id ${this.identification}`;
  }

  protected trafficClass({ view, start }: Frame): number {
    return readTrafficClass(view, start);
  }

  is(source: Ipv6Address, destination: Ipv6Address, identification: number): boolean {
    return (
      this.identification === identification &&
      this.source.equals(source) &&
      this.destination.equals(destination)
    );
  }
}

/** Puts fragments together again (RFC 8200 section 4.5), as Linux does (net/ipv6/reassembly.c). */
export class Reassembly6 extends Reassembler<Collection> {
  /** Of the fragment that is being taken: where the field stands that names its header. */
  #fieldAt = 0;

  constructor(options: ReassemblerOptions) {
    super(options, { memory: 'net.ipv6.ip6frag_high_thresh', time: 'net.ipv6.ip6frag_time' });
  }

  /**
   * Takes over a fragment for this machine, its IPv6 header at `frame.start`, its fragment header at `at`.
   * @param fieldAt where the "next header" stands that names the fragment header. @param link the interface's number.
   * @returns the whole packet without the fragment header when this was the last missing piece, or null.
   */
  add(frame: Frame, at: number, fieldAt: number, link: number, port: string): Frame | null {
    const { view, start } = frame;
    this.#fieldAt = fieldAt;
    return this.take(frame, at, port, () => {
      const source = readSource(view, start, link);
      const destination = readDestination(view, start, link);
      const identification = readFragmentId(view, at);
      return this.collection(
        keyOf(source, destination, identification),
        (each) => each.is(source, destination, identification),
        () => new Collection(source, destination, identification),
      );
    });
  }

  protected insert(collection: Collection, frame: Frame, at: number): string | null {
    const { view, start } = frame;
    const payload = at + FRAGMENT_HEADER;
    const begin = readFragmentOffset6(view, at);
    const end = begin + frame.end - payload;
    const problem = collection.insert(frame, payload, begin, end, hasMoreFragments6(view, at));
    if (problem === null && begin === 0) {
      collection.fieldAt = this.#fieldAt - start;
      collection.unfragmentable = at - start;
      collection.nextHeader = view.getUint8(at);
    }
    return problem;
  }

  protected join(collection: Collection, marks: number): Frame | null {
    const { unfragmentable } = collection;
    const [first] = collection.frames;
    const length = unfragmentable + collection.end;
    if (first === undefined || length > IPV6_MAX_PACKET) return null;
    const whole = this.pool.take(length);
    whole.end = HEADROOM + length;
    whole.bytes.set(first.bytes.subarray(first.start, first.start + unfragmentable), HEADROOM);
    collection.joinInto(whole, HEADROOM + unfragmentable);
    whole.view.setUint8(HEADROOM + collection.fieldAt, collection.nextHeader);
    addTrafficClass(whole.view, HEADROOM, marks);
    writePayloadLength(whole.view, HEADROOM, length - IPV6_HEADER);
    return whole;
  }
}

const keyOf = (source: Ipv6Address, destination: Ipv6Address, identification: number): number =>
  Math.imul(source.hash ^ identification, 0x9e3779b1) ^ destination.hash;
