import type { Nanoseconds } from '../../time/index.ts';
import type { Sequence } from './sequence.ts';

/** What a connection that receives knows of the peer's pace. It exists only once data has come. */
export class Pace {
  /** The receiver's view of a round trip: the shortest time in which a window full of data came; 0 before the first. */
  roundTrip: Nanoseconds = 0;
  /** The window being measured ends here, and began then. */
  windowEnd: Sequence = 0;
  windowBegan: Nanoseconds = 0;
  /** What the program has read in the present round trip, and the most it has read in one (at first: a first window). */
  read = 0;
  most = 0;
  roundBegan: Nanoseconds = 0;
}
