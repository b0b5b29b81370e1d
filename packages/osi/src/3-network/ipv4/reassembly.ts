import { type Frame, HEADROOM } from '../../1-physical/index.ts';
import { formatIpv4, type Ipv4Address } from '../address.ts';
import { Pieces } from '../fragments.ts';
import { Reassembler, type ReassemblerOptions } from '../reassembler.ts';
import {
  addTos,
  hasMoreFragments,
  IPV4_MAX_PACKET,
  readDestination,
  readFragmentOffset,
  readHeaderLength,
  readIdentification,
  readProtocol,
  readSource,
  readTos,
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
    super(keyOf(frame));
    const { view, start } = frame;
    this.source = readSource(view, start);
    this.destination = readDestination(view, start);
    this.identification = readIdentification(view, start);
    this.protocol = readProtocol(view, start);
  }

  get name(): string {
    return `${formatIpv4(this.source)} id ${this.identification}`;
  }

  protected trafficClass({ view, start }: Frame): number {
    return readTos(view, start);
  }

  /** Of this source and identification, is it also of this destination and protocol? */
  matches(frame: Frame): boolean {
    const { view, start } = frame;
    return readDestination(view, start) === this.destination && readProtocol(view, start) === this.protocol;
  }
}

/** Puts fragments together again (RFC 791 section 3.2, RFC 815), as Linux does (net/ipv4/ip_fragment.c). */
export class Reassembly extends Reassembler<Collection> {
  constructor(options: ReassemblerOptions) {
    super(options, { memory: 'net.ipv4.ipfrag_high_thresh', time: 'net.ipv4.ipfrag_time' });
  }

  /**
   * Takes over a fragment for this machine, its checked IP header at `frame.start`, trimmed to the packet's length.
   * @returns the whole packet when this was the last missing piece (header first, no longer a fragment), or null.
   */
  add(frame: Frame, port: string): Frame | null {
    return this.take(frame, frame.start, port, () =>
      this.collection(
        keyOf(frame),
        (collection) => collection.matches(frame),
        () => new Collection(frame),
      ),
    );
  }

  protected insert(collection: Collection, frame: Frame, at: number): string | null {
    const { view } = frame;
    const begin = readFragmentOffset(view, at);
    const headerLength = readHeaderLength(view, at);
    const more = hasMoreFragments(view, at);
    let end = begin + readTotalLength(view, at) - headerLength;
    if (end + headerLength > IPV4_MAX_PACKET) return 'ip.fragment-oversize';
    // Only the last piece may be of any length; Linux cuts the others to a multiple of 8.
    if (more) end &= ~7;
    return collection.insert(frame, at + headerLength, begin, end, more);
  }

  protected join(collection: Collection, marks: number): Frame | null {
    const [first] = collection.frames;
    if (first === undefined) return null;
    const headerLength = readHeaderLength(first.view, first.start);
    const length = headerLength + collection.end;
    if (length > IPV4_MAX_PACKET) return null;
    const whole = this.pool.take(length);
    whole.end = HEADROOM + length;
    whole.bytes.set(first.bytes.subarray(first.start, first.start + headerLength), HEADROOM);
    collection.joinInto(whole, HEADROOM + headerLength);
    addTos(whole.view, HEADROOM, marks);
    rewriteFragment(whole.view, HEADROOM, length, 0);
    return whole;
  }
}

/** Source and identification: a number below 2^48. */
const keyOf = (frame: Frame): number =>
  readSource(frame.view, frame.start) * 0x1_0000 + readIdentification(frame.view, frame.start);
