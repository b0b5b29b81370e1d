import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const HELPER = fileURLToPath(new URL('pseudo-terminal.py', import.meta.url));
export const BIN = fileURLToPath(new URL('../bin/netarium.mjs', import.meta.url));
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The command at a terminal, as a person has it in front of them. */
export class PseudoTerminal {
  /** All that was put on the screen. */
  text = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #seen = 0;
  #changed = () => {};

  constructor(...args: readonly string[]) {
    this.#child = spawn('python3', [HELPER, process.execPath, BIN, ...args], {
      cwd: ROOT,
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C', LC_ALL: 'C', NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    }) as ChildProcessByStdio<Writable, Readable, null>;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (status) => {
        resolve(status);
        this.#changed();
      });
    });
  }

  /** Waits until `text` appears, behind what was waited for before. */
  async shows(text: string): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    for (;;) {
      const at = this.text.indexOf(text, this.#seen);
      if (at >= 0) {
        this.#seen = at + text.length;
        return;
      }
      if (over) throw new Error(`"${text}" never appeared after ${this.#seen}: ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The window is closed. */
  close(): void {
    this.#child.kill();
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  resize(rows: number, columns: number): void {
    (this.#child.stdio[3] as unknown as Writable).write(`${rows} ${columns}\n`);
  }
}
