/**
 * Those who wait for a socket. Mostly that is nobody or one, so one has a field of its own.
 *
 * Told once per change, in the order of subscription. Who subscribes or leaves while the others are being
 * told takes effect with the next change, except that one who has left is not told any more.
 */
export class WaitQueue {
  #one: (() => void) | null = null;
  #more: (() => void)[] | null = null;

  /** @returns what ends it; calling that again does nothing. */
  subscribe(changed: () => void): () => void {
    if (this.#one !== null || this.#more !== null) return this.#join(changed);
    this.#one = changed;
    let left = false;
    return () => {
      if (!left) this.#one = null;
      left = true;
    };
  }

  wake(): void {
    const more = this.#more;
    this.#one?.();
    if (more === null) return;
    for (const entry of more) if (this.#more?.includes(entry)) entry();
  }

  #join(changed: () => void): () => void {
    // Each subscription is a function of its own, so that one callback may subscribe twice.
    const entry = () => changed();
    this.#more = [...(this.#more ?? []), entry];
    return () => {
      const rest = (this.#more ?? []).filter((other) => other !== entry);
      this.#more = rest.length === 0 ? null : rest;
    };
  }
}
