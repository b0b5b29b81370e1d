import { type Field, type FieldTree, fieldLine, type OsiLayer } from '@netarium/osi/dissect';
import type { Journey } from 'netarium';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../model/model.ts';
import { type Highlight, useGlass } from '../../store.ts';
import { Physical, Presentation, Session } from './AboveAndBelow.tsx';
import { anatomyOf } from './layers.ts';

interface Props {
  readonly model: Model;
  readonly journey: Journey;
  readonly tree: FieldTree;
  readonly layer: OsiLayer;
}

/** What stands in the frame at one layer: header fields, or what layers 1, 5, 6 and 7 have instead of a header. */
export function Fields({ model, journey, tree, layer }: Props) {
  const { t } = useTranslation();
  const view = useGlass((state) => state.layerView);
  const protocols = tree.protocols.filter((protocol) => protocol.layer === layer && protocol.name !== 'data');
  const { payload } = anatomyOf(tree);
  const upper = view === 'tcpip' ? layer > 4 : false;
  return (
    <section
      className={`fields layer-${layer}`}
      role="tabpanel"
      aria-label={t('layers.fields')}
      data-testid="fields"
    >
      <h3>
        <b className="layer-number">{view === 'osi' ? layer : layer > 4 ? 5 : layer}</b>{' '}
        {t(`layers.name${layer}`)}
        {protocols.map(({ name, label }) => (
          <span key={name} className="muted">
            {label}
          </span>
        ))}
      </h3>
      {protocols.map((protocol) => (
        <ul key={protocol.name} className="field-list">
          {protocol.children.map((field, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the fields of a frame never change
            <Line key={i} tree={tree} field={field} depth={0} />
          ))}
        </ul>
      ))}
      {(layer === 7 || upper) && (
        <Presentation payload={payload} journey={journey} model={model} part="application" />
      )}
      {(layer === 6 || upper) && (
        <Presentation payload={payload} journey={journey} model={model} part="characters" />
      )}
      {(layer === 5 || upper) && <Session model={model} journey={journey} />}
      {layer === 1 && <Physical journey={journey} />}
      {protocols.length === 0 && layer > 1 && layer < 5 && (
        <p className="muted">{layer === 3 ? t('layers.noIp') : t('layers.notUsed')}</p>
      )}
    </section>
  );
}

const same = (a: Highlight | null, b: Highlight): boolean =>
  a?.bitOffset === b.bitOffset && a.bitLength === b.bitLength;

/** One field, with those inside it; pointing at it shows its bytes, a click keeps them shown. */
function Line({
  tree,
  field,
  depth,
}: {
  readonly tree: FieldTree;
  readonly field: Field;
  readonly depth: number;
}) {
  const [open, setOpen] = useState(depth === 0 && field.children.length > 0 && field.children.length <= 8);
  const { bitOffset, bitLength } = field;
  const range = { bitOffset, bitLength };
  const shown = useGlass((state) => same(state.highlight ?? state.pinned, range) && bitLength > 0);
  const point = (highlight: Highlight | null) => useGlass.setState({ highlight });
  return (
    <li>
      <div
        className={`field${shown ? ' shown' : ''}${field.generated ? ' generated' : ''}`}
        style={{ paddingLeft: 4 + depth * 14 }}
      >
        {field.children.length > 0 ? (
          <button
            type="button"
            className="twisty"
            aria-expanded={open}
            aria-label={field.label}
            onClick={() => setOpen(!open)}
          >
            {open ? '▾' : '▸'}
          </button>
        ) : (
          <span className="twisty" />
        )}
        <button
          type="button"
          className="field-text"
          title={field.name}
          onPointerEnter={() => bitLength > 0 && point(range)}
          onPointerLeave={() => point(null)}
          onFocus={() => bitLength > 0 && point(range)}
          onBlur={() => point(null)}
          onClick={() =>
            useGlass.setState(({ pinned }) => ({
              pinned: same(pinned, range) || bitLength === 0 ? null : range,
            }))
          }
        >
          <FieldText tree={tree} field={field} />
        </button>
      </div>
      {open && (
        <ul className="field-list">
          {field.children.map((child, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the fields of a frame never change
            <Line key={i} tree={tree} field={child} depth={depth + 1} />
          ))}
        </ul>
      )}
    </li>
  );
}

function FieldText({ tree, field }: { readonly tree: FieldTree; readonly field: Field }) {
  if (field.within !== undefined) return <span className="mono">{fieldLine(tree.bytes, field)}</span>;
  return (
    <>
      <span className="field-label">{field.label}</span>
      <span className="field-value mono">{field.text}</span>
    </>
  );
}
