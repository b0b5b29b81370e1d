import { formatSeconds } from '@netarium/osi/time';
import type { LadderRow } from 'netarium';
import type { Style } from './style.ts';
import { cut, displayWidth, pad, wrap } from './width.ts';

export interface LadderOptions {
  /** The machines, from left to right. */
  readonly machines: readonly string[];
  readonly style: Style;
  /** Columns of the terminal; without it lines are as long as they need to be. */
  readonly width: number | undefined;
  /** The last column's text for a row: why it was sent, and what became of it. */
  readonly why: (row: LadderRow) => string;
  /** The heads of the columns. */
  readonly heads: {
    readonly number: string;
    readonly time: string;
    readonly what: string;
    readonly why: string;
  };
}

/** Beyond this many machines their lines no longer fit: the arrow is written as `a → b`. */
const MOST_LANES = 6;
const GAP = '  ';
/** With less room than this the last column goes to lines of its own. */
const LEAST_WHY = 32;
const NARROW = 100;

/** Draws frames as rungs between machines: number, time, arrow, what it says, why. One line per row, or more if the last column wraps. */
export function drawLadder(rows: readonly LadderRow[], options: LadderOptions): string[] {
  const { machines, style, width, heads } = options;
  const narrow = width !== undefined && width < NARROW;
  const lanes = machines.length <= MOST_LANES ? new Lanes(machines, narrow ? 9 : 12) : null;
  const numberWidth = Math.max(displayWidth(heads.number), String(rows.length).length);
  // Microseconds will do where there is no room for nanoseconds.
  const times = rows.map(({ time }) => (narrow ? formatSeconds(time).slice(0, -3) : formatSeconds(time)));
  const timeWidth = Math.max(displayWidth(heads.time), ...times.map(displayWidth));
  const arrows = rows.map((row) => lanes?.arrow(row) ?? arrowInWords(row));
  const arrowWidth = lanes?.width ?? Math.max(0, ...arrows.map(displayWidth));
  const whats = columns(rows.map(whatCells));
  const whatWidth = Math.max(displayWidth(heads.what), ...whats.map(displayWidth));
  const left = numberWidth + timeWidth + arrowWidth + whatWidth + 4 * GAP.length;
  const line = (number: string, time: string, arrow: string, what: string, why: string) =>
    [
      pad(number, numberWidth, 'left'),
      pad(time, timeWidth),
      pad(arrow, arrowWidth),
      pad(what, whatWidth),
      why,
    ]
      .join(GAP)
      .trimEnd();
  const beside = width === undefined || width - left >= LEAST_WHY;
  const indent = ' '.repeat(beside ? left : numberWidth + GAP.length);

  const head = style.bold(
    line(heads.number, heads.time, lanes?.head ?? '', heads.what, beside ? heads.why : ''),
  );
  const body = rows.flatMap((row, i) => {
    const why = options.why(row);
    const parts = width === undefined ? [why] : wrap(why, Math.max(16, width - indent.length));
    const [first = '', ...rest] = beside ? parts : ['', ...parts];
    const paint = row.dropped !== null && row.to.length === 0 ? style.red : style.dim;
    const all = line(String(row.number), times[i] ?? '', arrows[i] ?? '', whats[i] ?? '', '');
    const start = width === undefined ? all : cut(all, width);
    const whole = first === '' ? start : `${pad(start, left)}${paint(first)}`;
    return [whole, ...rest.map((text) => indent + paint(text))];
  });
  return [head, ...body];
}

/** A vertical line for each machine, and arrows between them. */
class Lanes {
  readonly width: number;
  readonly head: string;
  readonly #machines: readonly string[];
  readonly #spacing: number;

  constructor(machines: readonly string[], leastSpacing: number) {
    this.#machines = machines;
    this.#spacing = Math.max(leastSpacing, ...machines.map((name) => displayWidth(name) + 2));
    this.width = this.#spacing * machines.length;
    this.head = machines.map((name) => this.#centred(name)).join('');
  }

  arrow(row: LadderRow): string {
    const cells: string[] = Array.from({ length: this.width }, () => ' ');
    for (let i = 0; i < this.#machines.length; i++) cells[this.#at(i)] = '│';
    const from = this.#machines.indexOf(row.from);
    if (from < 0) return cells.join('');
    const start = this.#at(from);
    const targets = row.to.map((name) => this.#machines.indexOf(name)).filter((to) => to >= 0);
    for (const to of targets) this.#draw(cells, start, this.#at(to));
    if (targets.length === 0) this.#lost(cells, start, from);
    return cells.join('');
  }

  #draw(cells: string[], start: number, end: number): void {
    if (end === start) {
      cells[start] = '↻';
      return;
    }
    const step = end > start ? 1 : -1;
    for (let x = start + step; x !== end - step; x += step) if (cells[x] === ' ') cells[x] = '─';
    cells[end - step] = step > 0 ? '▶' : '◀';
    cells[start] = step > 0 ? (cells[start] === '┤' ? '┼' : '├') : cells[start] === '├' ? '┼' : '┤';
  }

  /** An arrow that ends on its way. */
  #lost(cells: string[], start: number, from: number): void {
    const step = from === this.#machines.length - 1 && from > 0 ? -1 : 1;
    const reach = Math.floor(this.#spacing / 2);
    for (let i = 1; i < reach; i++) if (cells[start + step * i] === ' ') cells[start + step * i] = '─';
    cells[start + step * reach] = '✕';
    cells[start] = step > 0 ? '├' : '┤';
  }

  #at(machine: number): number {
    return this.#spacing * machine + Math.floor(this.#spacing / 2);
  }

  #centred(name: string): string {
    const before = Math.max(0, Math.floor(this.#spacing / 2) - Math.floor(displayWidth(name) / 2));
    return pad(' '.repeat(before) + name, this.#spacing);
  }
}

function arrowInWords({ from, to, dropped }: LadderRow): string {
  return `${from} → ${to.length > 0 ? to.join(', ') : dropped === null ? '…' : '✕'}`;
}

/** What a frame says, in cells that stand below each other: `TCP`, `49152→9000`, `SYN, ACK`, `seq 0`, `ack 1`, `len 0`. */
function whatCells(row: LadderRow): string[] {
  const { protocol, tcp, info, length } = row;
  if (tcp === null) return [protocol, `${info}${length > 0 ? ` len ${length}` : ''}`];
  const ports = `${portOf(row.source)}→${portOf(row.destination)}`;
  return [
    protocol,
    ports,
    tcp.flags,
    `seq ${tcp.seq}`,
    tcp.ack === null ? '' : `ack ${tcp.ack}`,
    `len ${length}`,
  ];
}

const portOf = (end: string): string => end.slice(end.lastIndexOf(':') + 1);

/** Joins cells, those of TCP padded to one width each; a row of two cells runs over the others' columns. */
function columns(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const cells of rows) {
    cells.forEach((cell, i) => {
      if (cells.length > 2 || i === 0) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell));
    });
  }
  return rows.map((cells) =>
    cells
      .map((cell, i) => (cells.length > 2 || i === 0 ? pad(cell, widths[i] ?? 0) : cell))
      .join(' ')
      .trimEnd(),
  );
}
