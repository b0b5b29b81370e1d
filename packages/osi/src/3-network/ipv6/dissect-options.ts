import { hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { protocolText } from '../protocol-names.ts';
import { OPTION_JUMBO, OPTION_PAD1, OPTION_PADN, OPTION_ROUTER_ALERT } from './extensions.ts';

const NAMES = new Map([
  [OPTION_PAD1, 'Pad1'],
  [OPTION_PADN, 'PadN'],
  [OPTION_ROUTER_ALERT, 'Router Alert'],
  [OPTION_JUMBO, 'Jumbo Payload'],
]);

/** What a node does that does not know the option, by its two highest bits (RFC 8200 section 4.2). */
const ACTIONS = [
  'Skip and continue',
  'Discard',
  'Discard and send ICMP Parameter Problem to source',
  'Discard and send ICMP to source if destination was not multicast',
];

/** Who a router alert is for (RFC 2711, IANA "IPv6 Router Alert Option Values"). */
const ALERTS = ['MLD', 'RSVP', 'Active Networks'];

/** A hop-by-hop or destination options header. @returns what follows it, and its length in bytes. */
export function dissectOptionsHeader(
  scope: Scope,
  pen: Pen,
  name: string,
  label: string,
  at: number,
  stop: number,
): { next: number; length: number } {
  const units = at + 1 < stop ? scope.view.getUint8(at + 1) : 0;
  const length = (units + 1) * 8;
  const header = pen.raw(name, label, at, length, '');
  const next = header.number(`${name}.nxt`, 'Next Header', at, 1);
  next.text(protocolText(next.field.value as number));
  header.number(`${name}.len`, 'Length', at + 1, 1);
  header.value(`${name}.len_oct`, 'Length', length, `${length} bytes`, at + 1, 1);
  for (let here = at + 2; here < at + length; ) here += option(scope, header, here, at + length);
  return { next: next.field.value as number, length };
}

/** @returns the option's length in bytes. */
function option(scope: Scope, header: Pen, at: number, end: number): number {
  const type = scope.view.getUint8(at);
  const name = NAMES.get(type) ?? `Unknown IPv6 Option (${type})`;
  const size = type === OPTION_PAD1 ? 1 : at + 1 < end ? 2 + scope.view.getUint8(at + 1) : 2;
  const pen = header.raw('ipv6.opt', name, at, size, '');
  if (type === OPTION_PAD1) {
    // Wireshark takes the byte behind it for its length.
    pen.raw('ipv6.opt.pad1', name, at, 1, '');
    return 1;
  }
  const kind = pen.number('ipv6.opt.type', 'Type', at, 1, `${name} (${hex(type, 2)})`);
  kind.bits('ipv6.opt.type.action', 'Action', at, 1, 0, 2, `${ACTIONS[type >> 6]} (${type >> 6})`);
  const byte = { bitOffset: at * 8, bitLength: 8 };
  kind.flag('ipv6.opt.type.change', 'May Change', byte, 2, 'Yes', 'No');
  kind.bits('ipv6.opt.type.rest', 'Low-Order Bits', at, 1, 3, 5, hex(type & 31, 2));
  pen.number('ipv6.opt.length', 'Length', at + 1, 1);
  const data = at + 2;
  switch (type) {
    case OPTION_PADN:
      pen.raw('ipv6.opt.padn', 'PadN', data, size - 2, size === 2 ? '<none>' : undefined);
      break;
    case OPTION_ROUTER_ALERT: {
      const alert = pen.number('ipv6.opt.router_alert', 'Router Alert', data, 2);
      const value = alert.field.value as number;
      alert.text(`${ALERTS[value] ?? 'Unknown'} (${value})`);
      break;
    }
    default:
      if (size > 2) pen.raw('ipv6.opt.unknown_data', 'Unknown Data', data, size - 2);
  }
  return size;
}
