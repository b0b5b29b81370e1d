import { type Cable, codingFor, drawLevels, type LineCoding } from '@netarium/osi/1-physical';
import { type Field, type FieldTree, fieldLine, type OsiLayer } from '@netarium/osi/dissect';
import type { FrameSent, SocketState, SystemCall, TraceRecord } from '@netarium/osi/trace';
import { formatDuration } from './lab-file/units.ts';
import type { Journey } from './ladder/journeys.ts';

import type { LadderRow } from './ladder/rows.ts';
import { applicationData } from './ladder/summary.ts';
import { callText } from './results.ts';

/** A field of a layer, as it is written; deeper ones belong to the one above them. */
export interface LayerLine {
  readonly depth: number;
  readonly text: string;
}

/** What one frame is, seen at one of the seven layers. */
export interface LayerView {
  readonly layer: OsiLayer;
  /** What speaks there: `Transmission Control Protocol`; empty when nothing does in this frame. */
  readonly protocol: string;
  readonly lines: readonly LayerLine[];
}

const LAYERS: readonly OsiLayer[] = [7, 6, 5, 4, 3, 2, 1];

/**
 * One frame as the seven layers, the uppermost first: fields of its headers at 2, 3 and 4; the cables it crossed
 * at 1; the conversation and its state at 5; its bytes as text at 6; the bytes themselves at 7.
 * @param tree the frame's, `ladder.frame(number).tree`.
 */
export function sevenLayers(
  record: TraceRecord,
  tree: FieldTree,
  journey: Journey,
  row: LadderRow,
  links: readonly Cable[],
): LayerView[] {
  const data = applicationData(tree);
  return LAYERS.map((layer): LayerView => {
    switch (layer) {
      case 1:
        return { layer, ...physical(record, tree.bytes, journey, links) };
      case 5:
        return { layer, ...session(record, journey.sent, row) };
      case 6:
        return { layer, ...presentation(data) };
      case 7:
        return { layer, ...application(data) };
      default:
        return { layer, ...headers(tree, layer) };
    }
  });
}

type View = Omit<LayerView, 'layer'>;
const NOTHING: View = { protocol: '', lines: [] };

function headers(tree: FieldTree, layer: OsiLayer): View {
  const protocols = tree.protocols.filter((field) => field.layer === layer);
  if (protocols.length === 0) return NOTHING;
  return {
    protocol: protocols.map(({ label }) => label).join(', '),
    lines: protocols.flatMap((protocol) =>
      protocol.children.flatMap((field) => fieldLines(tree.bytes, field, 0)),
    ),
  };
}

function fieldLines(bytes: Uint8Array, field: Field, depth: number): LayerLine[] {
  return [
    { depth, text: fieldLine(bytes, field) },
    ...field.children.flatMap((child) => fieldLines(bytes, child, depth + 1)),
  ];
}

/** Preamble and start delimiter, and the FCS, in bytes (IEEE 802.3): what a cable carries besides the frame. */
const AROUND_FRAME = 12;
const MIN_FRAME = 60;

function physical(record: TraceRecord, bytes: Uint8Array, journey: Journey, links: readonly Cable[]): View {
  const codings = new Set<LineCoding>();
  const lines = journey.hops.map(({ sent, received, dropped }): LayerLine => {
    const cable = links.find(({ a, b }) =>
      [a, b].some((p) => p.tracer.node === sent.node && p.name === sent.port),
    );
    if (cable === undefined) return { depth: 0, text: `${sent.node}:${sent.port}` };
    const forward = cable.a.tracer.node === sent.node && cable.a.name === sent.port;
    const far = forward ? cable.b : cable.a;
    const { bandwidth, delay } = forward ? cable.aToB : cable.bToA;
    codings.add(codingFor(bandwidth));
    const bits = (Math.max(sent.length, MIN_FRAME) + AROUND_FRAME) * 8;
    const rate =
      bandwidth === Number.POSITIVE_INFINITY
        ? `${bits} bits at no limit of bandwidth`
        : `${bits} bits at ${formatRate(bandwidth)} in ${formatDuration((bits / bandwidth) * 1e9)}`;
    const met = cable.shared === null ? 0 : collisionsOf(record, sent);
    const shared = met === 0 ? '' : `, after ${met === 1 ? 'a collision' : `${met} collisions`}`;
    const end = dropped !== null ? `; ${dropped.reason}` : received === null ? '; still on its way' : '';
    return {
      depth: 0,
      text: `${sent.node}:${sent.port} → ${far.tracer.node}:${far.name}: ${rate}, ${formatDuration(delay)} on the way${shared}${end}`,
    };
  });
  for (const coding of codings) lines.push(...signal(bytes, coding));
  return { protocol: 'Cable', lines };
}

/** How many bits of a waveform a line draws. */
const DRAWN_BITS = 24;

/** How the frame's bits look on a cable: where the frame begins, behind preamble and start delimiter. */
function signal(bytes: Uint8Array, coding: LineCoding): LayerLine[] {
  const { levels, levelsPerBit, parts } = coding.encode(bytes);
  const start = parts.find(({ name }) => name === 'frame')?.start ?? 0;
  const drawn = drawLevels(levels, start - 8 * levelsPerBit, start + DRAWN_BITS * levelsPerBit);
  const bits = parts.map(({ name, start: from, end }) => `${name} ${(end - from) / levelsPerBit}`).join(', ');
  return [
    { depth: 0, text: `${coding.name}: bits of ${bits}` },
    { depth: 1, text: `${drawn}…  start delimiter, then ${DRAWN_BITS} bits` },
  ];
}

/** How often the frame met others on a shared line before it was sent whole. */
const collisionsOf = (record: TraceRecord, { id }: FrameSent): number =>
  record.events.filter((event) => event.kind === 'collision' && event.sent === id).length;

/** `100 Mbit/s`. */
function formatRate(rate: number): string {
  const [unit, size] =
    rate >= 1e9 ? ['G', 1e9] : rate >= 1e6 ? ['M', 1e6] : rate >= 1e3 ? ['k', 1e3] : ['', 1];
  return `${Number((rate / Number(size)).toFixed(3))} ${unit}bit/s`;
}

/** The socket that the frame belongs to at its sender, with its state then, and the calls that wrote its bytes. */
function session(record: TraceRecord, sent: FrameSent, row: LadderRow): View {
  if (row.protocol !== 'TCP' && row.protocol !== 'UDP') return NOTHING;
  const lines: LayerLine[] = [];
  const state = socketState(record, sent, row);
  if (state !== undefined) {
    const { socket, local, remote, to } = state;
    lines.push({ depth: 0, text: `${sent.node}: socket ${socket}, ${local} ↔ ${remote}, ${to}` });
  }
  for (const id of sent.origins) {
    const call = record.get(id);
    if (call?.kind === 'system-call') lines.push({ depth: 0, text: `${callText(call)}: ${strace(call)}` });
  }
  return { protocol: 'Socket', lines };
}

const strace = ({ name, args }: SystemCall): string => `${name}(${args})`;

function socketState(record: TraceRecord, sent: FrameSent, row: LadderRow): SocketState | undefined {
  for (let id = sent.id - 1; id > 0; id--) {
    const event = record.get(id);
    if (event?.kind !== 'socket-state' || event.node !== sent.node) continue;
    if (event.local === row.source && (event.remote === row.destination || row.protocol === 'UDP'))
      return event;
  }
  return undefined;
}

function presentation(data: Uint8Array): View {
  if (data.length === 0) return NOTHING;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data);
    return { protocol: 'UTF-8', lines: [{ depth: 0, text: JSON.stringify(text) }] };
  } catch {
    return { protocol: '', lines: [{ depth: 0, text: 'not UTF-8 text, or cut within a character' }] };
  }
}

/** How many bytes a line shows, and how many lines at most. */
const BYTES_PER_LINE = 16;
const MOST_LINES = 64;

function application(data: Uint8Array): View {
  if (data.length === 0) return NOTHING;
  const lines: LayerLine[] = [{ depth: 0, text: data.length === 1 ? '1 byte' : `${data.length} bytes` }];
  for (let at = 0; at < data.length && lines.length <= MOST_LINES; at += BYTES_PER_LINE) {
    const part = [...data.subarray(at, at + BYTES_PER_LINE)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push({
      depth: 1,
      text: `${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * BYTES_PER_LINE)} ${text}`,
    });
  }
  return { protocol: 'Bytes of the program', lines };
}
