import type { Random } from '../../time/index.ts';
import type { Drop, QueueDiscipline } from './discipline.ts';
import { Fifo, type FifoSettings } from './fifo.ts';
import { FqCoDel, type FqCoDelSettings } from './fq-codel.ts';
import { Netem, type NetemSettings } from './netem.ts';
import { TokenBucket, type TokenBucketSettings } from './token-bucket.ts';

export type { QueueDiscipline } from './discipline.ts';

/** The queue discipline of a port, by the names of `tc`. */
export type QueueSettings = FifoSettings | TokenBucketSettings | NetemSettings | FqCoDelSettings;

/** @param random for what is left to chance. @throws RangeError for settings out of their ranges. */
export function queueDiscipline(settings: QueueSettings, drop: Drop, random: () => Random): QueueDiscipline {
  switch (settings.kind) {
    case 'fifo':
      return new Fifo(settings, drop);
    case 'tbf':
      return new TokenBucket(settings, drop);
    case 'netem':
      return new Netem(settings, drop, random());
    case 'fq_codel':
      return new FqCoDel(settings, drop);
  }
}
