import { useReactFlow, useStoreApi } from '@xyflow/react';
import { dropText, type Language } from 'netarium';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Cables, type Flight, flightsAt } from '../../model/flights.ts';
import type { LabDescription } from '../../protocol.ts';
import { framesOf, selectFrame } from '../../selection.ts';
import { shownTime, useGlass } from '../../store.ts';
import { endsOf, type Point } from './geometry.ts';

interface Drawn {
  readonly flight: Flight;
  readonly at: Point;
  readonly width: number;
  readonly height: number;
}

/** One canvas above the network: the frames on their cables, drawn anew with each picture. */
export function FlightCanvas({ lab }: { readonly lab: LabDescription }) {
  const { i18n } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<Drawn[]>([]);
  const store = useStoreApi();
  const flow = useReactFlow();

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const cables = new Cables(lab);
    let picture = 0;
    const draw = () => {
      picture = requestAnimationFrame(draw);
      const { width, height, transform } = store.getState();
      const ratio = devicePixelRatio;
      if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      const state = useGlass.getState();
      const selected = framesOf(state.model, state.selection);
      const flights = flightsAt(state.model, cables, shownTime(state));
      const [x, y, zoom] = transform;
      drawn.current = [];
      const style = getComputedStyle(element);
      for (const flight of flights) {
        const { a, b } = lab.links[flight.link] as LabDescription['links'][number];
        const from = flow.getInternalNode(a.node);
        const to = flow.getInternalNode(b.node);
        if (from === undefined || to === undefined) continue;
        const ends = endsOf(from, to);
        const [start, end] = flight.forward ? ends : [ends[1], ends[0]];
        const at = {
          x: x + zoom * (start.x + (end.x - start.x) * flight.progress),
          y: y + zoom * (start.y + (end.y - start.y) * flight.progress),
        };
        const box = capsule(
          context,
          style,
          flight,
          at,
          selected.has(flight.frame),
          i18n.language as Language,
        );
        drawn.current.push({ flight, at, ...box });
      }
    };
    draw();
    return () => cancelAnimationFrame(picture);
  }, [lab, store, flow, i18n.language]);

  // The canvas lets the pointer through; a capsule that is pressed is found by its place.
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const pressed = (event: globalThis.MouseEvent) => {
      const box = element.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left, event.clientY - box.top];
      const hit = drawn.current.find(
        ({ at, width, height }) =>
          Math.abs(px - at.x) <= width / 2 + 4 && Math.abs(py - at.y) <= height / 2 + 4,
      );
      if (hit === undefined) return;
      event.stopPropagation();
      selectFrame(hit.flight.frame);
    };
    element.addEventListener('click', pressed, true);
    return () => element.removeEventListener('click', pressed, true);
  }, []);

  return <canvas ref={canvas} className="flights" />;
}

function capsule(
  context: CanvasRenderingContext2D,
  style: CSSStyleDeclaration,
  { tone, protocol, frame, lost }: Flight,
  { x, y }: Point,
  selected: boolean,
  language: Language,
): { width: number; height: number } {
  const colour = style.getPropertyValue(`--tone-${tone}`);
  const text = `${frame} ${protocol}`;
  context.font = `600 11px ${style.fontFamily}`;
  const width = context.measureText(text).width + 18;
  const height = 20;
  context.save();
  if (lost !== null) context.globalAlpha = 0.75;
  context.shadowColor = 'rgb(0 0 0 / 25%)';
  context.shadowBlur = 6;
  context.shadowOffsetY = 1;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
  context.fill();
  context.shadowColor = 'transparent';
  context.lineWidth = selected ? 2.5 : 1.2;
  context.strokeStyle = selected ? style.getPropertyValue('--ink') : style.getPropertyValue('--panel');
  context.stroke();
  context.fillStyle = style.getPropertyValue('--capsule-ink') || '#fff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, x, y + 0.5);
  if (lost !== null) {
    context.strokeStyle = style.getPropertyValue('--bad');
    context.lineWidth = 3;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(x - 9, y - 9);
    context.lineTo(x + 9, y + 9);
    context.moveTo(x + 9, y - 9);
    context.lineTo(x - 9, y + 9);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = style.getPropertyValue('--bad');
    context.fillText(dropText(lost, language), x, y + 24);
  }
  context.restore();
  return { width, height };
}
