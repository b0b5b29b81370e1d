import { WaitQueue } from './wait.ts';

/** A process's system calls on their way to someone who follows them (`strace -p`). */
export class Following {
  /** The process that follows. */
  readonly by: number;
  readonly changed = new WaitQueue();
  ended = false;
  #lines: string[] = [];

  constructor(by: number) {
    this.by = by;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.changed.wake();
  }

  end(line: string): void {
    this.ended = true;
    this.add(line);
  }

  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
