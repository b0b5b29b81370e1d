import { checksumOf, sumBytes } from '../../3-network/index.ts';
import {
  type Around,
  count,
  type Dissector,
  hex,
  type Pen,
  type Scope,
  Unreadable,
} from '../../dissect/pen.ts';
import type { TcpContext } from '../../dissect/tree.ts';
import { dissectTcpOptions } from './dissect-options.ts';

const HEADER = 20;

/** Flags from the lowest bit (RFC 9293 section 3.1, RFC 3168, draft-ietf-tcpm-accurate-ecn), as Wireshark names and draws them. */
const FLAGS = [
  { name: 'fin', label: 'Fin', brief: 'FIN', letter: 'F' },
  { name: 'syn', label: 'Syn', brief: 'SYN', letter: 'S' },
  { name: 'reset', label: 'Reset', brief: 'RST', letter: 'R' },
  { name: 'push', label: 'Push', brief: 'PSH', letter: 'P' },
  { name: 'ack', label: 'Acknowledgment', brief: 'ACK', letter: 'A' },
  { name: 'urg', label: 'Urgent', brief: 'URG', letter: 'U' },
  { name: 'ece', label: 'ECN-Echo', brief: 'ECE', letter: 'E' },
  { name: 'cwr', label: 'Congestion Window Reduced', brief: 'CWR', letter: 'C' },
  { name: 'ae', label: 'Accurate ECN', brief: 'AE', letter: 'A' },
] as const;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const RESERVED = 0xe00;

/**
 * The Transmission Control Protocol (RFC 9293). With the context that earlier frames give, sequence numbers are relative
 * and windows scaled, as Wireshark shows them; without it they are as they stand in the segment.
 */
export const dissectTcp: Dissector = (scope, start, end, around) => {
  const context = around.quoted || around.fragment ? undefined : scope.context.tcp;
  const pen = scope.protocol(
    'tcp',
    'TCP',
    'Transmission Control Protocol',
    4,
    start,
    Math.min(HEADER, end - start),
  );
  pen.end = end;
  const source = pen.number('tcp.srcport', 'Source Port', start, 2);
  const destination = pen.number('tcp.dstport', 'Destination Port', start + 2, 2);
  const ports = `Src Port: ${source.field.value}, Dst Port: ${destination.field.value}`;
  pen.text(ports);
  const whole = end - start >= HEADER;
  if (around.quoted && !whole) {
    pen.number('tcp.seq', 'Sequence Number', start + 4, 4);
    return end;
  }

  const headerLength = start + 13 <= end ? ((scope.bytes[start + 12] as number) >> 4) * 4 : HEADER;
  const header = Math.max(headerLength, HEADER);
  const flags = start + 14 <= end ? scope.view.getUint16(start + 12) & 0xfff : 0;
  const length = Math.max(around.claimed - header, 0);
  const measured = whole && !around.quoted && !around.fragment;
  if (context !== undefined) pen.made('tcp.stream', 'Stream index', context.stream, start);
  if (measured) pen.made('tcp.len', 'TCP Segment Len', length, start);
  const numbers = sequence(pen, start, flags, length, context, around.quoted);
  pen.text([ports, ...numbers, ...(measured ? [`Len: ${length}`] : [])].join(', '));

  const sized = pen.bits('tcp.hdr_len', 'Header Length', start + 12, 1, 0, 4);
  sized.show(headerLength, `${headerLength} bytes (${headerLength / 4})`);
  if (headerLength < HEADER) {
    throw new Unreadable(
      start + 12,
      `Header Length says ${headerLength} bytes, but a TCP header has at least ${HEADER}`,
    );
  }
  writeFlags(pen, start + 12, flags);
  writeWindow(pen, start + 14, flags, context);
  checksum(scope, pen, start, end, around);
  pen.number('tcp.urgent_pointer', 'Urgent Pointer', start + 18, 2);

  const payload = start + headerLength;
  pen.cover(Math.min(headerLength, end - start));
  if (headerLength > HEADER) {
    if (around.quoted && payload > end) {
      if (end > start + HEADER) pen.raw('tcp.options', 'Options', start + HEADER, end - start - HEADER);
      return end;
    }
    dissectTcpOptions(scope, pen, start + HEADER, payload, context);
  }
  if (context !== undefined) writeTimes(pen, start, context);
  if (payload < end && flags & RST) resetCause(scope, pen, payload, end);
  else if (payload < end) {
    pen.raw('tcp.payload', `TCP payload (${count(end - payload, 'byte')})`, payload, end - payload, '');
    scope.data(7, payload, end);
  }
  return end;
};

/** Writes sequence and acknowledgment number, relative where it is known to what. @returns them for the headline. */
function sequence(
  pen: Pen,
  start: number,
  flags: number,
  length: number,
  context: TcpContext | undefined,
  quoted: boolean,
): string[] {
  const field = pen.number('tcp.seq', 'Sequence Number', start + 4, 4);
  const seq = field.field.value as number;
  const shown = context === undefined ? seq : (seq - context.sequenceBase) >>> 0;
  if (context !== undefined) field.show(shown, `${shown}    (relative sequence number)`);
  if (!quoted) pen.number('tcp.seq_raw', 'Sequence Number (raw)', start + 4, 4);
  if (context !== undefined) {
    const next = (shown + length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    pen.made('tcp.nxtseq', 'Next Sequence Number', next, start, `${next}    (relative sequence number)`);
  }
  const ackField = pen.number('tcp.ack', 'Acknowledgment Number', start + 8, 4);
  const ack = ackField.field.value as number;
  const acknowledges = (flags & ACK) !== 0;
  const shownAck = context === undefined || !acknowledges ? ack : (ack - context.acknowledgmentBase) >>> 0;
  if (context !== undefined && acknowledges) ackField.show(shownAck, `${shownAck}    (relative ack number)`);
  pen.number('tcp.ack_raw', 'Acknowledgment number (raw)', start + 8, 4);
  return acknowledges ? [`Seq: ${shown}`, `Ack: ${shownAck}`] : [`Seq: ${shown}`];
}

/** `SYN, ACK`, as Wireshark lists the flags of the header's bytes 12 and 13. */
function flagNames(flags: number): string {
  const names: string[] = FLAGS.filter((_, bit) => flags & (1 << bit)).map((flag) => flag.brief);
  if (flags & RESERVED) names.push('Reserved');
  return names.join(', ') || '<None>';
}

function writeFlags(pen: Pen, at: number, flags: number): void {
  const all = { bitOffset: at * 8 + 4, bitLength: 12 };
  const field = pen.part('tcp.flags', 'Flags', all, 0, 12, `${hex(flags, 3)} (${flagNames(flags)})`).alone();
  field.part('tcp.flags.res', 'Reserved', all, 0, 3, flags & RESERVED ? 'Set' : 'Not set');
  let letters = '';
  for (const bit of [0x800, 0x400, 0x200]) letters += flags & bit ? 'R' : '·';
  for (let bit = FLAGS.length - 1; bit >= 0; bit--) {
    const flag = FLAGS[bit] as (typeof FLAGS)[number];
    field.flag(`tcp.flags.${flag.name}`, flag.label, all, 11 - bit);
    letters += flags & (1 << bit) ? flag.letter : '·';
  }
  field.made('tcp.flags.str', 'TCP Flags', letters, at, letters, 2);
}

function writeWindow(pen: Pen, at: number, flags: number, context: TcpContext | undefined): void {
  const value = pen.number('tcp.window_size_value', 'Window', at, 2).field.value as number;
  if (context === undefined) return;
  const { windowScale } = context;
  const scaled = flags & SYN || windowScale < 0 ? value : value * windowScale;
  pen.made('tcp.window_size', 'Calculated window size', scaled, at, String(scaled), 2);
  if (flags & SYN) return;
  const note = windowScale === -1 ? ' (unknown)' : windowScale === -2 ? ' (no window scaling used)' : '';
  const name = 'tcp.window_size_scalefactor';
  pen.made(name, 'Window size scaling factor', windowScale, at, `${windowScale}${note}`, 2);
}

/** RFC 9293 section 3.5.2 allows text in a reset that says why. */
function resetCause(scope: Scope, pen: Pen, start: number, end: number): void {
  const [words = ''] = new TextDecoder().decode(scope.bytes.subarray(start, end)).split('\0');
  pen.value('tcp.reset_cause', 'Reset cause', words, words, start, end - start);
}

function writeTimes(pen: Pen, at: number, { timeRelative, timeDelta }: TcpContext): void {
  const times = pen.made('', 'Timestamps', '', at);
  const since = (name: string, what: string, seconds: number): void => {
    const label = `Time since ${what} frame in this TCP stream`;
    times.made(`tcp.time_${name}`, label, seconds, at, `${seconds.toFixed(9)} seconds`);
  };
  since('relative', 'first', timeRelative);
  since('delta', 'previous', timeDelta);
}

/** Verified over the pseudo-header (RFC 9293 section 3.1), when all of the segment is there. */
function checksum(scope: Scope, pen: Pen, start: number, end: number, around: Around): void {
  const at = start + 16;
  let right: number | null = null;
  let partial = false;
  const { pseudoHeader } = around;
  if (pseudoHeader !== undefined && !around.fragment && around.claimed === end - start && at + 2 <= end) {
    const pseudo = pseudoHeader(end - start);
    partial = scope.view.getUint16(at) === pseudo;
    right = checksumOf(sumBytes(scope.view, start, end, pseudo + 0xffff - scope.view.getUint16(at)));
  }
  if (partial && right !== null && scope.view.getUint16(at) !== right) {
    // What a sender with checksum offload leaves in the field.
    pen.checksum(
      'tcp.checksum',
      'Checksum',
      at,
      'partial: the sum of the pseudo-header, left to checksum offload',
    );
    pen.status('tcp.checksum.status', 'Checksum Status', at, 2);
    return;
  }
  const { status } = pen.checksum('tcp.checksum', 'Checksum', at, right ?? '');
  pen.status('tcp.checksum.status', 'Checksum Status', at, status);
  if (right !== null) pen.made('tcp.checksum_calculated', 'Calculated Checksum', right, at, hex(right, 4), 2);
}
