import type { TraceEvent } from '@netarium/osi/trace';
import type { Style } from './style.ts';
import { displayWidth, pad } from './width.ts';

/** Prints what programs write line by line, each line with its machine's name in front. */
export class OutputPrinter {
  readonly #out: (text: string) => void;
  readonly #machines: readonly string[];
  readonly #style: Style;
  readonly #width: number;
  /** What each program has written of a line that is not complete. */
  readonly #begun = new Map<string, { node: string; fd: number; text: string }>();

  constructor(out: (text: string) => void, machines: readonly string[], style: Style) {
    this.#out = out;
    this.#machines = machines;
    this.#style = style;
    this.#width = Math.max(0, ...machines.map(displayWidth));
  }

  take(event: TraceEvent): void {
    if (event.kind !== 'terminal' || event.fd === 0) return;
    const { node, pid, fd } = event;
    // Both streams go to one terminal: a prompt on standard error stands before what is printed next.
    const key = `${node} ${pid}`;
    const lines = ((this.#begun.get(key)?.text ?? '') + event.text).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) this.#print(node, fd, line);
    if (rest === '') this.#begun.delete(key);
    else this.#begun.set(key, { node, fd, text: rest });
  }

  /** Prints the lines that were begun and never ended. */
  flush(): void {
    for (const { node, fd, text } of this.#begun.values()) this.#print(node, fd, text);
    this.#begun.clear();
  }

  #print(node: string, fd: number, text: string): void {
    const name = this.#style.hue(this.#machines.indexOf(node), pad(node, this.#width));
    this.#out(`${name} │ ${fd === 2 ? this.#style.red(text) : text}\n`);
  }
}
