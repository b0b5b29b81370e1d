import { BaseEdge, EdgeLabelRenderer, type EdgeProps, useInternalNode } from '@xyflow/react';
import { formatBitRate, formatSpan } from '../../model/units.ts';
import { endsOf } from './geometry.ts';
import type { LabEdge } from './types.ts';

/** A cable between two machines, with its ports' names and what it can carry. */
export function Cable({ id, source, target, data }: EdgeProps<LabEdge>) {
  const from = useInternalNode(source);
  const to = useInternalNode(target);
  if (from === undefined || to === undefined || data === undefined) return null;
  const [a, b] = endsOf(from, to);
  const { link } = data;
  const label = [
    link.bandwidth === null ? '' : formatBitRate(link.bandwidth),
    link.delay > 0 ? formatSpan(link.delay) : '',
  ]
    .filter(Boolean)
    .join(' · ');
  const at = (fraction: number, up: number) => ({
    transform: `translate(-50%, -50%) translate(${a.x + (b.x - a.x) * fraction}px, ${a.y + (b.y - a.y) * fraction + up}px)`,
  });
  return (
    <>
      <BaseEdge id={id} path={`M${a.x} ${a.y}L${b.x} ${b.y}`} className="cable" />
      <EdgeLabelRenderer>
        <span className="cable-label" style={at(0.5, 19)}>
          {label}
        </span>
        <span className="port-label mono" style={at(0.16, -9)}>
          {link.a.port}
        </span>
        <span className="port-label mono" style={at(0.84, -9)}>
          {link.b.port}
        </span>
      </EdgeLabelRenderer>
    </>
  );
}
