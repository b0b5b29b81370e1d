import type { QueueSettings } from '@netarium/osi/1-physical';
import {
  type BitRate,
  type Duration,
  type Probability,
  parseBitRate,
  parseDuration,
  parseProbability,
} from './lab-file/units.ts';

/** The queue at the ends of a cable: how many frames may wait, or a queue discipline with its settings (`tc` names them). */
export type QueueOptions = number | QueueDisciplineOptions;

export interface QueueDisciplineOptions {
  readonly kind: QueueSettings['kind'];
  /** Frames. */
  readonly limit?: number;
  /** `tbf` needs it, and `burst`, in bytes. */
  readonly rate?: BitRate;
  readonly burst?: number;
  /** `netem` needs it. */
  readonly delay?: Duration;
  readonly jitter?: Duration;
  readonly loss?: Probability;
  /** `fq_codel`. */
  readonly target?: Duration;
  readonly interval?: Duration;
  readonly flows?: number;
  readonly quantum?: number;
  readonly ecn?: boolean;
}

/** Which settings each discipline takes besides `limit`, those it needs first. */
const FIELDS: Record<QueueSettings['kind'], { needs: readonly string[]; takes: readonly string[] }> = {
  fifo: { needs: [], takes: [] },
  tbf: { needs: ['rate', 'burst'], takes: [] },
  netem: { needs: ['delay'], takes: ['jitter', 'loss'] },
  fq_codel: { needs: [], takes: ['target', 'interval', 'flows', 'quantum', 'ecn'] },
};

/** What is wrong with the choice of settings: a field that this discipline does not have, or one it needs. Null when nothing is. */
export function queueProblem(
  options: QueueDisciplineOptions,
): { readonly field: string; readonly message: string } | null {
  const { needs, takes } = FIELDS[options.kind];
  const known = ['kind', 'limit', ...needs, ...takes];
  for (const field of Object.keys(options)) {
    if (!known.includes(field)) return { field, message: `"${field}" is no setting of ${options.kind}` };
  }
  const missing = needs.find((field) => !(field in options));
  return missing === undefined ? null : { field: 'kind', message: `${options.kind} needs "${missing}"` };
}

/** @throws RangeError for settings that make no sense. */
export function queueSettings(options: QueueDisciplineOptions): QueueSettings {
  const problem = queueProblem(options);
  if (problem !== null) throw new RangeError(`queue: ${problem.message}`);
  const { kind, rate = 0, burst = 0, delay = 0, jitter, loss, target, interval, ...plain } = options;
  switch (kind) {
    case 'tbf':
      return { ...plain, kind, rate: parseBitRate(rate), burst };
    case 'netem':
      return {
        ...plain,
        kind,
        delay: parseDuration(delay),
        ...(jitter !== undefined && { jitter: parseDuration(jitter) }),
        ...(loss !== undefined && { loss: parseProbability(loss) }),
      };
    case 'fq_codel':
      return {
        ...plain,
        kind,
        ...(target !== undefined && { target: parseDuration(target) }),
        ...(interval !== undefined && { interval: parseDuration(interval) }),
      };
    default:
      return { ...plain, kind };
  }
}
