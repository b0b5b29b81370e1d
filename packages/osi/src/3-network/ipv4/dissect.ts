import {
  type Around,
  count,
  type Dissector,
  hex,
  type Pen,
  type Scope,
  Unreadable,
} from '../../dissect/pen.ts';
import { checksumOf, pseudoHeaderSum, sumBytes } from '../checksum.ts';
import { protocolText } from '../protocol-names.ts';
import { dissectOptions } from './dissect-options.ts';
import { codePointOf, ecnOf } from './services.ts';

const HEADER = 20;

/** The Internet Protocol, version 4 (RFC 791). */
export const dissectIpv4: Dissector = (scope, start, end, around) => {
  const available = end - start;
  const headerLength = start < end ? ((scope.bytes[start] as number) & 15) * 4 : HEADER;
  const pen = scope.protocol(
    'ip',
    'IPv4',
    'Internet Protocol Version 4',
    3,
    start,
    Math.min(headerLength, available),
  );
  pen.end = end;
  const version = pen.bits('ip.version', 'Version', start, 1, 0, 4);
  const length = pen.bits('ip.hdr_len', 'Header Length', start, 1, 4, 4);
  length.show(headerLength, `${headerLength} bytes (${headerLength / 4})`);
  if (version.field.value !== 4) {
    throw new Unreadable(start, `Version is ${version.field.value}, but the Ethernet type announced IPv4`);
  }
  if (headerLength < HEADER) {
    throw new Unreadable(
      start,
      `Header Length says ${headerLength} bytes, but an IPv4 header has at least ${HEADER}`,
    );
  }
  services(pen, start + 1);
  const total = pen.number('ip.len', 'Total Length', start + 2, 2);
  const totalLength = total.field.value as number;
  if (totalLength < headerLength) {
    total.text(`${totalLength} bytes (bogus, less than header length ${headerLength})`);
    throw new Unreadable(
      start + 2,
      `Total Length says ${totalLength} bytes, but the header alone has ${headerLength}`,
    );
  }
  const stop = Math.min(start + totalLength, end);
  pen.number('ip.id', 'Identification', start + 4, 2).hexAndDecimal(4);
  const { more, offset } = fragmentation(pen, start + 6);
  pen.number('ip.ttl', 'Time to Live', start + 8, 1);
  const proto = pen.number('ip.proto', 'Protocol', start + 9, 1);
  const protocol = proto.field.value as number;
  proto.text(protocolText(protocol));
  checksum(scope, pen, start, headerLength, end);
  const source = pen.ipv4('ip.src', 'Source Address', start + 12);
  const destination = pen.ipv4('ip.dst', 'Destination Address', start + 16);
  pen.text(`Src: ${source.field.value}, Dst: ${destination.field.value}`);
  let last = scope.view.getUint32(start + 16);
  if (headerLength > HEADER) {
    last = dissectOptions(scope, pen, destination, start + HEADER, start + headerLength) ?? last;
  }

  const payload = start + headerLength;
  const from = scope.view.getUint32(start + 12);
  const to = last;
  const upward: Around = {
    pseudoHeader: (size) => pseudoHeaderSum(from, to, protocol, size),
    claimed: around.quoted ? totalLength - headerLength : stop - payload,
    fragment: more,
    quoted: around.quoted,
  };
  if (payload >= stop) return stop;
  if (offset > 0 || scope.hand('ip.proto', protocol, payload, stop, upward) === null)
    scope.data(4, payload, stop);
  return stop;
};

function services(pen: Pen, at: number): void {
  const field = pen.number('ip.dsfield', 'Differentiated Services Field', at, 1);
  const byte = field.field.value as number;
  const [brief, full] = codePointOf(byte);
  const [ecnBrief, ecnFull] = ecnOf(byte);
  field.text(`${hex(byte, 2)} (DSCP: ${brief}, ECN: ${ecnBrief})`);
  field.bits('ip.dsfield.dscp', 'Differentiated Services Codepoint', at, 1, 0, 6, `${full} (${byte >> 2})`);
  field.bits('ip.dsfield.ecn', 'Explicit Congestion Notification', at, 1, 6, 2, `${ecnFull} (${byte & 3})`);
}

function fragmentation(pen: Pen, at: number): { more: boolean; offset: number } {
  const flags = pen.bits('ip.flags', 'Flags', at, 1, 0, 3);
  const bits = flags.field.value as number;
  const words = ['Reserved bit', "Don't fragment", 'More fragments'].filter((_, i) => bits & (4 >> i));
  flags.text([`0x${bits}`, ...words].join(', '));
  const byte = { bitOffset: at * 8, bitLength: 8 };
  flags.flag('ip.flags.rb', 'Reserved bit', byte, 0);
  flags.flag('ip.flags.df', "Don't fragment", byte, 1);
  flags.flag('ip.flags.mf', 'More fragments', byte, 2);
  const field = pen.bits('ip.frag_offset', 'Fragment Offset', at, 2, 3, 13);
  const offset = (field.field.value as number) * 8;
  field.text(String(offset));
  return { more: (bits & 1) === 1, offset };
}

function checksum(scope: Scope, pen: Pen, start: number, headerLength: number, end: number): void {
  const at = start + 10;
  let right: number | null = null;
  if (start + headerLength <= end) {
    const found = scope.view.getUint16(at);
    right = checksumOf(sumBytes(scope.view, start, start + headerLength, 0xffff - found));
  }
  const { status } = pen.checksum(
    'ip.checksum',
    'Header Checksum',
    at,
    right ?? `not all of the ${count(headerLength, 'byte')} are there`,
  );
  pen.status('ip.checksum.status', 'Header checksum status', at, status);
  if (right !== null) pen.made('ip.checksum_calculated', 'Calculated Checksum', right, at, hex(right, 4), 2);
}
