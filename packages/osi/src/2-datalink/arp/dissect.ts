import { type Dissector, hex, type Pen, type Scope } from '../../dissect/pen.ts';

const OPERATIONS = [
  '',
  'request',
  'reply',
  'reverse request',
  'reverse reply',
  'DRARP request',
  'DRARP reply',
  'DRARP error',
  'inverse request',
  'inverse reply',
];
const ETHERNET = 1;
const IPV4 = 0x0800;

/** The Address Resolution Protocol (RFC 826), with RFC 5227's probe and announcement named as such. */
export const dissectArp: Dissector = (scope, start, end) => {
  const pen = scope.protocol('arp', 'ARP/RARP', 'Address Resolution Protocol', 2, start, 28);
  const hardware = pen.number('arp.hw.type', 'Hardware type', start, 2);
  const kind = hardware.field.value as number;
  hardware.text(`${kind === ETHERNET ? 'Ethernet' : 'Unknown'} (${kind})`);
  const protocol = pen.number('arp.proto.type', 'Protocol type', start + 2, 2);
  const network = protocol.field.value as number;
  protocol.text(`${network === IPV4 ? 'IPv4' : 'Unknown'} (${hex(network, 4)})`);
  const hardwareSize = pen.number('arp.hw.size', 'Hardware size', start + 4, 1).field.value as number;
  const protocolSize = pen.number('arp.proto.size', 'Protocol size', start + 5, 1).field.value as number;
  const opcode = pen.number('arp.opcode', 'Opcode', start + 6, 2);
  const operation = opcode.field.value as number;
  const name = OPERATIONS[operation] || 'unknown';
  opcode.text(`${name} (${operation})`);

  const length = 8 + 2 * (hardwareSize + protocolSize);
  pen.cover(Math.min(length, end - start));
  const ethernet = kind === ETHERNET && hardwareSize === 6;
  const ipv4 = network === IPV4 && protocolSize === 4;
  const sender = start + 8;
  const target = sender + hardwareSize + protocolSize;
  pen.text(`(${ipv4 ? purpose(scope, pen, start, operation, hardwareSize, end) : name})`);
  hardwareAddress(pen, 'src', 'Sender', sender, hardwareSize, ethernet);
  protocolAddress(pen, 'src', 'Sender', sender + hardwareSize, protocolSize, ipv4);
  hardwareAddress(pen, 'dst', 'Target', target, hardwareSize, ethernet);
  protocolAddress(pen, 'dst', 'Target', target + hardwareSize, protocolSize, ipv4);
  return start + length;
};

/** What the packet is for, and the fields that say so: ordinary, gratuitous, a probe, an announcement. */
function purpose(
  scope: Scope,
  pen: Pen,
  start: number,
  operation: number,
  hardwareSize: number,
  end: number,
): string {
  const name = OPERATIONS[operation] || 'unknown';
  const sender = start + 8 + hardwareSize;
  const target = sender + 4 + hardwareSize;
  if (target + 4 > end || (operation !== 1 && operation !== 2)) return name;
  const from = scope.view.getUint32(sender);
  const about = scope.view.getUint32(target);
  const unaddressed = scope.bytes.subarray(sender + 4, target).every((byte) => byte === 0);
  if (from === about) {
    pen.made('arp.isgratuitous', 'Is gratuitous', 1, start, 'True');
    if (operation === 1 && unaddressed) {
      pen.made('arp.isannouncement', 'Is announcement', 1, start, 'True');
      return 'ARP Announcement';
    }
    return `${name}/gratuitous ARP`;
  }
  if (operation === 1 && from === 0 && unaddressed) {
    pen.made('arp.isprobe', 'Is probe', 1, start, 'True');
    return 'ARP Probe';
  }
  return name;
}

function hardwareAddress(
  pen: Pen,
  side: string,
  who: string,
  at: number,
  size: number,
  ethernet: boolean,
): void {
  if (ethernet) pen.mac(`arp.${side}.hw_mac`, `${who} MAC address`, at);
  else if (size > 0) pen.raw(`arp.${side}.hw`, `${who} hardware address`, at, size);
}

function protocolAddress(pen: Pen, side: string, who: string, at: number, size: number, ipv4: boolean): void {
  if (ipv4) pen.ipv4(`arp.${side}.proto_ipv4`, `${who} IP address`, at);
  else if (size > 0) pen.raw(`arp.${side}.proto`, `${who} protocol address`, at, size);
}
