import type { LabDescription, LabFiles } from '../../protocol.ts';

export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Distances between the centres of neighbours. */
const ACROSS = 300;
const DOWN = 190;
/** The height that a line of nodes needs, and how far apart its nodes may be. */
const LINE_HEIGHT = 150;
const NEAREST = 240;
const FARTHEST = 520;

/** Where the nodes stand: as `view.json` says (`{"positions": {"client": {"x": 0, "y": 0}}}`), else in order around their switches. @param aspect width : height of the pane. */
export function positionsOf(lab: LabDescription, files: LabFiles, aspect: number): ReadonlyMap<string, Position> {
  const said = fromView(files['view.json']);
  const laid = layOut(lab, aspect);
  return new Map(lab.nodes.map(({ name }) => [name, said.get(name) ?? laid.get(name) ?? { x: 0, y: 0 }]));
}

function fromView(text: string | undefined): Map<string, Position> {
  if (text === undefined) return new Map();
  try {
    const view = JSON.parse(text) as { positions?: Record<string, { x?: unknown; y?: unknown }> };
    return new Map(
      Object.entries(view.positions ?? {}).flatMap(([name, { x, y }]) =>
        typeof x === 'number' && typeof y === 'number' ? [[name, { x, y }]] : [],
      ),
    );
  } catch {
    // A wrong view.json only costs the positions.
    return new Map();
  }
}

/** A line for a line of nodes; otherwise devices in a row with their machines above and below, in turn. */
function layOut({ nodes, links }: LabDescription, aspect: number): Map<string, Position> {
  const neighbours = new Map(nodes.map(({ name }) => [name, [] as string[]]));
  for (const { a, b } of links) {
    neighbours.get(a.node)?.push(b.node);
    neighbours.get(b.node)?.push(a.node);
  }
  const line = asLine(neighbours);
  if (line !== null) {
    const apart = Math.min(FARTHEST, Math.max(NEAREST, (aspect * LINE_HEIGHT - 190) / Math.max(1, line.length - 1)));
    return new Map(line.map((name, i) => [name, { x: i * apart, y: 0 }]));
  }
  const positions = new Map<string, Position>();
  const inner = nodes.filter(({ kind }) => kind !== 'host').map(({ name }) => name);
  let column = 0;
  for (const device of inner) {
    const hosts = (neighbours.get(device) ?? []).filter((name) => !inner.includes(name) && !positions.has(name));
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
