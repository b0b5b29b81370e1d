import type { SocketState } from '@netarium/osi/trace';
import { type Journey, type Language, reasonText } from 'netarium';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { baseName, type CallInfo, type Model } from '../model/model.ts';
import { formatSpan, formatTime } from '../model/units.ts';
import { frameOf, framesOf, selectCall, selectFrame } from '../selection.ts';
import { useGlass } from '../store.ts';
import { callName } from './topology/MachineNode.tsx';

const HEAD = 34;
const TOP = 20;
/** A wait longer than this is said in words. */
const GAP = 1_000_000;
/** Pixels drawn beyond the visible ones. */
const MARGIN = 200;
const NARROW = 420;

/** Time downwards, machines side by side, frames as arrows whose slope is the time they take. */
export function Ladder() {
  const { t } = useTranslation();
  const lab = useGlass((state) => state.lab);
  const model = useGlass((state) => state.model);
  const version = useGlass((state) => state.version);
  const selection = useGlass((state) => state.selection);
  const view = useGlass((state) => state.view);
  const scroller = useRef<HTMLElement>(null);
  const [size, setSize] = useState({ width: 600, height: 400 });
  const [top, setTop] = useState(0);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const machines = useMemo(
    () => lab?.nodes.filter(({ kind }) => kind === 'host' || kind === 'router').map(({ name }) => name) ?? [],
    [lab],
  );
  const height = TOP * 2 + model.scale.length + 12;
  const front = frameOf(selection);

  const followed = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` tells that there is more
  useEffect(() => {
    const element = scroller.current;
    if (element !== null && followed.current && front === null) element.scrollTop = element.scrollHeight;
  }, [version, front]);
  useEffect(() => {
    const element = scroller.current;
    const journey = front === null ? undefined : model.frame(front);
    if (element === null || journey === undefined) return;
    const at = HEAD + TOP + model.scale.at(journey.sent.time);
    if (at < element.scrollTop + HEAD + 20 || at > element.scrollTop + element.clientHeight - 60) {
      element.scrollTop = at - element.clientHeight / 2;
    }
  }, [front, model]);

  const columns = new Map(machines.map((name, i) => [name, columnAt(i, machines.length, size.width)]));
  return (
    <div className="pane ladder">
      <section
        className="ladder-scroll"
        ref={scroller}
        aria-label={t('ladder.label')}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          followed.current = scrollTop + clientHeight >= scrollHeight - 40;
          setTop(scrollTop);
        }}
      >
        <div className="ladder-head" style={{ height: HEAD }}>
          {machines.map((name) => (
            <span key={name} style={{ left: columns.get(name) }}>
              {name}
              <small className="mono">
                {lab?.nodes.find((node) => node.name === name)?.addresses[0]?.[1].replace(/[/].*/, '')}
              </small>
            </span>
          ))}
        </div>
        {model.record.size === 0 ? (
          <div className="empty">
            <p>{t('ladder.empty')}</p>
          </div>
        ) : (
          <svg width={size.width} height={height} role="presentation">
            <Drawing
              model={model}
              version={version}
              columns={columns}
              width={size.width}
              from={top - MARGIN}
              to={top + size.height + MARGIN}
              selected={framesOf(model, selection)}
              chosenCall={selection?.kind === 'call' ? selection.call : null}
              view={view}
            />
          </svg>
        )}
      </section>
    </div>
  );
}

function columnAt(i: number, count: number, width: number): number {
  const side = width < NARROW ? 70 : Math.min(132, width * 0.2);
  return count === 1 ? width / 2 : side + (i * (width - 2 * side)) / (count - 1);
}

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

function Drawing({ model, columns, width, from, to, selected, chosenCall, view }: DrawingProps) {
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
  const states = statesOf(model, lastTime).filter((state) => visible(state.from, state.to));
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
      {states.map((state) => {
        const x = columns.get(state.node);
        if (x === undefined) return null;
        const [a, b] = [y(state.from), y(state.to)];
        return (
          <g key={state.key} className={`state state-${state.name}`}>
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
      {states.map((state) => {
        const x = columns.get(state.node);
        const [a, b] = [y(state.from), y(state.to)];
        // Upright letters beside the lifeline, over everything else; where there is no room, the colour must do.
        if (x === undefined || b - a <= 14) return null;
        const outward = outwards(x, width);
        return (
          <text
            key={state.key}
            className={`state-name state-${state.name}`}
            x={x - outward * 7}
            y={Math.min(Math.max(a, from + MARGIN + HEAD) + 11, b - 2)}
            textAnchor={outward > 0 ? 'end' : 'start'}
          >
            {state.name}
          </text>
        );
      })}
      {view !== null && <line className="ladder-now" x1={0} x2={width} y1={y(view)} y2={y(view)} />}
    </>
  );
}

const endOf = (journey: Journey): number =>
  Math.max(journey.sent.time, ...journey.hops.map(({ sent, received }) => received?.time ?? sent.time));

/** 1 for a lifeline on the right half, whose outside is on the right. */
const outwards = (x: number, width: number): number => (x > width / 2 ? 1 : -1);

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

interface Stretch {
  readonly key: number;
  readonly node: string;
  readonly name: string;
  readonly from: number;
  to: number;
}

/** How long each TCP socket was in each of its states; of several at once the latest is seen. */
function statesOf(model: Model, lastTime: number): Stretch[] {
  const stretches: Stretch[] = [];
  const open = new Map<string, Stretch>();
  for (const event of model.record.events) {
    if (event.kind !== 'socket-state' || !event.socket.startsWith('tcp')) continue;
    const socket = `${event.node} ${event.socket}`;
    const before = open.get(socket);
    if (before !== undefined) before.to = event.time;
    if (event.to === 'CLOSED') {
      open.delete(socket);
      continue;
    }
    const stretch = {
      key: event.id,
      node: event.node,
      name: (event as SocketState).to,
      from: event.time,
      to: lastTime,
    };
    open.set(socket, stretch);
    stretches.push(stretch);
  }
  // Listening goes on behind the connections it brings: its bar is drawn first.
  return stretches.sort((a, b) => Number(b.name === 'LISTEN') - Number(a.name === 'LISTEN') || a.key - b.key);
}

interface CallProps {
  readonly info: CallInfo;
  readonly x: number | undefined;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly chosen: boolean;
}

/** A system call as a block beside its machine's lifeline, from call to return. */
function Call({ info: { call, returned }, x, width, top, bottom, chosen }: CallProps) {
  if (x === undefined) return null;
  const outward = outwards(x, width);
  const name = callName(call.name, call.args);
  const where = call.where === undefined ? call.program : `${baseName(call.where.file)}:${call.where.line}`;
  const failed = returned !== null && returned.result < 0;
  const block = x + outward * 5 - (outward < 0 ? 5 : 0);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot be drawn inside a picture
    <g
      className={`call${chosen ? ' selected' : ''}${failed ? ' failed' : ''}${returned === null ? ' open' : ''}`}
      role="button"
      tabIndex={-1}
      onClick={() => selectCall(call.id)}
      onKeyDown={(event) => event.key === 'Enter' && selectCall(call.id)}
    >
      <title>{`${call.name}(${call.args})${returned === null ? '' : ` = ${returned.text}`}`}</title>
      <rect x={block} y={top} width={5} height={Math.max(5, bottom - top)} rx={1.5} />
      <text x={x + outward * 14} y={top + 8} textAnchor={outward > 0 ? 'start' : 'end'}>
        <tspan className="call-name">{name}()</tspan>
        <tspan className="call-where" dx={4}>
          {width < NARROW ? '' : where}
        </tspan>
      </text>
    </g>
  );
}

interface ArrowProps {
  readonly model: Model;
  readonly journey: Journey;
  readonly columns: ReadonlyMap<string, number>;
  readonly y: (time: number) => number;
  readonly selected: boolean;
  readonly later: boolean;
}

function Arrow({ model, journey, columns, y, selected, later }: ArrowProps) {
  const { t, i18n } = useTranslation();
  const { sent, number } = journey;
  const from = columns.get(sent.node);
  if (from === undefined) return null;
  const packet = model.packets.packet(sent);
  const arrivals = journey.arrivals.flatMap(({ node, time }) => {
    const x = columns.get(node);
    return x === undefined || x === from ? [] : [{ x, time }];
  });
  // A frame that is lost, or still on its way, ends between the lifelines.
  const other = [...columns.values()].find((x) => x !== from) ?? from + 80;
  const lost = arrivals.length === 0 && journey.drops.length > 0;
  const top = y(sent.time);
  const ends =
    arrivals.length > 0
      ? arrivals.map(({ x, time }) => ({ x, y: y(time) }))
      : [{ x: from + (other - from) * 0.55, y: y(endOf(journey)) + 8 }];
  const label = labelOf(packet);
  const main = ends[0] as { x: number; y: number };
  const angle = (Math.atan2(main.y - top, main.x - from) * 180) / Math.PI;
  const upright = main.x < from ? angle + 180 : angle;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot be drawn inside a picture
    <g
      className={`arrow tone-${packet.tone}${selected ? ' selected' : ''}${later ? ' later' : ''}`}
      role="button"
      tabIndex={-1}
      aria-label={`${number} ${label}`}
      data-arrow={number}
      onClick={() => selectFrame(number)}
      onKeyDown={(event) => event.key === 'Enter' && selectFrame(number)}
    >
      <title>{`${number}  ${formatTime(sent.time)}  ${packet.info}\n${reasonText(sent.reason, i18n.language as Language)}`}</title>
      {ends.map((end) => (
        <g key={`${end.x}`}>
          <line className="arrow-hit" x1={from} y1={top} x2={end.x} y2={end.y} />
          <line className="arrow-line" x1={from} y1={top} x2={end.x} y2={end.y} />
          {!lost && <ArrowHead from={{ x: from, y: top }} to={end} />}
        </g>
      ))}
      {lost && (
        <text className="arrow-lost" x={main.x} y={main.y + 5}>
          ✕ {t('ladder.lost')}
        </text>
      )}
      <text
        className="arrow-label"
        transform={`translate(${(from + main.x) / 2} ${(top + main.y) / 2 - 4}) rotate(${upright > 90 ? upright - 360 : upright})`}
      >
        <tspan className="arrow-number">{number}</tspan> {label}
      </text>
    </g>
  );
}

function ArrowHead({
  from,
  to,
}: {
  readonly from: { x: number; y: number };
  readonly to: { x: number; y: number };
}) {
  const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
  return (
    <path
      className="arrow-head"
      d="M0 0-8-3.6v7.200Z"
      transform={`translate(${to.x} ${to.y}) rotate(${angle})`}
    />
  );
}

function labelOf({ tcp, info, protocol }: ReturnType<Model['packets']['packet']>): string {
  if (protocol === 'ARP') return `ARP ${info.replace(/ Tell .*/, '').replace(/(?:[0-9a-f]{2}:){4}/, '…')}`;
  if (tcp === null) return `${protocol} ${info}`;
  return [
    tcp.flags,
    `Seq=${tcp.seq}`,
    tcp.ack === null ? '' : `Ack=${tcp.ack}`,
    tcp.length > 0 ? `Len=${tcp.length}` : '',
  ]
    .filter(Boolean)
    .join(' ');
}
