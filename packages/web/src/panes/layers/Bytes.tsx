import type { FieldTree } from '@netarium/osi/dissect';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hexByte } from '../../model/units.ts';
import { type Highlight, useGlass } from '../../store.ts';
import { anatomyOf, fieldAt } from './layers.ts';

/** From this width on a line has sixteen bytes, below it eight. */
const WIDE = 500;
/** A frame has at most so many bytes on screen at once. */
const MOST = 4096;

/** The frame's bytes in hexadecimal and as text, in the colours of their layers. */
export function Bytes({ tree }: { readonly tree: FieldTree }) {
  const { t } = useTranslation();
  const element = useRef<HTMLElement>(null);
  const [perLine, setPerLine] = useState(8);
  const highlight = useGlass((state) => state.highlight ?? state.pinned);
  const shownLine = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setPerLine((entry?.contentRect.width ?? 0) >= WIDE ? 16 : 8),
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is pointed at comes into sight
  useEffect(() => {
    shownLine.current?.scrollIntoView({ block: 'nearest' });
  }, [highlight]);

  const bytes = tree.bytes.subarray(0, MOST);
  const layers = layerOfBytes(tree);
  const shown = (i: number) => highlight !== null && overlaps(highlight, i);
  const first = highlight === null ? -1 : highlight.bitOffset >> 3;
  const point = (byte: number | null) => {
    const field = byte === null ? undefined : fieldAt(tree.protocols, byte);
    useGlass.setState({
      highlight: field === undefined ? null : { bitOffset: field.bitOffset, bitLength: field.bitLength },
    });
  };
  const pin = (byte: number) => {
    const field = fieldAt(tree.protocols, byte);
    if (field !== undefined)
      useGlass.setState({ pinned: { bitOffset: field.bitOffset, bitLength: field.bitLength } });
  };
  const cell = (i: number, text: string, kind: string) => (
    // biome-ignore lint/a11y/noStaticElementInteractions: the fields beside it are the way for the keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <span
      key={i}
      className={`${kind} layer-${layers[i] ?? 2}${shown(i) ? ' shown' : ''}`}
      data-byte={i}
      onPointerEnter={() => point(i)}
      onClick={() => pin(i)}
    >
      {text}
    </span>
  );
  const lines = Array.from({ length: Math.ceil(bytes.length / perLine) }, (_, line) => line * perLine);
  return (
    <section
      className="bytes mono"
      ref={element}
      aria-label={t('layers.bytes')}
      onPointerLeave={() => point(null)}
      data-testid="bytes"
    >
      {lines.map((start) => {
        const part = [...bytes.subarray(start, start + perLine)];
        return (
          <div
            key={start}
            className="byte-line"
            ref={first >= start && first < start + perLine ? shownLine : undefined}
          >
            <span className="offset">{start.toString(16).padStart(4, '0')}</span>
            <span className="hex">{part.map((byte, i) => cell(start + i, hexByte(byte), 'byte'))}</span>
            <span className="ascii">
              {part.map((byte, i) =>
                cell(start + i, byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·', 'letter'),
              )}
            </span>
          </div>
        );
      })}
    </section>
  );
}

const overlaps = ({ bitOffset, bitLength }: Highlight, byte: number): boolean =>
  bitOffset < byte * 8 + 8 && bitOffset + bitLength > byte * 8;

/** The layer whose header each byte is part of; 7 for what a program wrote. */
function layerOfBytes(tree: FieldTree): number[] {
  const { headers, payload } = anatomyOf(tree);
  const layers: number[] = new Array(tree.bytes.length).fill(2);
  for (const { layer, start, length } of headers) layers.fill(layer, start, start + length);
  if (payload !== null) layers.fill(7, payload.start, payload.start + payload.bytes.length);
  return layers;
}
