import { type Journey, type Language, reasonText } from 'netarium';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../model/model.ts';
import { formatTime } from '../../model/units.ts';
import { selectFrame } from '../../selection.ts';
import { endOf } from './columns.ts';

interface ArrowProps {
  readonly model: Model;
  readonly journey: Journey;
  readonly columns: ReadonlyMap<string, number>;
  readonly y: (time: number) => number;
  readonly selected: boolean;
  readonly later: boolean;
}

export function Arrow({ model, journey, columns, y, selected, later }: ArrowProps) {
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
