import type { Machine } from '@netarium/machine';

/**
 * The names and addresses of a lab's machines, which each of them has in its `/etc/hosts` but for its own. They are kept
 * once for all: a machine's file is written when somebody looks at it.
 */
export class HostBook {
  readonly #lines: { readonly name: string; readonly text: string }[] = [];
  /** Tells each machine that its file has grown. */
  readonly #grown: (() => void)[] = [];

  /** @param addresses of the machine, IPv4's before IPv6's. */
  add(machine: Machine, addresses: readonly string[]): void {
    const { name } = machine;
    const lines = this.#lines;
    let read = 0;
    const others = () => {
      const news = lines.slice(read).filter((line) => line.name !== name);
      read = lines.length;
      return news.map(({ text }) => text).join('');
    };
    const grown = machine.files.follow('/etc/hosts', { take: others });
    if (lines.length > 0) grown();
    for (const address of addresses) lines.push({ name, text: `${address}\t${name}\n` });
    if (addresses.length > 0) for (const tell of this.#grown) tell();
    this.#grown.push(grown);
  }
}
