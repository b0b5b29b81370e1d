import type { Stack } from '@netarium/osi/5-session';
import { turnsOf } from '@netarium/osi/5-session';
import type { EventId } from '@netarium/osi/trace';
import { callerOutside } from './caller.ts';
import type { Names } from './lookup.ts';
import { Turn } from './turn.ts';

/**
 * What sockets and servers of one face share: the machine whose stack they use, and the order of things between virtual
 * time and Node's event loop.
 *
 * Code written for `node:net` goes on in callbacks, `process.nextTick`, promises and immediates. Virtual time waits until
 * all of that has run after each call in either direction. So every run is the same.
 */
export class World {
  readonly stack: Stack;
  /** The names that the machine knows. */
  readonly names: Names;
  readonly #called: () => void;

  constructor(stack: Stack, names: Names) {
    this.stack = stack;
    this.names = names;
    const turns = turnsOf(stack.sim);
    const turn = new Turn();
    this.#called = () => turns.called(turn.take);
  }

  /** The stack calls: what `work` sets going in the program comes to its end before time moves on. */
  tell(work: () => void): void {
    this.#called();
    try {
      work();
    } catch (error) {
      // A listener has thrown. As with Node's own sockets nobody is there to catch it, least of all the stack.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** The program calls, and what comes of it is emitted later. */
  noteCall(): void {
    this.#called();
  }

  /**
   * Makes a system call for the program, on the record with the line that asked for it.
   * @param work is given the call's event: 0 when nothing is recorded.
   */
  call<T>(name: string, args: string, work: (origin: EventId) => T): T {
    this.#called();
    const { tracer } = this.stack;
    if (!tracer.on) return work(0);
    const origin = tracer.write({
      kind: 'system-call',
      pid: 0,
      tid: 0,
      program: 'node',
      name,
      args,
      where: callerOutside(),
    });
    return tracer.within(origin, () => work(origin));
  }
}
