import { type Around, type Dissector, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { checksumOf, sumBytes } from '../checksum.ts';
import { dissectMldQuery, dissectMldReport, dissectMldV1 } from '../mld/dissect.ts';
import { dissectNd } from '../ndisc/dissect.ts';

const IPV6 = 0x86dd;

/** Types (RFC 4443, 2710, 3810, 4861) with the names of their codes. */
const TYPES = new Map<number, { readonly name: string; readonly codes?: readonly string[] }>([
  [
    1,
    {
      name: 'Destination Unreachable',
      codes: [
        'no route to destination',
        'Administratively prohibited',
        'Beyond scope of source address',
        'Address unreachable',
        'Port unreachable',
        'Source address failed ingress/egress policy',
        'Reject route to destination',
      ],
    },
  ],
  [2, { name: 'Packet Too Big' }],
  [
    3,
    { name: 'Time Exceeded', codes: ['hop limit exceeded in transit', 'fragment reassembly time exceeded'] },
  ],
  [
    4,
    {
      name: 'Parameter Problem',
      codes: [
        'erroneous header field encountered',
        'unrecognized Next Header type encountered',
        'unrecognized IPv6 option encountered',
      ],
    },
  ],
  [128, { name: 'Echo (ping) request' }],
  [129, { name: 'Echo (ping) reply' }],
  [130, { name: 'Multicast Listener Query' }],
  [131, { name: 'Multicast Listener Report' }],
  [132, { name: 'Multicast Listener Done' }],
  [133, { name: 'Router Solicitation' }],
  [134, { name: 'Router Advertisement' }],
  [135, { name: 'Neighbor Solicitation' }],
  [136, { name: 'Neighbor Advertisement' }],
  [137, { name: 'Redirect' }],
  [143, { name: 'Multicast Listener Report Message v2' }],
]);

/** The Internet Control Message Protocol for IPv6 (RFC 4443), with neighbour and listener discovery. */
export const dissectIcmpv6: Dissector = (scope, start, end, around) => {
  const pen = scope.protocol(
    'icmpv6',
    'ICMPv6',
    'Internet Control Message Protocol v6',
    3,
    start,
    end - start,
  );
  pen.end = end;
  const typeField = pen.number('icmpv6.type', 'Type', start, 1);
  const codeField = pen.number('icmpv6.code', 'Code', start + 1, 1);
  const type = typeField.field.value as number;
  const code = codeField.field.value as number;
  const kind = TYPES.get(type);
  typeField.text(`${kind?.name ?? 'Unknown'} (${type})`);
  if (kind?.codes !== undefined) codeField.text(`${code} (${kind.codes[code] ?? 'Unknown'})`);
  checksum(scope, pen, start, end, around);
  body(scope, pen, type, start, end);
  return end;
};

function body(scope: Scope, pen: Pen, type: number, start: number, end: number): void {
  switch (type) {
    case 1:
    case 3:
      pen.raw('icmpv6.reserved', 'Reserved', start + 4, 4);
      quoted(scope, pen, start + 8, end);
      return;
    case 2:
      pen.number('icmpv6.mtu', 'MTU', start + 4, 4);
      quoted(scope, pen, start + 8, end);
      return;
    case 4:
      pen.number('icmpv6.pointer', 'Pointer', start + 4, 4);
      quoted(scope, pen, start + 8, end);
      return;
    case 128:
    case 129: {
      const id = pen.number('icmpv6.echo.identifier', 'Identifier', start + 4, 2);
      id.text(hex(id.field.value as number, 4));
      pen.number('icmpv6.echo.sequence_number', 'Sequence', start + 6, 2);
      scope.inside(pen).data(3, start + 8, end);
      return;
    }
    case 130:
      if (end - start >= 28) dissectMldQuery(scope, pen, start);
      else dissectMldV1(scope, pen, start);
      return;
    case 131:
    case 132:
      dissectMldV1(scope, pen, start);
      return;
    case 143:
      dissectMldReport(scope, pen, start);
      return;
    case 133:
    case 134:
    case 135:
    case 136:
    case 137:
      dissectNd(scope, pen, type, start, end, (from, to) => quoted(scope, pen, from, to));
      return;
    default:
      scope.inside(pen).data(3, start + 4, end);
  }
}

/** Over the pseudo-header (RFC 4443 section 2.3). */
function checksum(scope: Scope, pen: Pen, start: number, end: number, around: Around): void {
  const at = start + 2;
  const { pseudoHeader } = around;
  const known = pseudoHeader !== undefined && !around.fragment && !around.quoted && at + 2 <= end;
  let right: number | string = around.quoted ? 'in ICMP error packet' : 'fragmented datagram';
  if (known) {
    const pseudo = pseudoHeader(end - start);
    right = checksumOf(sumBytes(scope.view, start, end, pseudo + 0xffff - scope.view.getUint16(at)));
  }
  const { status } = pen.checksum('icmpv6.checksum', 'Checksum', at, right);
  pen.status('icmpv6.checksum.status', 'Checksum Status', at, status);
}

/** As much of the packet that an error is about as fits into the least MTU. */
function quoted(scope: Scope, pen: Pen, start: number, end: number): void {
  const inside = scope.inside(pen);
  const around: Around = { claimed: end - start, fragment: false, quoted: true };
  if (end - start >= 40) inside.hand('ethertype', IPV6, start, end, around);
  else inside.data(3, start, end);
}
