import type { FieldTree, OsiLayer } from '@netarium/osi/dissect';
import { useTranslation } from 'react-i18next';
import { type Highlight, useGlass } from '../../store.ts';
import { type Anatomy, anatomyOf } from './layers.ts';

const SEVEN: readonly OsiLayer[] = [7, 6, 5, 4, 3, 2, 1];
/** The five layers of TCP/IP: application (7, 6, 5), transport, network, data link, physical. */
const FIVE: readonly OsiLayer[] = [7, 4, 3, 2, 1];
/** IEEE 802.3: the frame check sequence, the preamble with the start delimiter, the shortest frame; in bytes. */
const FCS = 4;
const PREAMBLE = 8;
const SHORTEST = 60;
/** How wide the drawing is at least, and a letter of a name, in pixels: a name that is wider than its box is left out. */
const DRAWING = 165;
const LATIN = 6;
const HANGUL = 9.5;

interface Props {
  readonly tree: FieldTree;
  readonly layer: OsiLayer;
  readonly choose: (layer: OsiLayer) => void;
}

/** What each layer makes of what the layer above hands down: boxes in each other, in the proportion of their bytes. */
export function Encapsulation({ tree, layer, choose }: Props) {
  const { t } = useTranslation();
  const view = useGlass((state) => state.layerView);
  const anatomy = anatomyOf(tree);
  const highest = anatomy.payload === null ? Math.max(...anatomy.headers.map((part) => part.layer)) : 7;
  const udp = anatomy.headers.some(({ label }) => label === 'UDP');
  return (
    <div className="encapsulation" role="tablist" aria-orientation="vertical" aria-label={t('pane.layers')}>
      {(view === 'osi' ? SEVEN : FIVE).map((number, i) => (
        <button
          key={number}
          type="button"
          role="tab"
          aria-selected={layer === number || (view === 'tcpip' && number === 7 && layer > 4)}
          className={`layer-row layer-${number}${number > highest ? ' unused' : ''}`}
          data-layer={number}
          onClick={() => choose(number)}
        >
          <b className="layer-number">{view === 'osi' ? number : FIVE.length - i}</b>
          <span className="layer-name">{t(`layers.name${number}`)}</span>
          <span className="layer-drawing">
            {number > highest ? (
              <i className="muted">{t('layers.notUsed')}</i>
            ) : (
              <Boxes anatomy={anatomy} layer={number} />
            )}
          </span>
          <span className="layer-pdu">
            {number > highest ? '' : number === 4 && udp ? t('layers.pdu4udp') : t(`layers.pdu${number}`)}
          </span>
        </button>
      ))}
    </div>
  );
}

/** The boxes of one layer: its own header in its colour, and inside everything the layers above made. */
function Boxes({ anatomy, layer }: { readonly anatomy: Anatomy; readonly layer: OsiLayer }) {
  const { t } = useTranslation();
  const { headers, payload, length } = anatomy;
  const padded = Math.max(length, SHORTEST);
  const wire = PREAMBLE + padded + FCS;
  const inside = headers.filter((part) => part.layer >= layer && layer <= 4);
  const point = (start: number, bytes: number): Highlight => ({ bitOffset: start * 8, bitLength: bytes * 8 });
  const boxes: {
    key: string;
    layer: number;
    label: string;
    start: number;
    length: number;
    highlight: Highlight | null;
  }[] = [];
  for (const part of inside) {
    boxes.push({
      key: part.label,
      layer: part.layer,
      label: part.label,
      start: part.start,
      length: part.length,
      highlight: point(part.start, part.length),
    });
  }
  if (payload !== null) {
    boxes.push({
      key: 'data',
      layer: 7,
      label: t('layers.payload'),
      start: payload.start,
      length: payload.bytes.length,
      highlight: point(payload.start, payload.bytes.length),
    });
  }
  if (layer === 1) {
    return (
      <span
        className="boxes bits"
        style={{ width: '100%' }}
        title={t('layers.bitsText', { bits: wire * 8, frame: padded * 8 })}
      >
        <span className="box layer-1" style={{ flexGrow: PREAMBLE }} />
        <span className="bit-pattern" style={{ flexGrow: padded }} />
        <span className="box layer-1" style={{ flexGrow: FCS }} />
      </span>
    );
  }
  const left = boxes[0]?.start ?? 0;
  const share = (bytes: number) => `${(bytes / wire) * 100}%`;
  return (
    <span className="boxes" style={{ marginLeft: share(PREAMBLE + left) }}>
      {boxes.map((box) => (
        <span
          key={box.key}
          className={`box layer-${box.layer}${box.layer === layer ? ' own' : ''}`}
          style={{ flexBasis: share(box.length), flexGrow: box.length }}
          title={`${box.label}: ${t('layers.count', { count: box.length })}`}
          onPointerEnter={() => useGlass.setState({ highlight: box.highlight })}
          onPointerLeave={() => useGlass.setState({ highlight: null })}
        >
          {fits(box.label, box.length / wire) ? box.label : ''}
        </span>
      ))}
      {layer === 2 && (
        <span
          className="box layer-2 own"
          style={{ flexBasis: share(FCS), flexGrow: FCS }}
          title={t('layers.fcs')}
        />
      )}
    </span>
  );
}

function fits(name: string, share: number): boolean {
  const width = [...name].reduce((sum, letter) => sum + (letter > '\u1100' ? HANGUL : LATIN), 0);
  return width <= share * DRAWING;
}
