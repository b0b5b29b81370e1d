import { whyOf } from '@netarium/osi/trace';
import { dropText, type Journey, type Language, reasonText, stepText } from 'netarium';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '../model/model.ts';
import { formatTime } from '../model/units.ts';
import { frameOf, framesOf, selectFrame } from '../selection.ts';
import { useGlass } from '../store.ts';

const ROW = 23;
/** Rows drawn beyond the visible ones. */
const MARGIN = 8;

/** The list of frames, as Wireshark has it, and why each was sent. Only the rows in sight are drawn. */
export function Packets() {
  const { t } = useTranslation();
  const model = useGlass((state) => state.model);
  const version = useGlass((state) => state.version);
  const selection = useGlass((state) => state.selection);
  const view = useGlass((state) => state.view);
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const { all } = model.journeys;
  const selected = useMemo(() => framesOf(model, selection), [model, selection]);
  const front = frameOf(selection);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // New frames come into sight, unless a person has scrolled away from the end or has chosen one.
  const followed = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` tells that there are more
  useEffect(() => {
    const element = scroller.current;
    if (element !== null && followed.current && front === null) element.scrollTop = element.scrollHeight;
  }, [version, front]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null || front === null) return;
    const at = (front - 1) * ROW;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = at + ROW - element.clientHeight;
  }, [front]);

  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const last = Math.min(all.length, Math.ceil((top + height) / ROW) + MARGIN);
  return (
    <div className="pane packets">
      <div className="packet-row packet-head" aria-hidden="true">
        <span className="number">{t('packets.no')}</span>
        <span className="number">{t('packets.time')}</span>
        <span>{t('packets.from')}</span>
        <span>{t('packets.protocol')}</span>
        <span className="number">{t('packets.length')}</span>
        <span>{t('packets.info')}</span>
        <span>{t('packets.why')}</span>
      </div>
      <div
        className="packet-body"
        ref={scroller}
        role="listbox"
        tabIndex={0}
        aria-label={t('pane.packets')}
        aria-activedescendant={front === null ? undefined : `frame-${front}`}
        data-testid="packets"
        data-count={all.length}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          followed.current = scrollTop + clientHeight >= scrollHeight - ROW;
          setTop(scrollTop);
        }}
      >
        {all.length === 0 && (
          <div className="empty">
            <p>{t('packets.empty')}</p>
          </div>
        )}
        <div style={{ height: all.length * ROW, position: 'relative' }}>
          {all.slice(first, last).map((journey) => (
            <Row
              key={journey.number}
              model={model}
              journey={journey}
              selected={selected.has(journey.number)}
              front={journey.number === front}
              later={view !== null && journey.sent.time > view}
              arrived={journey.arrivals.length}
              lost={journey.drops.length}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  readonly model: Model;
  readonly journey: Journey;
  readonly selected: boolean;
  readonly front: boolean;
  readonly later: boolean;
  readonly arrived: number;
  readonly lost: number;
}

/** Reasons of segments that are sent once more. */
const AGAIN = /^tcp[.](rto|loss-recovery|fast-retransmit|partial-ack|path-mtu)$/;

function Row({ model, journey, selected, front, later, arrived, lost }: RowProps) {
  const { t, i18n } = useTranslation();
  const language = i18n.language as Language;
  const { number, sent } = journey;
  const { protocol, tone, info, source, destination } = model.packets.packet(sent);
  const to = [...new Set(journey.arrivals.map(({ node }) => node))];
  const gone = arrived === 0 && lost > 0;
  const classes = [
    'packet-row',
    `tone-${tone}`,
    selected && 'selected',
    front && 'front',
    later && 'later',
    gone && 'gone',
  ];
  // A RST is used up by ending its connection: that is what it is for.
  const refused = journey.drops.some(({ reason }) => reason !== 'tcp.reset');
  const dropped = journey.drops
    .map(({ node, reason }) => `${node}: ${dropText(reason, language)}`)
    .join('\n');
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list as a whole takes the arrow keys
    <div
      id={`frame-${number}`}
      role="option"
      aria-selected={selected}
      tabIndex={-1}
      className={classes.filter(Boolean).join(' ')}
      style={{ top: (number - 1) * ROW }}
      title={dropped || undefined}
      data-frame={number}
      onClick={() => selectFrame(number)}
    >
      <span className="number muted">{number}</span>
      <span className="number">{formatTime(sent.time)}</span>
      <span title={`${source} → ${destination}`}>
        {sent.node} →{' '}
        {to.length === 0 ? (gone ? '✕' : '…') : to.length > 2 ? t('packets.everyone') : to.join(', ')}
      </span>
      <span className="protocol">{protocol}</span>
      <span className="number">{sent.length}</span>
      <span className="info" title={info}>
        {gone && <b className="badge bad">{t('packets.lost')}</b>}
        {!gone && refused && <b className="badge quiet">{t('packets.notTaken')}</b>}
        {AGAIN.test(sent.reason) && <b className="badge warn">{t('packets.again')}</b>}
        {info}
      </span>
      <span className="why" title={reasonText(sent.reason, language)}>
        <ShortWhy model={model} journey={journey} language={language} />
      </span>
    </div>
  );
}

/** What began a frame, in as few words as there are: a line of a program, the frame it answers, a timer. */
function ShortWhy({
  model,
  journey,
  language,
}: {
  readonly model: Model;
  readonly journey: Journey;
  readonly language: Language;
}) {
  const call = model.callsOfFrames[journey.number - 1]?.[0];
  const text = useMemo(() => {
    const steps = whyOf(model.record, journey.sent.id, 8).slice(1);
    const nearest = steps.find(({ role }) => role !== 'change');
    return nearest === undefined || nearest.role === 'start'
      ? ''
      : stepText(nearest, model.journeys, language);
  }, [model, journey, language]);
  return (
    <>
      {call?.where !== undefined && (
        <em className="mono">
          {call.where.file.slice(call.where.file.lastIndexOf('/') + 1)}:{call.where.line}
        </em>
      )}
      {call?.where === undefined && text !== '' && <em>↩ {text}</em>}
      <span>{reasonText(journey.sent.reason, language)}</span>
    </>
  );
}
