import { type Around, count, type Dissector, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { checksumOf, sumBytes } from '../checksum.ts';

const IPV4 = 0x0800;

const UNREACHABLE = [
  'Network unreachable',
  'Host unreachable',
  'Protocol unreachable',
  'Port unreachable',
  'Fragmentation needed',
  'Source route failed',
  'Destination network unknown',
  'Destination host unknown',
  'Source host isolated',
  'Network administratively prohibited',
  'Host administratively prohibited',
  'Network unreachable for TOS',
  'Host unreachable for TOS',
  'Communication administratively filtered',
  'Host precedence violation',
  'Precedence cutoff in effect',
];

/** Types (RFC 792) with the names of their codes (RFC 792, 1122 section 3.2.2.1, 1812 section 5.2.7.1). */
const TYPES = new Map<number, { readonly name: string; readonly codes?: readonly string[] }>([
  [0, { name: 'Echo (ping) reply' }],
  [3, { name: 'Destination unreachable', codes: UNREACHABLE }],
  [4, { name: 'Source quench (flow control)' }],
  [
    5,
    {
      name: 'Redirect',
      codes: [
        'Redirect for network',
        'Redirect for host',
        'Redirect for TOS and network',
        'Redirect for TOS and host',
      ],
    },
  ],
  [8, { name: 'Echo (ping) request' }],
  [
    11,
    {
      name: 'Time-to-live exceeded',
      codes: ['Time to live exceeded in transit', 'Fragment reassembly time exceeded'],
    },
  ],
  [
    12,
    {
      name: 'Parameter problem',
      codes: ['Pointer indicates the error', 'Required option missing', 'Bad length'],
    },
  ],
  [13, { name: 'Timestamp request' }],
  [14, { name: 'Timestamp reply' }],
]);

/** The Internet Control Message Protocol (RFC 792), with the packet that an error quotes. */
export const dissectIcmp: Dissector = (scope, start, end, around) => {
  const pen = scope.protocol('icmp', 'ICMP', 'Internet Control Message Protocol', 3, start, end - start);
  pen.end = end;
  const typeField = pen.number('icmp.type', 'Type', start, 1);
  const codeField = pen.number('icmp.code', 'Code', start + 1, 1);
  const type = typeField.field.value as number;
  const code = codeField.field.value as number;
  const kind = TYPES.get(type);
  typeField.text(`${type} (${kind?.name ?? 'Unknown ICMP (obsolete or malformed?)'})`);
  if (kind?.codes !== undefined) codeField.text(`${code} (${kind.codes[code] ?? `Unknown code: ${code}`})`);
  checksum(scope, pen, start, end, around);

  switch (type) {
    case 0:
    case 8:
      echo(pen, start);
      scope.inside(pen).data(3, start + 8, end);
      break;
    case 13:
    case 14:
      echo(pen, start);
      stamps(pen, start);
      break;
    case 3:
      if (code === 4) {
        pen.raw('icmp.unused', 'Unused', start + 4, 2);
        pen.number('icmp.mtu', 'MTU of next hop', start + 6, 2);
      } else pen.raw('icmp.unused', 'Unused', start + 4, 4);
      quoted(scope, pen, start + 8, end);
      break;
    case 4:
    case 11:
      pen.raw('icmp.unused', 'Unused', start + 4, 4);
      quoted(scope, pen, start + 8, end);
      break;
    case 5:
      pen.ipv4('icmp.redir_gw', 'Gateway Address', start + 4);
      quoted(scope, pen, start + 8, end);
      break;
    case 12:
      pen.number('icmp.pointer', 'Pointer', start + 4, 1);
      pen.raw('icmp.unused', 'Unused', start + 5, 3);
      quoted(scope, pen, start + 8, end);
      break;
    default:
      scope.inside(pen).data(3, start + 4, end);
  }
  return end;
};

function checksum(scope: Scope, pen: Pen, start: number, end: number, around: Around): void {
  const at = start + 2;
  const known = !around.fragment && !around.quoted && at + 2 <= end;
  const reason = around.quoted ? 'in ICMP error packet' : 'fragmented datagram';
  const right = known
    ? checksumOf(sumBytes(scope.view, start, end, 0xffff - scope.view.getUint16(at)))
    : reason;
  const { status } = pen.checksum('icmp.checksum', 'Checksum', at, right);
  pen.status('icmp.checksum.status', 'Checksum Status', at, status);
}

/** Identifier and sequence number, in both byte orders: senders have used either. */
function echo(pen: Pen, start: number): void {
  bothOrders(pen, 'icmp.ident', 'Identifier', start + 4);
  bothOrders(pen, 'icmp.seq', 'Sequence Number', start + 6);
}

function bothOrders(pen: Pen, name: string, label: string, at: number): void {
  const field = pen.number(name, `${label} (BE)`, at, 2);
  const value = field.field.value as number;
  field.text(`${value} (${hex(value, 4)})`);
  const swapped = ((value & 0xff) << 8) | (value >> 8);
  pen.value(`${name}_le`, `${label} (LE)`, swapped, `${swapped} (${hex(swapped, 4)})`, at, 2);
}

/** Milliseconds since midnight UTC. */
function stamps(pen: Pen, start: number): void {
  for (const [i, name] of ['originate', 'receive', 'transmit'].entries()) {
    const label = `${name.charAt(0).toUpperCase()}${name.slice(1)} Timestamp`;
    const field = pen.number(`icmp.${name}_timestamp`, label, start + 8 + 4 * i, 4);
    const value = field.field.value as number;
    field.text(`${value} (${count(value / 1000, 'second')} after midnight UTC)`);
  }
}

/** The header and the first bytes of the packet that the message is about (RFC 792; RFC 1812 section 4.3.2.3: more). */
function quoted(scope: Scope, pen: Pen, start: number, end: number): void {
  const inside = scope.inside(pen);
  const around: Around = { claimed: end - start, fragment: false, quoted: true };
  if (end - start >= 20) inside.hand('ethertype', IPV4, start, end, around);
  else inside.data(3, start, end);
}
