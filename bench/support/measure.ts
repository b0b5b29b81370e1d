/** One figure of `targets.md`: what we do, what the peer does, in turn and in one process. */
export interface Figure {
  /** `B1`. */
  readonly id: string;
  readonly title: string;
  /** What the numbers count, more being better: `Gbit/s`, `round trips/s`. */
  readonly unit: string;
  /** What was on: checksums, recorder, MTU. */
  readonly conditions: string;
  readonly peerName: string;
  /** One round of ours and one of the peer's: each returns units per second of real time. */
  ours(): Promise<number> | number;
  peer(): Promise<number>;
  /** The ratios that are asked for; with `absolute` in the figure's own unit, for a peer that is no yardstick. */
  readonly must: number;
  readonly aim: number;
  readonly absolute?: true;
  close?(): Promise<void>;
}

export interface Result {
  readonly id: string;
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly unit: string;
  readonly rounds: number;
}

/** Measures a figure in `rounds` rounds taken in turn (ours, peer, ours, peer …) after one that warms up. */
export async function measure(figure: Figure, rounds: number): Promise<Result> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const a = await figure.ours();
    const b = await figure.peer();
    if (round < 0) continue;
    ours.push(a);
    peer.push(b);
  }
  const result = { ours: median(ours), peer: median(peer) };
  return { id: figure.id, ...result, ratio: result.ours / result.peer, unit: figure.unit, rounds };
}

/** Units per second of real time that `work` achieves. */
export async function rate(units: number, work: () => Promise<void> | void): Promise<number> {
  const begin = performance.now();
  await work();
  return units / ((performance.now() - begin) / 1000);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
