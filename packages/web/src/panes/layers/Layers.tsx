import type { OsiLayer } from '@netarium/osi/dissect';
import type { Journey } from 'netarium';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../model/model.ts';
import { frameOf } from '../../selection.ts';
import { useGlass } from '../../store.ts';
import { Bytes } from './Bytes.tsx';
import { Encapsulation } from './Encapsulation.tsx';
import { Fields } from './Fields.tsx';
import { Why } from './Why.tsx';

/** The selected frame, opened: its layers in each other, their fields, its bytes, and why it was sent. */
export function Layers() {
  const { t } = useTranslation();
  const model = useGlass((state) => state.model);
  // A frame's way and its socket go on changing while it travels.
  useGlass((state) => state.version);
  const front = useGlass((state) => frameOf(state.selection));
  const view = useGlass((state) => state.view);
  const journey =
    front === null
      ? model.journeys.all.findLast(({ sent }) => view === null || sent.time <= view)
      : model.frame(front);
  return (
    <div className="pane layers" data-testid="layers">
      {journey === undefined ? (
        <div className="empty">
          <p>{t('layers.none')}</p>
        </div>
      ) : (
        <Opened key={journey.sent.id} model={model} journey={journey} newest={front === null} />
      )}
    </div>
  );
}

interface OpenedProps {
  readonly model: Model;
  readonly journey: Journey;
  /** Shown because nothing is selected. */
  readonly newest: boolean;
}

function Opened({ model, journey, newest }: OpenedProps) {
  const { t } = useTranslation();
  const layerView = useGlass((state) => state.layerView);
  const tree = model.packets.tree(journey.sent);
  const packet = model.packets.packet(journey.sent);
  const top = topLayer(tree.protocols.map(({ layer, name }) => (name === 'data' ? 7 : layer)));
  const [layer, setLayer] = useState<OsiLayer>(top);
  return (
    <>
      <header className={`layers-head tone-${packet.tone}`}>
        <b className="frame-number">{journey.number}</b>
        {newest && <span className="muted">{t('layers.newest')}</span>}
        <span className="mono info" title={packet.info}>
          {packet.info}
        </span>
        <Way journey={journey} />
        <fieldset className="segmented" aria-label={t('layers.view')}>
          {(['osi', 'tcpip'] as const).map((view) => (
            <button
              key={view}
              type="button"
              aria-pressed={layerView === view}
              onClick={() => useGlass.setState({ layerView: view })}
            >
              {t(`layers.${view}`)}
            </button>
          ))}
        </fieldset>
      </header>
      <Why model={model} journey={journey} />
      <div className="layers-body">
        <div className="layers-left">
          <Encapsulation tree={tree} layer={layer} choose={setLayer} />
        </div>
        <Fields model={model} journey={journey} tree={tree} layer={layer} />
        <Bytes tree={tree} />
      </div>
    </>
  );
}

const topLayer = (layers: readonly OsiLayer[]): OsiLayer => {
  const highest = Math.max(2, ...layers) as OsiLayer;
  return highest === 7 ? 7 : highest;
};

/** Every device that the frame went through, in order. */
function Way({ journey }: { readonly journey: Journey }) {
  const { t } = useTranslation();
  const places = [
    journey.sent.node,
    ...journey.hops.slice(1).map(({ sent }) => sent.node),
    ...journey.arrivals.map(({ node }) => node),
  ];
  const way = places.filter((place, i) => places.indexOf(place) === i);
  const lost = journey.drops
    .filter(({ reason }) => reason !== 'tcp.reset')
    .map(({ node }) => t('layers.droppedBy', { node }))
    .join(', ');
  return (
    <span className="way" title={lost || undefined}>
      {way.join(' → ')}
      {lost !== '' && <b className="badge bad">✕ {lost}</b>}
    </span>
  );
}
