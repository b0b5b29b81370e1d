import { count, hex, type Pen, type Scope } from '../../dissect/pen.ts';
import type { TcpContext } from '../../dissect/tree.ts';

interface Option {
  readonly name: string;
  readonly label: string;
  readonly kind: string;
  /** Its length in bytes, or null when it varies. */
  readonly length: number | null;
  readonly read?: (pen: Pen, start: number, end: number, context: TcpContext | undefined) => void;
}

const EOL = 0;
const NOP = 1;

/** RFC 9293 section 3.2, RFC 7323, RFC 2018, RFC 7413, RFC 4727 with RFC 6994. */
const OPTIONS = new Map<number, Option>([
  [2, { name: 'mss', label: 'Maximum segment size', kind: 'Maximum Segment Size', length: 4, read: mss }],
  [3, { name: 'wscale', label: 'Window scale', kind: 'Window Scale', length: 3, read: windowScale }],
  [4, { name: 'sack_perm', label: 'SACK permitted', kind: 'SACK Permitted', length: 2 }],
  [5, { name: 'sack', label: 'SACK', kind: 'SACK', length: null, read: sack }],
  [
    34,
    {
      name: 'tfo',
      label: 'TCP Fast Open',
      kind: 'TCP Fast Open Cookie',
      length: null,
      read: (pen, start, end) => fastOpen(pen, start + 2, end, start),
    },
  ],
  [
    253,
    {
      name: 'experimental',
      label: 'Experimental',
      kind: 'RFC3692-style Experiment 1',
      length: null,
      read: experiment,
    },
  ],
  [
    254,
    {
      name: 'experimental',
      label: 'Experimental',
      kind: 'RFC3692-style Experiment 2',
      length: null,
      read: experiment,
    },
  ],
  [8, { name: 'timestamp', label: 'Timestamps', kind: 'Time Stamp Option', length: 10, read: timestamps }],
]);

/** The options of a TCP header, between its fixed part and its payload. */
export function dissectTcpOptions(
  scope: Scope,
  pen: Pen,
  start: number,
  end: number,
  context: TcpContext | undefined,
): void {
  const list = pen.raw('tcp.options', 'Options', start, end - start, '');
  list.end = end;
  const names: string[] = [];
  for (let at = start; at < end; ) {
    const kind = scope.bytes[at] as number;
    if (kind === NOP || kind === EOL) {
      const label = kind === NOP ? 'No-Operation (NOP)' : 'End of Option List (EOL)';
      names.push(label);
      const single = list.raw(
        kind === NOP ? 'tcp.options.nop' : 'tcp.options.eol',
        `TCP Option - ${label}`,
        at,
        1,
        '',
      );
      single.number(
        'tcp.option_kind',
        'Kind',
        at,
        1,
        `${kind === NOP ? 'No-Operation' : 'End of Option List'} (${kind})`,
      );
      at += 1;
      if (kind === EOL && scope.bytes.subarray(at, end).some((byte) => byte !== 0)) {
        list.heading('Non-zero header padding', '', at, end - at);
        break;
      }
      continue;
    }
    const option = OPTIONS.get(kind);
    const length = at + 1 < end ? (scope.bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) {
      const name = option?.label ?? `Unknown (${hex(kind, 2)})`;
      const fault =
        length < 2
          ? `with too-short option length = ${count(length, 'byte')}`
          : `option length = ${count(length, 'byte')} says option goes past end of options`;
      list.heading(`${name} (${fault})`, '', at, 1);
      break;
    }
    names.push(option?.label ?? `Unknown (${hex(kind, 2)})`);
    writeOption(list, option, kind, at, length, context);
    at += length;
  }
  list.text([`(${count(end - start, 'byte')})`, ...names].join(', '));
}

function writeOption(
  list: Pen,
  option: Option | undefined,
  kind: number,
  at: number,
  length: number,
  context: TcpContext | undefined,
): void {
  const name = option?.name ?? 'unknown';
  const field = list.raw(`tcp.options.${name}`, `TCP Option - ${option?.label ?? 'Unknown'}`, at, length, '');
  field.end = at + length;
  field.number('tcp.option_kind', 'Kind', at, 1, `${option?.kind ?? 'Unknown'} (${kind})`);
  field.number('tcp.option_len', 'Length', at + 1, 1);
  if (option === undefined) {
    if (length > 2) field.raw('tcp.options.unknown.payload', 'Payload', at + 2, length - 2);
  } else if (option.length === null || option.length === length)
    option.read?.(field, at, at + length, context);
}

function mss(pen: Pen, start: number): void {
  const value = pen.number('tcp.options.mss_val', 'MSS Value', start + 2, 2).field.value as number;
  pen.text(count(value, 'byte'));
}

function windowScale(pen: Pen, start: number): void {
  const shift = pen.number('tcp.options.wscale.shift', 'Shift count', start + 2, 1).field.value as number;
  const multiplier = 2 ** Math.min(shift, 14);
  pen.made('tcp.options.wscale.multiplier', 'Multiplier', multiplier, start + 2, String(multiplier), 1);
  pen.text(`${shift} (multiply by ${multiplier})`);
}

/** Blocks of two edges; relative to the other direction's numbers when those are known. */
function sack(pen: Pen, start: number, end: number, context: TcpContext | undefined): void {
  const base = context?.acknowledgmentBase ?? 0;
  const note = context === undefined ? '' : ' (relative)';
  const blocks: string[] = [];
  for (let at = start + 2; at + 8 <= end; at += 8) {
    const edges = [
      ['tcp.options.sack_le', 'left edge', at],
      ['tcp.options.sack_re', 'right edge', at + 4],
    ] as const;
    const values = edges.map(([name, label, where]) => {
      const field = pen.number(name, label, where, 4);
      const value = ((field.field.value as number) - base) >>> 0;
      field.show(value, '');
      field.label(`${label} = ${value}${note}`);
      return value;
    });
    blocks.push(values.join('-'));
  }
  pen.made('tcp.options.sack.count', 'TCP SACK Count', blocks.length, start);
  pen.label(`${pen.field.label} ${blocks.join(' ')}`);
}

/** A cookie in `[at, end)`, or with nothing there the request for one, which is where `request` says. */
function fastOpen(pen: Pen, at: number, end: number, request: number): void {
  if (end > at) pen.raw('tcp.options.tfo.cookie', 'Fast Open Cookie', at, end - at);
  else pen.raw('tcp.options.tfo.request', 'Fast Open Cookie Request', request, 2).show('', '');
}

/** The magic number of Fast Open among the experiments (IANA "TCP Experimental Option Experiment Identifiers"). */
const FAST_OPEN = 0xf989;

function experiment(pen: Pen, start: number, end: number): void {
  if (end - start < 4) return;
  const field = pen.number('tcp.options.experimental.exid', 'Experiment Identifier', start + 2, 2);
  const identifier = field.field.value as number;
  const name = identifier === FAST_OPEN ? 'Fast Open' : 'Unknown';
  field.text(`${name} (${hex(identifier, 4)})`);
  pen.text(name);
  if (identifier === FAST_OPEN) fastOpen(pen, start + 4, end, start + 2);
}

function timestamps(pen: Pen, start: number): void {
  const value = pen.number('tcp.options.timestamp.tsval', 'Timestamp value', start + 2, 4).field.value;
  const reply = pen.number('tcp.options.timestamp.tsecr', 'Timestamp echo reply', start + 6, 4).field.value;
  pen.text(`TSval ${value}, TSecr ${reply}`);
}
