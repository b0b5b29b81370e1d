import type { InternalNode } from '@xyflow/react';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the line between the centres of two boxes leaves each of them. */
export function endsOf(from: InternalNode, to: InternalNode): [Point, Point] {
  const a = centre(from);
  const b = centre(to);
  return [edgeOf(from, a, b), edgeOf(to, b, a)];
}

function size(node: InternalNode): [number, number] {
  return [node.measured.width ?? node.width ?? 0, node.measured.height ?? node.height ?? 0];
}

function centre(node: InternalNode): Point {
  const { x, y } = node.internals.positionAbsolute;
  const [width, height] = size(node);
  return { x: x + width / 2, y: y + height / 2 };
}

function edgeOf(node: InternalNode, inside: Point, towards: Point): Point {
  const [width, height] = size(node);
  const dx = towards.x - inside.x;
  const dy = towards.y - inside.y;
  const scale = Math.min(
    width / 2 / Math.max(Math.abs(dx), 1e-6),
    height / 2 / Math.max(Math.abs(dy), 1e-6),
    0.5,
  );
  return { x: inside.x + dx * scale, y: inside.y + dy * scale };
}
