import type { Frame } from '../../1-physical/index.ts';
import {
  CODE6_HEADER_FIELD,
  CODE6_INCOMPLETE_CHAIN,
  CODE6_NEXT_HEADER,
  CODE6_OPTION,
  ICMPV6_PARAMETER_PROBLEM,
} from '../icmpv6/codec.ts';
import { type Ipv6Address, isMulticast6 } from './address.ts';
import { IPV6_HEADER, IPV6_NEXT_HEADER, IPV6_PAYLOAD_LENGTH, readNextHeader } from './codec.ts';
import { type ExtensionHeader, SEGMENT_ROUTING, SEGMENTS_LEFT, toNextSegment } from './extension-headers.ts';
import {
  DESTINATION_OPTIONS,
  FRAGMENT,
  FRAGMENT_HEADER,
  findUpperLayer,
  HOP_BY_HOP,
  hasMoreFragments6,
  judgeOptions,
  MOST_EXTENSIONS,
  NO_NEXT_HEADER,
  type OptionVerdict,
  ROUTING,
  readExtensionLength,
  readFragmentOffset6,
  type UpperLayer,
} from './extensions.ts';
import type { Ipv6Interface } from './interface.ts';
import type { PacketPath } from './reports.ts';

/** A packet that ends here: it was dropped, and its sender told where that is due. */
const DROPPED = -1;

/**
 * The extension headers of packets that came in, one after the other (RFC 8200 section 4). One object for a machine:
 * where a walk ended is read from it at once.
 */
export class HeaderChain {
  /** What `walk` answers for a fragment that is not a whole packet: `at` is its header. */
  static readonly FRAGMENT = -2;
  /** And for one that goes on to the next segment of its route, which is its destination now. */
  static readonly ONWARD = -3;
  /** Where the upper layer begins, and where the number stands that names it. */
  at = 0;
  fieldAt = 0;
  readonly #ip: PacketPath;
  readonly #verdict: OptionVerdict = { reason: null, pointer: -1, routerAlert: false };
  readonly #upper: UpperLayer = { protocol: 0, at: 0, laterFragment: false, routing: -1 };

  constructor(ip: PacketPath) {
    this.#ip = ip;
  }

  /** The hop-by-hop header, which every machine on the way looks at. @returns false when the packet ends here: it was taken over. */
  takeHopByHop(frame: Frame, by: Ipv6Interface, destination: Ipv6Address, group: boolean): boolean {
    return this.#takeOptions(frame, frame.start + IPV6_HEADER, by, destination, group, true);
  }

  /**
   * Goes along the headers of a packet for this machine, the hop-by-hop header having been looked at.
   * @returns the upper layer's protocol; `FRAGMENT`; or what is less: the packet was dropped.
   */
  walk(frame: Frame, by: Ipv6Interface, destination: Ipv6Address, group: boolean): number {
    const { view, start, end } = frame;
    this.fieldAt = start + IPV6_NEXT_HEADER;
    this.at = start + IPV6_HEADER;
    for (let n = 0; n <= MOST_EXTENSIONS; n++) {
      const { at } = this;
      const protocol = view.getUint8(this.fieldAt);
      switch (protocol) {
        case HOP_BY_HOP:
          // Only ever the first (RFC 8200 section 4.1).
          if (at !== start + IPV6_HEADER) return this.#refuse(frame, by, group, 'ipv6.header-order');
          break;
        case DESTINATION_OPTIONS:
          if (!this.#takeOptions(frame, at, by, destination, group, false)) return DROPPED;
          break;
        case ROUTING: {
          const verdict = this.#takeRouting(frame, at, by, destination, group);
          if (verdict < 0) return verdict;
          break;
        }
        case FRAGMENT: {
          if (at + FRAGMENT_HEADER > end) return this.#drop(frame, by, 'ipv6.extension-length');
          // A fragment that is a whole packet is none (RFC 6946).
          if (readFragmentOffset6(view, at) !== 0 || hasMoreFragments6(view, at)) {
            return this.#judgeFragment(frame, at, by, group);
          }
          break;
        }
        case NO_NEXT_HEADER:
          return this.#drop(frame, by, 'ipv6.no-next-header');
        default:
          return protocol;
      }
      this.fieldAt = at;
      this.at = at + (protocol === FRAGMENT ? FRAGMENT_HEADER : readExtensionLength(view, at));
    }
    return this.#drop(frame, by, 'ipv6.too-many-headers');
  }

  /** Copies of the extension headers that the walk has passed, but for fragment headers. @param start of the packet. */
  headers(view: DataView, start: number): ExtensionHeader[] {
    const headers: ExtensionHeader[] = [];
    let protocol = readNextHeader(view, start);
    for (let at = start + IPV6_HEADER; at < this.at; ) {
      const length = protocol === FRAGMENT ? FRAGMENT_HEADER : readExtensionLength(view, at);
      if (protocol !== FRAGMENT) {
        const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
        headers.push({ protocol, bytes });
      }
      protocol = view.getUint8(at);
      at += length;
    }
    return headers;
  }

  /** Nobody reads the protocol that the walk ended at: its sender is told. Takes the frame over. */
  unknown(frame: Frame, by: Ipv6Interface, group: boolean): void {
    this.#refuse(frame, by, group, 'ip.protocol');
  }

  #refuse(frame: Frame, by: Ipv6Interface, group: boolean, reason: string): number {
    this.#tell(CODE6_NEXT_HEADER, this.fieldAt, frame, by, group);
    return this.#drop(frame, by, reason);
  }

  /** What can be told wrong of a fragment by itself (RFC 8200 section 4.5). */
  #judgeFragment(frame: Frame, at: number, by: Ipv6Interface, group: boolean): number {
    const { view, start, end } = frame;
    const offset = readFragmentOffset6(view, at);
    const length = end - at - FRAGMENT_HEADER;
    if (hasMoreFragments6(view, at) && (length & 7) !== 0) {
      this.#ip.counters.InHdrErrors++;
      this.#tell(CODE6_HEADER_FIELD, start + IPV6_PAYLOAD_LENGTH, frame, by, group);
      return this.#drop(frame, by, 'ip.fragment-length');
    }
    if (offset + length > 0xffff) {
      this.#ip.counters.InHdrErrors++;
      this.#tell(CODE6_HEADER_FIELD, at + 2, frame, by, group);
      return this.#drop(frame, by, 'ip.fragment-oversize');
    }
    if (offset === 0 && findUpperLayer(view, start, end, this.#upper).protocol < 0) {
      // All headers must be in the first one (RFC 7112).
      this.#tell(CODE6_INCOMPLETE_CHAIN, start, frame, by, group);
      return this.#drop(frame, by, 'ipv6.incomplete-chain');
    }
    return HeaderChain.FRAGMENT;
  }

  #takeOptions(
    frame: Frame,
    at: number,
    by: Ipv6Interface,
    destination: Ipv6Address,
    group: boolean,
    hopByHop: boolean,
  ): boolean {
    const { view, end } = frame;
    const { counters } = this.#ip;
    if (at + 8 > end || at + readExtensionLength(view, at) > end) {
      counters.InHdrErrors++;
      this.#drop(frame, by, 'ipv6.extension-length');
      return false;
    }
    const length = readExtensionLength(view, at);
    const verdict = judgeOptions(view, at, length, hopByHop, isMulticast6(destination), this.#verdict);
    if (verdict.reason === null) return true;
    counters.InHdrErrors++;
    if (verdict.pointer >= 0) this.#tell(CODE6_OPTION, verdict.pointer, frame, by, group);
    this.#drop(frame, by, verdict.reason);
    return false;
  }

  /**
   * A routing header that asks for more hops is refused: source routes are not taken (RFC 5095), but for those of segment
   * routing where `seg6_enabled` allows it. @returns 0 when it is passed over, `ONWARD` or `DROPPED`.
   */
  #takeRouting(
    frame: Frame,
    at: number,
    by: Ipv6Interface,
    destination: Ipv6Address,
    group: boolean,
  ): number {
    const { view, end } = frame;
    const { counters } = this.#ip;
    if (at + 8 > end || at + readExtensionLength(view, at) > end) {
      counters.InHdrErrors++;
      return this.#drop(frame, by, 'ipv6.extension-length');
    }
    if (group || isMulticast6(destination)) {
      counters.InAddrErrors++;
      return this.#drop(frame, by, 'ipv6.routing-header');
    }
    const segments = view.getUint8(at + 2) === SEGMENT_ROUTING;
    if (segments && !by.takesSegments) return this.#drop(frame, by, 'ipv6.segment-routing-off');
    if (view.getUint8(at + SEGMENTS_LEFT) === 0) return 0;
    if (segments && toNextSegment(view, frame.start, at)) return HeaderChain.ONWARD;
    counters.InHdrErrors++;
    this.#tell(CODE6_HEADER_FIELD, segments ? at + SEGMENTS_LEFT : at + 2, frame, by, group);
    return this.#drop(frame, by, 'ipv6.routing-header');
  }

  #tell(code: number, pointer: number, frame: Frame, by: Ipv6Interface, group: boolean): void {
    const { start } = frame;
    const { reports } = this.#ip;
    reports?.report(ICMPV6_PARAMETER_PROBLEM, code, pointer - start, frame, start, group, by);
  }

  #drop(frame: Frame, by: Ipv6Interface, reason: string): number {
    this.#ip.drop(frame, reason, by);
    return DROPPED;
  }
}
