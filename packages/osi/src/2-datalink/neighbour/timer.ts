import type { Simulation } from '../../time/index.ts';
import { TracedTimed, type Tracer } from '../../trace/index.ts';
import type { Neighbour } from './neighbour.ts';

/** Whose neighbours' timers they are. */
export interface TimerKeeper<A> {
  /** What the timer of a neighbour in its state is called in the record. */
  titleOf(neighbour: Neighbour<A>): string;
  nameOf(neighbour: Neighbour<A>): string;
  timeOver(neighbour: Neighbour<A>): void;
}

/** The timer of one neighbour: in each of its states at most one thing is waited for. */
export class NeighbourTimer<A> extends TracedTimed {
  readonly #keeper: TimerKeeper<A>;
  readonly #neighbour: Neighbour<A>;

  constructor(sim: Simulation, tracer: Tracer, keeper: TimerKeeper<A>, neighbour: Neighbour<A>) {
    super(sim, tracer);
    this.#keeper = keeper;
    this.#neighbour = neighbour;
  }

  protected get title(): string {
    return this.#keeper.titleOf(this.#neighbour);
  }

  protected subject(): string {
    return this.#keeper.nameOf(this.#neighbour);
  }

  protected act(): void {
    this.#keeper.timeOver(this.#neighbour);
    if (!this.running) this.#neighbour.timer = null;
  }
}
