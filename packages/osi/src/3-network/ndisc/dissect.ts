import { hex, type Pen, type Scope, Unreadable } from '../../dissect/pen.ts';
import { ipv6Field } from '../ipv6/dissect-address.ts';

/** Options (RFC 4861 section 4.6, 8106, 4191, 3971). */
const OPTIONS = new Map([
  [1, 'Source link-layer address'],
  [2, 'Target link-layer address'],
  [3, 'Prefix information'],
  [4, 'Redirected header'],
  [5, 'MTU'],
  [14, 'Nonce'],
  [24, 'Route Information'],
  [25, 'Recursive DNS Server'],
]);

const PREFERENCES = ['Medium', 'High', 'Reserved', 'Low'];

type Quote = (from: number, to: number) => void;

/** A message of neighbour discovery behind its checksum, with its options (RFC 4861 section 4). */
export function dissectNd(
  scope: Scope,
  pen: Pen,
  type: number,
  start: number,
  end: number,
  quote: Quote,
): void {
  let at = start + 8;
  switch (type) {
    case 133:
      pen.raw('icmpv6.reserved', 'Reserved', start + 4, 4);
      break;
    case 134:
      advertisement(pen, start);
      at = start + 16;
      break;
    case 135:
      pen.raw('icmpv6.reserved', 'Reserved', start + 4, 4);
      ipv6Field(scope, pen, 'icmpv6.nd.ns.target_address', 'Target Address', start + 8);
      at = start + 24;
      break;
    case 136:
      neighbourFlags(pen, start + 4);
      ipv6Field(scope, pen, 'icmpv6.nd.na.target_address', 'Target Address', start + 8);
      at = start + 24;
      break;
    default:
      pen.raw('icmpv6.reserved', 'Reserved', start + 4, 4);
      ipv6Field(scope, pen, 'icmpv6.nd.rd.target_address', 'Target Address', start + 8);
      ipv6Field(scope, pen, 'icmpv6.rd.na.destination_address', 'Destination Address', start + 24);
      at = start + 40;
  }
  while (at < end) at = option(scope, pen, at, quote);
}

function advertisement(pen: Pen, start: number): void {
  pen.number('icmpv6.nd.ra.cur_hop_limit', 'Cur hop limit', start + 4, 1);
  const flags = pen.number('icmpv6.nd.ra.flag', 'Flags', start + 5, 1);
  const byte = flags.field.value as number;
  const preference = PREFERENCES[(byte >> 3) & 3];
  const words = [
    byte & 0x80 ? ['Managed address configuration'] : [],
    byte & 0x40 ? ['Other configuration'] : [],
    byte & 0x20 ? ['Home Agent'] : [],
    [`Prf (Default Router Preference): ${preference}`],
    byte & 0x04 ? ['Proxy'] : [],
  ].flat();
  flags.text([hex(byte, 2), ...words].join(', '));
  const bits = { bitOffset: (start + 5) * 8, bitLength: 8 };
  flags.flag('icmpv6.nd.ra.flag.m', 'Managed address configuration', bits, 0);
  flags.flag('icmpv6.nd.ra.flag.o', 'Other configuration', bits, 1);
  flags.flag('icmpv6.nd.ra.flag.h', 'Home Agent', bits, 2);
  const label = 'Prf (Default Router Preference)';
  flags.part('icmpv6.nd.ra.flag.prf', label, bits, 3, 2, `${preference} (${(byte >> 3) & 3})`);
  flags.flag('icmpv6.nd.ra.flag.p', 'Proxy', bits, 5);
  flags.part('icmpv6.nd.ra.flag.rsv', 'Reserved', bits, 6, 2);
  pen.number('icmpv6.nd.ra.router_lifetime', 'Router lifetime (s)', start + 6, 2);
  pen.number('icmpv6.nd.ra.reachable_time', 'Reachable time (ms)', start + 8, 4);
  pen.number('icmpv6.nd.ra.retrans_timer', 'Retrans timer (ms)', start + 12, 4);
}

function neighbourFlags(pen: Pen, at: number): void {
  const flags = pen.number('icmpv6.nd.na.flag', 'Flags', at, 4);
  const value = flags.field.value as number;
  const words = ['Router', 'Solicited', 'Override'].filter((_, i) => (value >>> (31 - i)) & 1);
  flags.text([hex(value, 8), ...words].join(', '));
  const bits = { bitOffset: at * 8, bitLength: 32 };
  flags.flag('icmpv6.nd.na.flag.r', 'Router', bits, 0);
  flags.flag('icmpv6.nd.na.flag.s', 'Solicited', bits, 1);
  flags.flag('icmpv6.nd.na.flag.o', 'Override', bits, 2);
  flags.part('icmpv6.nd.na.flag.rsv', 'Reserved', bits, 3, 29);
}

/** @returns where the option ends. */
function option(scope: Scope, pen: Pen, at: number, quote: Quote): number {
  const one = pen.raw('icmpv6.opt', 'ICMPv6 Option', at, 2, '');
  const type = one.number('icmpv6.opt.type', 'Type', at, 1);
  const units = one.number('icmpv6.opt.length', 'Length', at + 1, 1);
  const length = (units.field.value as number) * 8;
  const name = OPTIONS.get(type.field.value as number) ?? 'Unknown';
  type.text(`${name} (${type.field.value})`);
  units.text(`${units.field.value} (${length} bytes)`);
  if (length === 0) throw new Unreadable(at + 1, 'an option of neighbour discovery cannot have length 0');
  const end = at + length;
  const note = optionBody(scope, one, type.field.value as number, at, end, quote);
  one.label(`ICMPv6 Option (${name}${note})`);
  one.cover(length);
  one.show(scope.bytes.subarray(at, end), '');
  return end;
}

/** @returns what the heading adds to the option's name. */
function optionBody(scope: Scope, one: Pen, type: number, at: number, end: number, quote: Quote): string {
  switch (type) {
    case 1:
    case 2: {
      const address = one.mac('icmpv6.opt.linkaddr', 'Link-layer address', at + 2);
      return ` : ${address.field.text}`;
    }
    case 3:
      return prefix(scope, one, at);
    case 4:
      one.raw('icmpv6.opt.reserved', 'Reserved', at + 2, 6, '');
      one.raw('icmpv6.opt.redirected_packet', 'Redirected Packet', at + 8, end - at - 8, '');
      quote(at + 8, end);
      return '';
    case 5: {
      one.raw('icmpv6.opt.reserved', 'Reserved', at + 2, 2, '');
      return ` : ${one.number('icmpv6.opt.mtu', 'MTU', at + 4, 4).field.text}`;
    }
    case 14:
      one.raw('icmpv6.opt.nonce', 'Nonce', at + 2, end - at - 2);
      return '';
    case 24:
      return route(scope, one, at, end);
    case 25:
      return nameServers(scope, one, at, end);
    default:
      one.raw('icmpv6.data', 'Data', at + 2, end - at - 2);
      return '';
  }
}

function prefix(scope: Scope, one: Pen, at: number): string {
  const length = one.number('icmpv6.opt.prefix.length', 'Prefix Length', at + 2, 1);
  const flag = one.number('icmpv6.opt.prefix.flag', 'Flag', at + 3, 1);
  const byte = flag.field.value as number;
  const labels = [
    'On-link flag(L)',
    'Autonomous address-configuration flag(A)',
    'Router address flag(R)',
  ] as const;
  flag.text([hex(byte, 2), ...labels.filter((_, i) => byte & (0x80 >> i))].join(', '));
  const bits = { bitOffset: (at + 3) * 8, bitLength: 8 };
  flag.flag('icmpv6.opt.prefix.flag.l', labels[0], bits, 0);
  flag.flag('icmpv6.opt.prefix.flag.a', labels[1], bits, 1);
  flag.flag('icmpv6.opt.prefix.flag.r', labels[2], bits, 2);
  flag.part('icmpv6.opt.prefix.flag.reserved', 'Reserved', bits, 3, 5);
  lifetime(one, 'icmpv6.opt.prefix.valid_lifetime', 'Valid Lifetime', at + 4);
  lifetime(one, 'icmpv6.opt.prefix.preferred_lifetime', 'Preferred Lifetime', at + 8);
  one.raw('icmpv6.opt.reserved', 'Reserved', at + 12, 4, '');
  const address = ipv6Field(scope, one, 'icmpv6.opt.prefix', 'Prefix', at + 16);
  return ` : ${address.field.text}/${length.field.value}`;
}

/** Seconds, or for ever. */
function lifetime(one: Pen, name: string, label: string, at: number): void {
  const field = one.number(name, label, at, 4);
  if (field.field.value === 0xffff_ffff) field.text(`Infinity (${field.field.value})`);
}

/** A route by the router that says so (RFC 4191 section 2.3); the prefix is cut to what its length needs. */
function route(scope: Scope, one: Pen, at: number, end: number): string {
  const length = one.number('icmpv6.opt.prefix.length', 'Prefix Length', at + 2, 1);
  const flag = one.number('icmpv6.opt.route_info.flag', 'Flag', at + 3, 1);
  const byte = flag.field.value as number;
  const preference = PREFERENCES[(byte >> 3) & 3];
  flag.text(`${hex(byte, 2)}, Route Preference: ${preference}`);
  const bits = { bitOffset: (at + 3) * 8, bitLength: 8 };
  const text = `${preference} (${(byte >> 3) & 3})`;
  flag.part('icmpv6.opt.route_info.flag.route_preference', 'Route Preference', bits, 3, 2, text);
  const reserved = flag.part('icmpv6.opt.route_info.flag.reserved', 'Reserved', bits, 0, 8);
  reserved.show(byte & ~0x18, String(byte & ~0x18));
  reserved.without({ bitOffset: bits.bitOffset + 3, bitLength: 2 });
  lifetime(one, 'icmpv6.opt.route_lifetime', 'Route Lifetime', at + 4);
  if (end - at < 24) return ` : ${preference} /${length.field.value}`;
  const address = ipv6Field(scope, one, 'icmpv6.opt.prefix', 'Prefix', at + 8);
  return ` : ${preference} ${address.field.text}/${length.field.value}`;
}

/** Name servers (RFC 8106 section 5.1). */
function nameServers(scope: Scope, one: Pen, at: number, end: number): string {
  one.raw('icmpv6.opt.reserved', 'Reserved', at + 2, 2, '');
  lifetime(one, 'icmpv6.opt.rdnss.lifetime', 'Lifetime', at + 4);
  const servers: string[] = [];
  for (let here = at + 8; here < end; here += 16) {
    servers.push(ipv6Field(scope, one, 'icmpv6.opt.rdnss', 'Recursive DNS Servers', here).field.text);
  }
  return ` ${servers.join(' ')}`;
}
