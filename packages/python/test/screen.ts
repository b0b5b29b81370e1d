import type { Terminal } from '@netarium/machine';
import headless from '@xterm/headless';

/** What a person sees of a terminal: its screen, drawn by the emulator that the page uses. */
export class Screen {
  readonly #emulator: headless.Terminal;

  constructor(terminal: Terminal, size = { rows: 24, columns: 80 }) {
    this.#emulator = new headless.Terminal({ rows: size.rows, cols: size.columns, allowProposedApi: true });
    terminal.subscribe((output) => this.#emulator.write(output));
  }

  /** Its lines, without what is empty at their ends, above and below them. */
  async lines(): Promise<string[]> {
    await this.#drawn();
    const { active } = this.#emulator.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    // CPython's editor begins one line below, where it cannot go up first.
    while (lines[0] === '') lines.shift();
    return lines;
  }

  /** Where the cursor is: its line's text up to it, in columns. */
  async cursor(): Promise<{ line: string; column: number }> {
    await this.#drawn();
    const { active } = this.#emulator.buffer;
    return {
      line: active.getLine(active.baseY + active.cursorY)?.translateToString(true) ?? '',
      column: active.cursorX,
    };
  }

  #drawn(): Promise<void> {
    return new Promise((resolve) => this.#emulator.write('', resolve));
  }
}
