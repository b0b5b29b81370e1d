import { type Around, type Dissector, hex, type Pen, type Scope, Unreadable } from '../../dissect/pen.ts';
import { pseudoHeaderSum } from '../checksum.ts';
import { codePointOf, ecnOf } from '../ipv4/services.ts';
import { protocolText } from '../protocol-names.ts';
import { readIpv6 } from './address.ts';
import { ipv6Field } from './dissect-address.ts';
import { dissectOptionsHeader } from './dissect-options.ts';
import {
  DESTINATION_OPTIONS,
  FRAGMENT,
  FRAGMENT_HEADER,
  HOP_BY_HOP,
  NO_NEXT_HEADER,
  ROUTING,
} from './extensions.ts';

const HEADER = 40;

/** Where the reading of the chain of headers stands. */
interface Chain {
  next: number;
  at: number;
  /** One past the last byte that counts as the packet's header in Wireshark. */
  covered: number;
  fragment: boolean;
  laterFragment: boolean;
}

/** The Internet Protocol, version 6, with its extension headers (RFC 8200). */
export const dissectIpv6: Dissector = (scope, start, end, around) => {
  const pen = scope.protocol(
    'ipv6',
    'IPv6',
    'Internet Protocol Version 6',
    3,
    start,
    Math.min(HEADER, end - start),
  );
  pen.end = end;
  const version = pen.bits('ipv6.version', 'Version', start, 1, 0, 4);
  if (version.field.value !== 6) {
    throw new Unreadable(start, `Version is ${version.field.value}, but the Ethernet type announced IPv6`);
  }
  trafficClass(pen, start);
  const flow = pen.bits('ipv6.flow', 'Flow Label', start + 1, 3, 4, 20);
  flow.text(hex(flow.field.value as number, 5));
  const length = pen.number('ipv6.plen', 'Payload Length', start + 4, 2).field.value as number;
  const next = nextHeader(pen, 'ipv6.nxt', 'Next Header', start + 6);
  pen.number('ipv6.hlim', 'Hop Limit', start + 7, 1);
  const source = ipv6Field(scope, pen, 'ipv6.src', 'Source Address', start + 8);
  stationOf(scope, pen, 'src', 'Source', start + 8);
  const destination = ipv6Field(scope, pen, 'ipv6.dst', 'Destination Address', start + 24);
  stationOf(scope, pen, 'dst', 'Destination', start + 24);
  pen.text(`Src: ${source.field.value}, Dst: ${destination.field.value}`);

  const stop = Math.min(start + HEADER + length, end);
  const chain: Chain = {
    next,
    at: start + HEADER,
    covered: start + HEADER,
    fragment: false,
    laterFragment: false,
  };
  while (!chain.laterFragment && chain.at < stop && extension(scope, pen, chain, stop));
  pen.cover(chain.covered - start);
  if (chain.at >= stop || chain.next === NO_NEXT_HEADER) return stop;

  const from = readIpv6(scope.view, start + 8);
  const to = readIpv6(scope.view, start + 24);
  const upward: Around = {
    pseudoHeader: (size) => pseudoHeaderSum(from, to, chain.next, size),
    claimed: around.quoted ? start + HEADER + length - chain.at : stop - chain.at,
    fragment: chain.fragment,
    quoted: around.quoted,
  };
  const unread = chain.laterFragment || scope.hand('ip.proto', chain.next, chain.at, stop, upward) === null;
  if (unread) scope.data(4, chain.at, stop);
  return stop;
};

function trafficClass(pen: Pen, at: number): void {
  const field = pen.bits('ipv6.tclass', 'Traffic Class', at, 4, 4, 8);
  const byte = field.field.value as number;
  const [brief, full] = codePointOf(byte);
  const [ecnBrief, ecnFull] = ecnOf(byte);
  field.text(`${hex(byte, 2)} (DSCP: ${brief}, ECN: ${ecnBrief})`);
  field.bits('ipv6.tclass.dscp', 'Differentiated Services Codepoint', at, 4, 4, 6, `${full} (${byte >> 2})`);
  field.bits('ipv6.tclass.ecn', 'Explicit Congestion Notification', at, 4, 10, 2, `${ecnFull} (${byte & 3})`);
}

function nextHeader(pen: Pen, name: string, label: string, at: number): number {
  const field = pen.number(name, label, at, 1);
  const protocol = field.field.value as number;
  field.text(protocolText(protocol));
  return protocol;
}

/** The MAC address that an interface identifier was made of (RFC 4291 appendix A), unless it is a local one, as Wireshark has it. */
function stationOf(scope: Scope, pen: Pen, which: string, label: string, at: number): void {
  const bytes = scope.bytes.subarray(at + 8, at + 16);
  const universal = ((bytes[0] ?? 0) & 2) !== 0;
  if (!universal || bytes[3] !== 0xff || bytes[4] !== 0xfe || scope.bytes[at] === 0xff) return;
  const mac = [(bytes[0] ?? 0) ^ 2, bytes[1], bytes[2], bytes[5], bytes[6], bytes[7]]
    .map((byte) => (byte ?? 0).toString(16).padStart(2, '0'))
    .join(':');
  pen.made(`ipv6.${which}_slaac_mac`, `${label} SLAAC MAC`, mac, at + 8, mac, 8);
}

/** Reads one extension header. @returns whether there was one. */
function extension(scope: Scope, pen: Pen, chain: Chain, stop: number): boolean {
  switch (chain.next) {
    case HOP_BY_HOP:
      step(chain, dissectOptionsHeader(scope, pen, 'ipv6.hopopts', 'IPv6 Hop-by-Hop Option', chain.at, stop));
      return true;
    case DESTINATION_OPTIONS:
      step(
        chain,
        dissectOptionsHeader(scope, pen, 'ipv6.dstopts', 'Destination Options for IPv6', chain.at, stop),
      );
      return true;
    case FRAGMENT:
      fragmentHeader(pen, chain);
      return true;
    case ROUTING:
      step(chain, routingHeader(pen, chain.at));
      return true;
    default:
      return false;
  }
}

function step(chain: Chain, { next, length }: { next: number; length: number }): void {
  chain.next = next;
  chain.at += length;
  chain.covered = chain.at;
}

function fragmentHeader(pen: Pen, chain: Chain): void {
  const { at } = chain;
  const header = pen.raw('ipv6.fraghdr', 'Fragment Header for IPv6', at, FRAGMENT_HEADER, '');
  const next = nextHeader(header, 'ipv6.fraghdr.nxt', 'Next header', at);
  const reserved = header.number('ipv6.fraghdr.reserved_octet', 'Reserved octet', at + 1, 1);
  reserved.text(hex(reserved.field.value as number, 2));
  const offset = header.bits('ipv6.fraghdr.offset', 'Offset', at + 2, 2, 0, 13);
  const units = offset.field.value as number;
  offset.text(`${units} (${units * 8} bytes)`);
  header.bits('ipv6.fraghdr.reserved_bits', 'Reserved bits', at + 2, 2, 13, 2);
  const word = { bitOffset: (at + 2) * 8, bitLength: 16 };
  const more = header.flag('ipv6.fraghdr.more', 'More Fragments', word, 15, 'Yes', 'No');
  const id = header.number('ipv6.fraghdr.ident', 'Identification', at + 4, 4);
  id.text(hex(id.field.value as number, 8));
  const { covered } = chain;
  step(chain, { next, length: FRAGMENT_HEADER });
  chain.laterFragment = units > 0;
  chain.fragment ||= units > 0 || more.field.value === 1;
  // Wireshark leaves the header of a later fragment out of the packet's.
  if (units > 0) chain.covered = covered;
}

/** Only its kind: what is in it no machine here acts upon. */
function routingHeader(pen: Pen, at: number): { next: number; length: number } {
  const octets = pen.number('ipv6.routing.len', 'Length', at + 1, 1);
  const length = ((octets.field.value as number) + 1) * 8;
  const header = pen.raw('ipv6.routing', 'Routing Header for IPv6', at, length, '');
  return { next: nextHeader(header, 'ipv6.routing.nxt', 'Next Header', at), length };
}
