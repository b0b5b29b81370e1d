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
  /** One round of ours and one of the peer's. */
  ours(): Promise<number> | number;
  /** Left out when there is none: what is asked for is then in the figure's own unit. */
  peer?(): Promise<number> | number;
  /** The peer is a program of its own, which no round before makes faster. */
  readonly cold?: true;
  /** The ratios that are asked for; with `absolute` in the figure's own unit, for a peer that is no yardstick. */
  readonly must: number;
  readonly aim: number;
  readonly absolute?: true;
  /** Less is better: a cost, or bytes. */
  readonly less?: true;
  close?(): Promise<void>;
}

export interface Result {
  readonly id: string;
  readonly ours: number;
  /** Null without a peer. */
  readonly peer: number | null;
  readonly ratio: number | null;
  readonly unit: string;
  readonly rounds: number;
}

/** Measures a figure in `rounds` rounds taken in turn (ours, peer, ours, peer …) after one that warms up. */
export async function measure(figure: Figure, rounds: number): Promise<Result> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const warming = round < 0;
    const a = await figure.ours();
    await turn();
    const b = warming && figure.cold === true ? undefined : await figure.peer?.();
    await turn();
    if (warming) continue;
    ours.push(a);
    if (b !== undefined) peer.push(b);
  }
  const middle = median(ours);
  const its = peer.length > 0 ? median(peer) : null;
  const ratio = its === null ? null : middle / its;
  return { id: figure.id, ours: middle, peer: its, ratio, unit: figure.unit, rounds };
}

/** Of the event loop: in it a process is told what of the round before has been collected, as any that waits is. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** What a result is, in the words of the table. */
export function describe(figure: Figure, { ours, peer, ratio }: Result): string {
  const { unit } = figure;
  const absolute = figure.absolute === true || ratio === null;
  const wanted = (value: number) => (absolute ? `${amount(value)} ${unit}` : `${value}×`);
  return [
    `ours ${amount(ours)} ${unit}`,
    ...(peer === null || ratio === null
      ? []
      : [`${figure.peerName} ${amount(peer)} ${unit}`, `ratio ${ratio.toFixed(2)}×`]),
    `(must ${figure.less === true ? 'at most ' : ''}${wanted(figure.must)}, aim ${wanted(figure.aim)})`,
  ].join('   ');
}

function amount(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
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
