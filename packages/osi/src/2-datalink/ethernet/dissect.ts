import { type Around, type Dissector, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import type { BitRange } from '../../dissect/tree.ts';
import { dissectLlc } from '../llc/dissect.ts';

const HEADER = 14;
/** The shortest frame without its FCS (IEEE 802.3 section 3.2.8: 64 bytes with it). */
const MINIMUM = 60;

const ETHERTYPES = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x8035, 'RARP'],
  [0x8100, '802.1Q Virtual LAN'],
  [0x86dd, 'IPv6'],
  [0x8808, 'MAC Control'],
  [0x8809, 'Slow Protocols'],
  [0x8847, 'MPLS label switched packet'],
  [0x8863, 'PPPoE Discovery'],
  [0x8864, 'PPPoE Session'],
  [0x888e, '802.1X Authentication'],
  [0x88a8, '802.1ad Provider Bridge (Q-in-Q)'],
  [0x88b5, 'Local Experimental Ethertype 1'],
  [0x88b6, 'Local Experimental Ethertype 2'],
  [0x88cc, '802.1 Link Layer Discovery Protocol (LLDP)'],
  [0x9000, 'Loopback'],
]);

/** What a type is called; `Unknown` for one that is not. */
export const etherTypeName = (type: number): string => ETHERTYPES.get(type) ?? 'Unknown';

/** Ethernet II, and IEEE 802.3 frames with a length and logical link control (IEEE 802.3 section 3.2). */
export const dissectEthernet: Dissector = (scope, start, end, around) => {
  const pen = scope.protocol('eth', 'Ethernet', 'Ethernet II', 2, start, HEADER);
  const destination = address(pen, 'eth.dst', 'Destination', start);
  const source = address(pen, 'eth.src', 'Source', start + 6);
  pen.text(`Src: ${source}, Dst: ${destination}`);

  const type = start + 14 <= end ? scope.view.getUint16(start + 12) : 0;
  if (type > 0 && type <= 1500) return lengthField(scope, pen, start, end, type, { ...around, frame: start });
  if (type < 0x600 && start + HEADER <= end) {
    pen.label('Ethernet Unknown');
    pen.number('eth.invalid_lentype', 'Invalid length/type', start + 12, 2, `${hex(type, 4)} (${type})`);
    scope.data(2, start + HEADER, end);
    return end;
  }
  pen.number('eth.type', 'Type', start + 12, 2, `${etherTypeName(type)} (${hex(type, 4)})`);
  const payload = start + HEADER;
  const used = scope.hand('ethertype', type, payload, end, {
    ...around,
    claimed: end - payload,
    frame: start,
  });
  if (used === null) scope.data(3, payload, end);
  else padding(scope, pen, start, used, end, 'eth.trailer');
  return end;
};

function address(pen: Pen, name: string, label: string, at: number): string {
  const field = pen.mac(name, label, at);
  field.mac('eth.addr', 'Address', at);
  const oui: BitRange = { bitOffset: at * 8, bitLength: 24 };
  field.flag(
    `${name}.lg`,
    'LG bit',
    oui,
    6,
    'Locally administered address (this is NOT the factory default)',
    'Globally unique address (factory default)',
  );
  field.flag(
    `${name}.ig`,
    'IG bit',
    oui,
    7,
    'Group address (multicast/broadcast)',
    'Individual address (unicast)',
  );
  return field.field.text;
}

/** The number is a length; what follows is logical link control. */
function lengthField(
  scope: Scope,
  pen: Pen,
  start: number,
  end: number,
  length: number,
  around: Around,
): number {
  pen.text('');
  pen.label('IEEE 802.3 Ethernet');
  pen.number('eth.len', 'Length', start + 12, 2);
  const stop = Math.min(start + HEADER + length, end);
  dissectLlc(scope, start + HEADER, stop, around);
  padding(scope, pen, start, stop, end, 'eth.trailer');
  return end;
}

/** Zeros that bring a short frame to its minimum are padding; anything else behind the packet is a trailer. */
export function padding(
  scope: Scope,
  pen: Pen,
  start: number,
  from: number,
  end: number,
  trailer: string,
): void {
  let at = from;
  const padded = start + MINIMUM;
  if (at < padded && end >= padded && scope.bytes.subarray(at, padded).every((byte) => byte === 0)) {
    pen.raw('eth.padding', 'Padding', at, padded - at);
    at = padded;
  }
  if (at < end) pen.raw(trailer, 'Trailer', at, end - at);
}
