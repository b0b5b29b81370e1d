import type { TracedCall } from '../system-calls.ts';
import { WaitQueue } from './wait.ts';

/** A process's system calls on their way to someone who follows them (`strace -p`). */
export class Following {
  /** The process that follows. */
  readonly by: number;
  readonly changed = new WaitQueue();
  ended = false;
  #lines: TracedCall[] = [];

  constructor(by: number) {
    this.by = by;
  }

  add(line: TracedCall): void {
    this.#lines.push(line);
    this.changed.wake();
  }

  end(line: TracedCall): void {
    this.ended = true;
    this.add(line);
  }

  take(): TracedCall[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}

/** Who follows whom, on one machine. */
export class Followings {
  readonly #all = new Map<string, Following>();

  /** What process `by` has learned of process `pid`, if it follows it. */
  get(by: number, pid: number): Following | undefined {
    return this.#all.get(`${by}>${pid}`);
  }

  add(by: number, pid: number): Following {
    const following = new Following(by);
    this.#all.set(`${by}>${pid}`, following);
    return following;
  }

  /** A process has ended: it follows nobody any more. @param processes all there are. */
  drop(by: number, processes: Iterable<{ readonly followers: Set<Following> }>): void {
    for (const [key, following] of this.#all) if (following.by === by) this.#all.delete(key);
    for (const { followers } of processes) {
      for (const following of followers) if (following.by === by) followers.delete(following);
    }
  }
}
