import type { LabDescription, LabFiles } from '../../protocol.ts';

export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Distances between the centres of neighbours, and how large a node is. */
const ACROSS = 260;
const DOWN = 190;
const WIDTH = 190;
const HEIGHT = 150;
/** How much a network may be stretched to fill its pane. */
const MOST_STRETCH = 1.9;

/**
 * Where the nodes stand: as `view.json` says (`{"nodes": {"client": {"x": 0, "y": 0}}}`), else in order around their
 * switches; drawn out so that they fill the pane.
 * @param aspect width : height of the pane.
 */
export function positionsOf(
  lab: LabDescription,
  files: LabFiles,
  aspect: number,
): ReadonlyMap<string, Position> {
  const said = fromView(files['view.json']);
  const laid = layOut(lab);
  const all = lab.nodes.map(({ name }): [string, Position] => [
    name,
    said.get(name) ?? laid.get(name) ?? { x: 0, y: 0 },
  ]);
  const width = extent(all.map(([, { x }]) => x));
  const height = extent(all.map(([, { y }]) => y));
  const across = stretch((height + HEIGHT) * aspect - WIDTH, width);
  const down = stretch((width + WIDTH) / aspect - HEIGHT, height);
  return new Map(all.map(([name, { x, y }]) => [name, { x: x * across, y: y * down }]));
}

const extent = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
const stretch = (wanted: number, there: number): number =>
  there <= 0 ? 1 : Math.min(MOST_STRETCH, Math.max(1, wanted / there));

function fromView(text: string | undefined): Map<string, Position> {
  if (text === undefined) return new Map();
  try {
    const view = JSON.parse(text) as { nodes?: Record<string, { x?: unknown; y?: unknown }> };
    return new Map(
      Object.entries(view.nodes ?? {}).flatMap(([name, { x, y }]) =>
        typeof x === 'number' && typeof y === 'number' ? [[name, { x, y }]] : [],
      ),
    );
  } catch {
    // A wrong view.json only costs the positions.
    return new Map();
  }
}

/** A line for a line of nodes; otherwise devices in a row with their machines above and below, in turn. */
function layOut({ nodes, links }: LabDescription): Map<string, Position> {
  const neighbours = new Map(nodes.map(({ name }) => [name, [] as string[]]));
  for (const { a, b } of links) {
    neighbours.get(a.node)?.push(b.node);
    neighbours.get(b.node)?.push(a.node);
  }
  const line = asLine(neighbours);
  if (line !== null) return new Map(line.map((name, i) => [name, { x: i * ACROSS, y: 0 }]));
  const positions = new Map<string, Position>();
  const inner = nodes.filter(({ kind }) => kind !== 'host').map(({ name }) => name);
  let column = 0;
  for (const device of inner) {
    const hosts = (neighbours.get(device) ?? []).filter(
      (name) => !inner.includes(name) && !positions.has(name),
    );
    const width = Math.max(1, Math.ceil(hosts.length / 2));
    positions.set(device, { x: (column + (width - 1) / 2) * ACROSS, y: 0 });
    hosts.forEach((host, i) => {
      positions.set(host, { x: (column + (i >> 1)) * ACROSS, y: i % 2 === 0 ? -DOWN : DOWN });
    });
    column += width;
  }
  for (const { name } of nodes) if (!positions.has(name)) positions.set(name, { x: column++ * ACROSS, y: 0 });
  return positions;
}

/** The nodes one after the other, when each has at most two neighbours and there is no ring; else null. */
function asLine(neighbours: ReadonlyMap<string, readonly string[]>): string[] | null {
  const ends = [...neighbours].filter(([, near]) => near.length <= 1).map(([name]) => name);
  const first = ends[0];
  if (first === undefined || [...neighbours.values()].some((near) => near.length > 2)) return null;
  const line = [first];
  for (;;) {
    const next = neighbours.get(line.at(-1) as string)?.find((name) => !line.includes(name));
    if (next === undefined) break;
    line.push(next);
  }
  return line.length === neighbours.size ? line : null;
}
