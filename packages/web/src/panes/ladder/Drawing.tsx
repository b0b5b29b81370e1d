import type { Model } from '../../model/model.ts';
import { formatSpan } from '../../model/units.ts';
import { Arrow } from './Arrow.tsx';
import { Call } from './Call.tsx';
import { endOf, outwards } from './columns.ts';

/** Space above the first instant; the head with the machines' names; pixels drawn beyond the visible ones. */
export const TOP = 20;
export const HEAD = 34;
export const MARGIN = 200;
/** A wait longer than this (nanoseconds) is said in words. */
const GAP = 1_000_000;

interface DrawingProps {
  readonly model: Model;
  readonly version: number;
  readonly columns: ReadonlyMap<string, number>;
  readonly width: number;
  readonly from: number;
  readonly to: number;
  readonly selected: ReadonlySet<number>;
  readonly chosenCall: number | null;
  readonly view: number | null;
}

export function Drawing({ model, columns, width, from, to, selected, chosenCall, view }: DrawingProps) {
  const { scale } = model;
  const y = (time: number) => TOP + scale.at(time);
  const [start, end] = [
    scale.timeAt(from - TOP),
    to - TOP >= scale.length ? Number.POSITIVE_INFINITY : scale.timeAt(to - TOP),
  ];
  const bottom = TOP + scale.length + 10;
  const visible = (a: number, b: number) => a <= end && b >= start;
  const journeys = model.journeys.all.filter((journey) => visible(journey.sent.time, endOf(journey)));
  const lastTime = model.now.time;
  const calls = [...model.calls.values()].filter(
    ({ call, returned }) => isShown(call.name) && visible(call.time, returned?.time ?? lastTime),
  );
  // Listening goes on behind the connections it brings: its bar is drawn first.
  const states = model.states.all
    .map((stretch) => ({ ...stretch, to: stretch.to ?? lastTime }))
    .filter((stretch) => visible(stretch.from, stretch.to))
    .sort((a, b) => Number(b.state === 'LISTEN') - Number(a.state === 'LISTEN') || a.id - b.id);
  return (
    <>
      {[...columns].map(([name, x]) => (
        <line key={name} className="lifeline" x1={x} x2={x} y1={4} y2={bottom} />
      ))}
      {gapsOf(scale.instants, start, end).map(([a, b]) => (
        <g key={a} className="gap">
          <line x1={10} x2={width - 10} y1={(y(a) + y(b)) / 2} y2={(y(a) + y(b)) / 2} />
          <text x={width / 2} y={(y(a) + y(b)) / 2 + 4}>
            ⋯ {formatSpan(b - a)} ⋯
          </text>
        </g>
      ))}
      {states.map((stretch) => {
        const x = columns.get(stretch.node);
        if (x === undefined) return null;
        const [a, b] = [y(stretch.from), y(stretch.to)];
        return (
          <g key={stretch.id} className={`state state-${stretch.state}`}>
            <rect x={x - 2} width={4} y={a} height={Math.max(1, b - a)} />
          </g>
        );
      })}
      {calls.map((info) => (
        <Call
          key={info.call.id}
          info={info}
          x={columns.get(info.call.node)}
          width={width}
          top={y(info.call.time)}
          bottom={y(info.returned?.time ?? lastTime)}
          chosen={info.call.id === chosenCall}
        />
      ))}
      {journeys.map((journey) => (
        <Arrow
          key={journey.number}
          model={model}
          journey={journey}
          columns={columns}
          y={y}
          selected={selected.has(journey.number)}
          later={view !== null && journey.sent.time > view}
        />
      ))}
      {states.map((stretch) => {
        const x = columns.get(stretch.node);
        const [a, b] = [y(stretch.from), y(stretch.to)];
        // Upright letters beside the lifeline, over everything else; where there is no room, the colour must do.
        if (x === undefined || b - a <= 14) return null;
        const outward = outwards(x, width);
        return (
          <text
            key={stretch.id}
            className={`state-name state-${stretch.state}`}
            x={x - outward * 7}
            y={Math.min(Math.max(a, from + MARGIN + HEAD) + 11, b - 2)}
            textAnchor={outward > 0 ? 'end' : 'start'}
          >
            {stretch.state}
          </text>
        );
      })}
      {view !== null && <line className="ladder-now" x1={0} x2={width} y1={y(view)} y2={y(view)} />}
    </>
  );
}

/** Calls about the network and waiting; memory, files and clocks would fill the picture. */
const SHOWN = new Set([
  'socket',
  'bind',
  'listen',
  'accept4',
  'connect',
  'sendto',
  'recvfrom',
  'shutdown',
  'close',
  'poll',
  'read',
  'nanosleep',
]);
const isShown = (name: string): boolean => SHOWN.has(name);

/** Long waits, as pairs of instants. */
function gapsOf(instants: readonly number[], start: number, end: number): [number, number][] {
  const gaps: [number, number][] = [];
  for (let i = 1; i < instants.length; i++) {
    const [a, b] = [instants[i - 1] as number, instants[i] as number];
    if (b - a >= GAP && a <= end && b >= start) gaps.push([a, b]);
  }
  return gaps;
}
