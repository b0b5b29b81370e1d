import { milliseconds, type Timer } from '@netarium/osi/time';
import type { World } from './world.ts';

/** `socket.setTimeout`: tells when nothing was sent or received for so long, in virtual time. */
export class IdleTimer {
  readonly #world: World;
  readonly #expired: () => void;
  #timer: Timer | null = null;
  #length = 0;

  constructor(world: World, expired: () => void) {
    this.#world = world;
    this.#expired = expired;
  }

  /** @param length in milliseconds; 0 for none. */
  set(length: number): void {
    this.#length = milliseconds(length);
    if (length > 0) {
      this.#timer ??= this.#world.stack.sim.timer(() => this.#world.tell(this.#expired));
      this.active();
    } else {
      this.#timer?.stop();
    }
  }

  /** Something was sent or received. */
  active(): void {
    if (this.#length > 0) this.#timer?.start(this.#length);
  }
}
