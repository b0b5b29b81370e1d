import { IPV6_HEADER, readNextHeader } from './codec.ts';

/** Extension headers by their protocol numbers (RFC 8200 section 4, IANA "IPv6 Extension Header Types"). */
export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;

/** Options of hop-by-hop and destination headers. */
export const OPTION_PAD1 = 0;
export const OPTION_PADN = 1;
export const OPTION_ROUTER_ALERT = 5;
export const OPTION_JUMBO = 0xc2;

/** The fragment header: next header, reserved, offset and flag, identification (RFC 8200 section 4.5). */
export const FRAGMENT_HEADER = 8;
export const IPV6_MORE_FRAGMENTS = 1;

/** More headers in a row than anybody needs; a host may set a limit (RFC 8504 section 5.3). */
export const MOST_EXTENSIONS = 8;

/** Of every extension header but the fragment header: its length in bytes, by its second byte. */
export const readExtensionLength = (view: DataView, at: number): number => (view.getUint8(at + 1) + 1) * 8;
/** Where in the whole packet's fragmentable part this piece begins, in bytes. @param at of the fragment header. */
export const readFragmentOffset6 = (view: DataView, at: number): number => view.getUint16(at + 2) & 0xfff8;
export const hasMoreFragments6 = (view: DataView, at: number): boolean =>
  (view.getUint8(at + 3) & IPV6_MORE_FRAGMENTS) !== 0;
export const readFragmentId = (view: DataView, at: number): number => view.getUint32(at + 4);

/** @param offset in bytes, a multiple of 8. */
export function writeFragmentHeader(
  view: DataView,
  at: number,
  nextHeader: number,
  offset: number,
  more: boolean,
  identification: number,
): void {
  view.setUint16(at, nextHeader << 8);
  view.setUint16(at + 2, offset | (more ? IPV6_MORE_FRAGMENTS : 0));
  view.setUint32(at + 4, identification);
}

/** A hop-by-hop header of 8 bytes that has routers look at the packet (RFC 2711), as MLD's have. */
export function writeRouterAlert(view: DataView, at: number, nextHeader: number): void {
  view.setUint16(at, nextHeader << 8);
  view.setUint32(at + 2, 0x0502_0000);
  view.setUint16(at + 6, 0x0100);
}

/** Where a packet's payload begins, behind all extension headers. */
export interface UpperLayer {
  /** -1 when the chain is broken or cut off. */
  protocol: number;
  at: number;
  /** It is a fragment other than the first: what stands at `at` is not the payload's beginning. */
  laterFragment: boolean;
  /** Where its routing header stands; -1 for none. */
  routing: number;
}

/** Finds the upper layer of a packet without acting on its headers, as for one that an error quotes (`ipv6_skip_exthdr`). */
export function findUpperLayer(view: DataView, at: number, end: number, into: UpperLayer): UpperLayer {
  let protocol = readNextHeader(view, at);
  let next = at + IPV6_HEADER;
  into.laterFragment = false;
  into.routing = -1;
  for (let n = 0; isExtension(protocol); n++) {
    if (n > MOST_EXTENSIONS || next + 8 > end) {
      protocol = -1;
      break;
    }
    if (protocol === FRAGMENT && readFragmentOffset6(view, next) !== 0) into.laterFragment = true;
    if (protocol === ROUTING) into.routing = next;
    const length = lengthOf(protocol, view, next);
    protocol = view.getUint8(next);
    next += length;
    if (into.laterFragment) break;
  }
  into.protocol = next > end || protocol === NO_NEXT_HEADER ? -1 : protocol;
  into.at = next;
  return into;
}

export const isExtension = (protocol: number): boolean =>
  protocol === HOP_BY_HOP ||
  protocol === ROUTING ||
  protocol === FRAGMENT ||
  protocol === AUTHENTICATION ||
  protocol === DESTINATION_OPTIONS;

function lengthOf(protocol: number, view: DataView, at: number): number {
  if (protocol === FRAGMENT) return FRAGMENT_HEADER;
  // In units of 4 bytes, less 2 (RFC 4302 section 2.2).
  if (protocol === AUTHENTICATION) return (view.getUint8(at + 1) + 2) * 4;
  return readExtensionLength(view, at);
}

/** What becomes of a packet by an option of it. */
export interface OptionVerdict {
  /** Why it is dropped; null when it goes on. */
  reason: string | null;
  /** Where the option stands that its sender is told of, or -1: nobody is told. */
  pointer: number;
  /** Routers are to look at it. */
  routerAlert: boolean;
}

/** Linux's limits: as many options as `max_hbh_opts_number` and `max_dst_opts_number` say, and no long padding or such that hides something (RFC 4942 section 2.1.9.5). */
const MOST_OPTIONS = 8;
const MOST_PADDING = 7;

/**
 * Looks through the options of a hop-by-hop or destination header, `length` bytes from `at` on (RFC 8200 section 4.2,
 * `ip6_parse_tlv`). @param multicast the packet went to a group: then fewer errors are told.
 */
export function judgeOptions(
  view: DataView,
  at: number,
  length: number,
  hopByHop: boolean,
  multicast: boolean,
  verdict: OptionVerdict,
): OptionVerdict {
  verdict.reason = null;
  verdict.pointer = -1;
  verdict.routerAlert = false;
  const end = at + length;
  let options = 0;
  let padding = 0;
  for (let here = at + 2; here < end; ) {
    const type = view.getUint8(here);
    if (type === OPTION_PAD1) {
      if (++padding > MOST_PADDING) return refuse(verdict, 'ipv6.option-padding');
      here++;
      continue;
    }
    if (here + 2 > end) return refuse(verdict, 'ipv6.option-length');
    const size = 2 + view.getUint8(here + 1);
    if (here + size > end) return refuse(verdict, 'ipv6.option-length');
    if (type === OPTION_PADN) {
      padding += size;
      for (let i = here + 2; i < here + size; i++) if (view.getUint8(i) !== 0) padding = MOST_PADDING + 1;
      if (padding > MOST_PADDING) return refuse(verdict, 'ipv6.option-padding');
    } else {
      padding = 0;
      if (++options > MOST_OPTIONS) return refuse(verdict, 'ipv6.too-many-options');
      if (hopByHop && type === OPTION_ROUTER_ALERT && size === 4) verdict.routerAlert = true;
      else if (hopByHop && type === OPTION_JUMBO) return refuse(verdict, 'ipv6.jumbogram', here);
      else if (type >>> 6 !== 0) {
        const told = type >>> 6 === 2 || (type >>> 6 === 3 && !multicast);
        return refuse(verdict, 'ipv6.option', told ? here : -1);
      }
    }
    here += size;
  }
  return verdict;
}

function refuse(verdict: OptionVerdict, reason: string, pointer = -1): OptionVerdict {
  verdict.reason = reason;
  verdict.pointer = pointer;
  return verdict;
}
