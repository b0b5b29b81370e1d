import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../model/units.ts';
import { framesOf } from '../selection.ts';
import { shownTime, useGlass } from '../store.ts';

/** At most so many frames have a mark: more would hide each other. */
const MARKS = 400;

/** The run so far as one line, with a mark for each frame: where the thumb stands is the moment that is looked at. */
export function Timeline() {
  const { t } = useTranslation();
  const version = useGlass((state) => state.version);
  const model = useGlass((state) => state.model);
  const view = useGlass((state) => state.view);
  const selection = useGlass((state) => state.selection);
  const track = useRef<HTMLDivElement>(null);
  const thumb = useRef<HTMLDivElement>(null);
  const passed = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the model grows in place; `version` tells
  const marks = useMemo(() => {
    const { all } = model.journeys;
    const every = Math.max(1, Math.ceil(all.length / MARKS));
    const length = model.scale.length || 1;
    return all
      .filter((_, i) => i % every === 0)
      .map(({ number, sent }) => ({
        number,
        at: model.scale.at(sent.time) / length,
        tone: model.packets.packet(sent).tone,
      }));
  }, [model, version]);
  const selected = framesOf(model, selection);

  useEffect(() => {
    let frame = 0;
    const draw = () => {
      const { scale } = useGlass.getState().model;
      const at = `${(scale.length === 0 ? 0 : Math.min(1, scale.at(shownTime()) / scale.length)) * 100}%`;
      if (thumb.current !== null) thumb.current.style.left = at;
      if (passed.current !== null) passed.current.style.width = at;
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);

  const look = (fraction: number) => {
    const { scale } = model;
    const clamped = Math.min(1, Math.max(0, fraction));
    useGlass.setState({ view: clamped >= 1 ? null : scale.timeAt(clamped * scale.length) });
  };
  const pointed = (event: PointerEvent) => {
    if (event.buttons === 0 || track.current === null) return;
    const box = track.current.getBoundingClientRect();
    track.current.setPointerCapture(event.pointerId);
    look((event.clientX - box.left) / box.width);
  };
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (by === undefined && event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    const { scale } = model;
    const now = scale.length === 0 ? 0 : scale.at(shownTime()) / scale.length;
    look(
      event.key === 'Home' ? 0 : event.key === 'End' ? 1 : now + ((by ?? 0) * 4) / Math.max(scale.length, 1),
    );
  };

  return (
    <footer className="timeline">
      <div
        className="track"
        ref={track}
        role="slider"
        tabIndex={0}
        aria-label={t('timeline.label')}
        aria-valuemin={0}
        aria-valuemax={model.scale.length}
        aria-valuenow={view === null ? model.scale.length : model.scale.at(view)}
        aria-valuetext={formatTime(shownTime())}
        onPointerDown={pointed}
        onPointerMove={pointed}
        onKeyDown={pressed}
      >
        <div className="rail" />
        <div className="passed" ref={passed} />
        {marks.map(({ number, at, tone }) => (
          <span
            key={number}
            className={`mark tone-${tone}${selected.has(number) ? ' selected' : ''}`}
            style={{ left: `${at * 100}%` }}
          />
        ))}
        <div className="thumb" ref={thumb} />
      </div>
      {view === null ? (
        <span className="phase" data-phase="running">
          {t('timeline.live')}
        </span>
      ) : (
        <button
          type="button"
          className="button small"
          title={t('timeline.liveHelp')}
          onClick={() => useGlass.setState({ view: null })}
        >
          {t('timeline.past')} → {t('timeline.live')}
        </button>
      )}
    </footer>
  );
}
