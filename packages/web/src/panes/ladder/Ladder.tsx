import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { frameOf, framesOf } from '../../selection.ts';
import { useGlass } from '../../store.ts';
import { columnAt } from './columns.ts';
import { Drawing, HEAD, MARGIN, TOP } from './Drawing.tsx';

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
