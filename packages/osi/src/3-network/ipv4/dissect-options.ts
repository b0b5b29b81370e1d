import { count, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import { bitsAt } from '../../dissect/tree.ts';

interface Option {
  readonly name: string;
  readonly label: string;
  readonly read: (pen: Pen, start: number, end: number, scope: Scope) => void;
}

/** What the options change about the header: with a source route the last address is the destination (RFC 791 section 3.1). */
interface Route {
  destination: number | null;
}

const CLASSES = [
  'Control',
  'Reserved for future use',
  'Debugging and measurement',
  'Reserved for future use',
];
const NUMBERS = new Map([
  [0, 'End of Option List (EOL)'],
  [1, 'No-Operation (NOP)'],
  [3, 'Loose source route'],
  [4, 'Time stamp'],
  [7, 'Record route'],
  [8, 'Stream identifier'],
  [9, 'Strict source route'],
  [20, 'Router Alert'],
]);
const TIMESTAMP_FLAGS = new Map([
  [0, 'Time stamps only'],
  [1, 'Time stamp and address'],
  [3, 'Time stamps for prespecified addresses'],
]);

/**
 * The options of an IPv4 header (RFC 791 section 3.1, RFC 2113).
 * @param destination the header's destination field, which a source route makes the current hop.
 * @returns the final destination of a source route, or null without one.
 */
export function dissectOptions(
  scope: Scope,
  pen: Pen,
  destination: Pen,
  start: number,
  end: number,
): number | null {
  const list = pen.heading('Options', '', start, end - start);
  list.end = end;
  const names: string[] = [];
  const route: Route = { destination: null };
  for (let at = start; at < end; ) {
    const type = scope.bytes[at] as number;
    if (type <= 1) {
      const label = type === 0 ? 'End of Options List (EOL)' : 'No-Operation (NOP)';
      const option = list.raw(
        type === 0 ? 'ip.options.eol' : 'ip.options.nop',
        `IP Option - ${label}`,
        at,
        1,
        '',
      );
      typeField(option, at);
      at += 1;
      if (type === 0) break;
      continue;
    }
    const known = optionOf(type, route, destination);
    const length = at + 1 < end ? (scope.bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) {
      const fault = length < 2 ? 'with too-short option length' : 'option length';
      const outcome = length < 2 ? '' : ' says option goes past end of options';
      const name = known?.label ?? `Unknown (${hex(type, 2)})`;
      list.heading(`${name} (${fault} = ${count(length, 'byte')}${outcome})`, '', at, Math.min(2, end - at));
      break;
    }
    if (known === null) {
      list.heading(`Unknown (${hex(type, 2)}) (${count(length, 'byte')})`, '', at, length);
    } else {
      names.push(known.label);
      const option = list.raw(
        known.name,
        `IP Option - ${known.label} (${count(length, 'byte')})`,
        at,
        length,
        '',
      );
      option.end = at + length;
      typeField(option, at);
      option.number('ip.opt.len', 'Length', at + 1, 1);
      known.read(option, at, at + length, scope);
    }
    at += length;
  }
  list.text([`(${count(end - start, 'byte')})`, ...names].join(', '));
  return route.destination;
}

function typeField(pen: Pen, at: number): void {
  const type = pen.number('ip.opt.type', 'Type', at, 1);
  const byte = type.field.value as number;
  const number = byte & 31;
  type.flag('ip.opt.type.copy', 'Copy on fragmentation', { bitOffset: at * 8, bitLength: 8 }, 0, 'Yes', 'No');
  type.bits('ip.opt.type.class', 'Class', at, 1, 1, 2, `${CLASSES[(byte >> 5) & 3]} (${(byte >> 5) & 3})`);
  type.bits('ip.opt.type.number', 'Number', at, 1, 3, 5, `${NUMBERS.get(number) ?? 'Unknown'} (${number})`);
}

function optionOf(type: number, route: Route, destination: Pen): Option | null {
  switch (type) {
    case 0x07:
      return { name: 'ip.options.record_route', label: 'Record Route', read: recordRoute };
    case 0x83:
      return { name: 'ip.options.route', label: 'Loose Source Route', read: sourceRoute(route, destination) };
    case 0x89:
      return {
        name: 'ip.options.source_route',
        label: 'Strict Source Route',
        read: sourceRoute(route, destination),
      };
    case 0x44:
      return { name: 'ip.options.timestamp', label: 'Time Stamp', read: timestamps };
    case 0x88:
      return { name: 'ip.options.sid', label: 'Stream ID', read: streamIdentifier };
    case 0x94:
      return { name: 'ip.options.routeralert', label: 'Router Alert', read: routerAlert };
    default:
      return null;
  }
}

/** Addresses from the fourth byte on; the pointer counts from 1 and names the next free slot. */
function recordRoute(pen: Pen, start: number, end: number): void {
  const next = start + (pen.number('ip.opt.ptr', 'Pointer', start + 2, 1).field.value as number) - 1;
  for (let at = start + 3; at + 4 <= end; at += 4) {
    if (at < next) pen.ipv4('ip.rec_rt', 'Recorded Route', at);
    else pen.ipv4('ip.empty_rt', 'Empty Route', at, at === next ? ' <- (next)' : '');
  }
}

function sourceRoute(route: Route, destination: Pen): Option['read'] {
  return (pen, start, end, scope) => {
    const next = start + (pen.number('ip.opt.ptr', 'Pointer', start + 2, 1).field.value as number) - 1;
    for (let at = start + 3; at + 4 <= end; at += 4) {
      const mark = at === next ? ' <- (next)' : '';
      if (at < next) pen.ipv4('ip.rec_rt', 'Recorded Route', at);
      else if (at + 8 <= end) pen.ipv4('ip.src_rt', 'Source Route', at, mark);
      else {
        pen.ipv4('ip.dst', 'Destination Address', at, mark);
        route.destination = scope.view.getUint32(at);
        destination.rename('ip.cur_rt', 'Current Route');
      }
    }
  };
}

function timestamps(pen: Pen, start: number, end: number): void {
  pen.number('ip.opt.ptr', 'Pointer', start + 2, 1);
  pen.bits('ip.opt.overflow', 'Overflow', start + 3, 1, 0, 4);
  const flag = pen.bits('ip.opt.flag', 'Flag', start + 3, 1, 4, 4);
  const kind = flag.field.value as number;
  flag.text(`${TIMESTAMP_FLAGS.get(kind) ?? 'Unknown'} (${hex(kind, 1)})`);
  for (let at = start + 4; at + (kind === 0 ? 4 : 8) <= end; at += 4) {
    if (kind !== 0) {
      pen.ipv4('ip.opt.time_stamp_addr', 'Address', at);
      at += 4;
    }
    pen.number('ip.opt.time_stamp', 'Time stamp', at, 4);
  }
}

function streamIdentifier(pen: Pen, start: number, end: number): void {
  if (start + 4 <= end) pen.number('ip.opt.sid', 'Stream Identifier', start + 2, 2);
}

function routerAlert(pen: Pen, start: number, end: number, scope: Scope): void {
  if (start + 4 > end) return;
  const value = bitsAt(scope.bytes, (start + 2) * 8, 16);
  const text = value === 0 ? 'Router shall examine packet' : 'Reserved';
  pen.number('ip.opt.ra', 'Router Alert', start + 2, 2, `${text} (${value})`);
  pen.label(`${pen.field.label}: ${text} (${value})`);
}
