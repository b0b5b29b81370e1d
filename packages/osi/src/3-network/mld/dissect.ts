import { hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { codeValue } from '../groups/code-value.ts';
import { ipv6Field } from '../ipv6/dissect-address.ts';
import { readResponseDelay } from './codec.ts';

const RECORDS = [
  '',
  'Include',
  'Exclude',
  'Changed to include',
  'Changed to exclude',
  'Allow new sources',
  'Block old sources',
];

/** A version 1 query, report or done, behind the checksum (RFC 2710 section 3). */
export function dissectMldV1(scope: Scope, pen: Pen, start: number): void {
  pen.number('icmpv6.mld.maximum_response_delay', 'Maximum Response Delay [ms]', start + 4, 2);
  pen.raw('icmpv6.reserved', 'Reserved', start + 6, 2);
  ipv6Field(scope, pen, 'icmpv6.mld.multicast_address', 'Multicast Address', start + 8);
}

/** A version 2 query (RFC 3810 section 5.1). */
export function dissectMldQuery(scope: Scope, pen: Pen, start: number): void {
  const response = pen.number('icmpv6.mld.maximum_response_code', 'Maximum Response Code', start + 4, 2);
  const delay = readResponseDelay(scope.view, start);
  response.show(delay, String(delay));
  pen.raw('icmpv6.reserved', 'Reserved', start + 6, 2);
  ipv6Field(scope, pen, 'icmpv6.mld.multicast_address', 'Multicast Address', start + 8);
  const flags = pen.number('icmpv6.mld.flag', 'Flags', start + 24, 1);
  const byte = flags.field.value as number;
  flags.text(`${hex(byte, 2)}${byte & 8 ? ', Suppress Router-Side Processing' : ''}`);
  const bits = { bitOffset: (start + 24) * 8, bitLength: 8 };
  flags.flag('icmpv6.mld.flag.s', 'Suppress Router-Side Processing', bits, 4, 'True', 'False');
  flags.part('icmpv6.mld.flag.qrv', "QRV (Querier's Robustness Variable)", bits, 5, 3);
  flags.part('icmpv6.mld.flag.reserved', 'Reserved', bits, 0, 4);
  const interval = pen.number('icmpv6.mld.qqi', "QQIC (Querier's Query Interval Code)", start + 25, 1);
  const seconds = codeValue(interval.field.value as number);
  interval.show(seconds, String(seconds));
  const count = pen.number('icmpv6.mld.nb_sources', 'Number of Sources', start + 26, 2).field.value as number;
  for (let i = 0; i < count; i++)
    ipv6Field(scope, pen, 'icmpv6.mld.source_address', 'Source Address', start + 28 + 16 * i);
}

/** A version 2 report (RFC 3810 section 5.2). */
export function dissectMldReport(scope: Scope, pen: Pen, start: number): void {
  pen.raw('icmpv6.reserved', 'Reserved', start + 4, 2);
  const label = 'Number of Multicast Address Records';
  const count = pen.number('icmpv6.mldr.nb_mcast_records', label, start + 6, 2).field.value as number;
  let at = start + 8;
  for (let i = 0; i < count; i++) at = record(scope, pen, at);
}

/** @returns where the record ends. */
function record(scope: Scope, pen: Pen, start: number): number {
  const one = pen.raw('icmpv6.mldr.mar', 'Multicast Address Record', start, 20, '');
  const type = one.number('icmpv6.mldr.mar.record_type', 'Record Type', start, 1);
  const name = RECORDS[type.field.value as number] || 'Unknown';
  type.text(`${name} (${type.field.value})`);
  const words = one.number('icmpv6.mldr.mar.aux_data_len', 'Aux Data Len', start + 1, 1).field
    .value as number;
  const sources = one.number('icmpv6.mldr.mar.nb_sources', 'Number of Sources', start + 2, 2).field
    .value as number;
  const group = ipv6Field(scope, one, 'icmpv6.mldr.mar.multicast_address', 'Multicast Address', start + 4);
  let at = start + 20;
  for (let i = 0; i < sources; i++, at += 16)
    ipv6Field(scope, one, 'icmpv6.mldr.mar.source_address', 'Source Address', at);
  if (words > 0) one.raw('icmpv6.mldr.mar.auxiliary_data', 'Auxiliary Data', at, 4 * words);
  at += 4 * words;
  one.label(`Multicast Address Record ${name}`);
  one.cover(at - start);
  one.show(scope.bytes.subarray(start, at), group.field.text);
  return at;
}
