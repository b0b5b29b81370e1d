import { type Dissector, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { checksumOf, sumBytes } from '../checksum.ts';
import { codeValue } from '../groups/code-value.ts';

const QUERY = 0x11;
const REPORT_V1 = 0x12;
const REPORT_V2 = 0x16;
const LEAVE = 0x17;
const REPORT_V3 = 0x22;

const TYPES = new Map([
  [QUERY, 'Membership Query'],
  [REPORT_V1, 'Membership Report'],
  [REPORT_V2, 'Membership Report'],
  [LEAVE, 'Leave Group'],
  [REPORT_V3, 'Membership Report'],
]);

const RECORDS = [
  '',
  'Mode Is Include',
  'Mode Is Exclude',
  'Change To Include Mode',
  'Change To Exclude Mode',
  'Allow New Sources',
  'Block Old Sources',
];

/** The Internet Group Management Protocol, versions 1 to 3 (RFC 1112, 2236, 3376): the type and the length tell which. */
export const dissectIgmp: Dissector = (scope, start, end) => {
  const pen = scope.protocol('igmp', 'IGMP', 'Internet Group Management Protocol', 3, start, end - start);
  pen.end = end;
  const type = start < end ? scope.view.getUint8(start) : 0;
  const version = versionOf(scope, type, start, end);
  if (version !== null) pen.made('igmp.version', 'IGMP Version', version, start);
  pen.number('igmp.type', 'Type', start, 1, `${TYPES.get(type) ?? 'Unknown'} (${hex(type, 2)})`);
  if (version === null) {
    if (start + 1 < end) pen.raw('igmp.data', 'Data', start + 1, end - start - 1);
    return end;
  }
  if (version === 1 || type === REPORT_V3) pen.raw('igmp.reserved', 'Reserved', start + 1, 1);
  else responseTime(pen, start + 1, version);
  checksum(scope, pen, start, end);
  if (type === REPORT_V3) return report(scope, pen, start, end);
  pen.ipv4('igmp.maddr', 'Multicast Address', start + 4);
  return version === 3 ? query(pen, start) : start + 8;
};

/** Null for a type that is not IGMP's, or another protocol's on top of it. */
function versionOf(scope: Scope, type: number, start: number, end: number): 1 | 2 | 3 | null {
  switch (type) {
    case QUERY:
      if (end - start >= 12) return 3;
      return start + 1 < end && scope.view.getUint8(start + 1) === 0 ? 1 : 2;
    case REPORT_V1:
      return 1;
    case REPORT_V2:
    case LEAVE:
      return 2;
    case REPORT_V3:
      return 3;
    default:
      return null;
  }
}

/** In tenths of seconds; in version 3 from 128 on a floating-point number. */
function responseTime(pen: Pen, at: number, version: 1 | 2 | 3): void {
  const field = pen.number('igmp.max_resp', 'Max Resp Time', at, 1);
  const code = field.field.value as number;
  const tenths = version === 3 ? codeValue(code) : code;
  field.show(tenths, `${Math.floor(tenths / 10)}.${tenths % 10} sec (${hex(code, 2)})`);
  if (version !== 3 || code < 128) return;
  field.bits('igmp.max_resp.exp', 'Exponent', at, 1, 1, 3, hex((code >> 4) & 7, 1));
  field.bits('igmp.max_resp.mant', 'Mantissa', at, 1, 4, 4, hex(code & 15, 1));
}

function checksum(scope: Scope, pen: Pen, start: number, end: number): void {
  const at = start + 2;
  const there = at + 2 <= end;
  const right = there ? checksumOf(sumBytes(scope.view, start, end, 0xffff - scope.view.getUint16(at))) : '';
  const { status } = pen.checksum('igmp.checksum', 'Checksum', at, right);
  pen.status('igmp.checksum.status', 'Checksum Status', at, status);
}

/** What a version 3 query has behind its group. */
function query(pen: Pen, start: number): number {
  const byte = { bitOffset: (start + 8) * 8, bitLength: 8 };
  pen.flag(
    'igmp.s',
    'S',
    byte,
    4,
    'SUPPRESS router side processing',
    'Do not suppress router side processing',
  );
  pen.bits('igmp.qrv', 'QRV', start + 8, 1, 5, 3);
  pen.number('igmp.qqic', 'QQIC', start + 9, 1);
  return sources(pen, pen.number('igmp.num_src', 'Num Src', start + 10, 2), start + 12);
}

function report(scope: Scope, pen: Pen, start: number, end: number): number {
  pen.raw('igmp.reserved', 'Reserved', start + 4, 2);
  const count = pen.number('igmp.num_grp_recs', 'Num Group Records', start + 6, 2).field.value as number;
  let at = start + 8;
  for (let i = 0; i < count; i++) at = record(scope, pen, at, end);
  return at;
}

/** One group record. @returns where it ends. */
function record(scope: Scope, pen: Pen, start: number, end: number): number {
  const there = Math.min(8, end - start);
  const group = pen.heading('Group Record', '', start, there);
  const type = group.number('igmp.record_type', 'Record Type', start, 1);
  const name = RECORDS[type.field.value as number] ?? '';
  type.text(`${name || 'Unknown'} (${type.field.value})`);
  const words = group.number('igmp.aux_data_len', 'Aux Data Len', start + 1, 1).field.value as number;
  const count = group.number('igmp.num_src', 'Num Src', start + 2, 2);
  const address = group.ipv4('igmp.maddr', 'Multicast Address', start + 4);
  group.label(`Group Record : ${address.field.value}  ${name}`);
  let at = sources(group, count, start + 8);
  if (words > 0) {
    group.raw('igmp.aux_data', 'Aux Data', at, 4 * words);
    at += 4 * words;
  }
  group.cover(at - start);
  group.show(scope.bytes.subarray(start, at), '');
  return at;
}

function sources(pen: Pen, count: Pen, start: number): number {
  const end = start + 4 * (count.field.value as number);
  for (let at = start; at < end; at += 4) pen.ipv4('igmp.saddr', 'Source Address', at);
  return end;
}
