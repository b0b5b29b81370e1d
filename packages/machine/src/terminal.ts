import { ERRNO } from '@netarium/osi/trace';
import { O_RDWR, POLLIN, POLLOUT, S_IFCHR } from './kernel/constants.ts';
import { type Caller, OpenFile } from './kernel/open-file.ts';
import { WaitQueue } from './kernel/wait.ts';
import { LineEditor } from './line-editor.ts';
import { ScrollBack } from './scroll-back.ts';
import type { FileStatus } from './system-calls.ts';

/** Whom a terminal tells what happens on it. */
export interface TerminalOwner {
  /** A process wrote text; the record is told. */
  wrote(by: Caller, text: string): void;
  /** A person typed, or pressed a key that does something. @param work what it does: it has that event as its cause. */
  typed(text: string, work: () => void): void;
  /** Ctrl-C (SIGINT) and Ctrl-\ (SIGQUIT) for the foreground process group. */
  signal(group: number, signal: number): void;
}

/**
 * A terminal (tty(4)): a screen that programs write to and keys that a person presses, with the line editing
 * of the canonical mode. (Raw mode and window sizes are not built yet.)
 *
 * The screen side speaks what xterm.js speaks: text with `\r\n` and escape sequences.
 */
export class Terminal {
  /** `/dev/pts/0`. */
  readonly path: string;
  /** The process group that Ctrl-C is for; 0 when there is none. */
  foreground = 0;
  readonly #owner: TerminalOwner;
  readonly #number: number;
  readonly #editor = new LineEditor();
  readonly #listeners = new Set<(output: string) => void>();
  readonly #ready = new WaitQueue();
  readonly #decoder = new TextDecoder();
  readonly #screen = new ScrollBack();
  /** Groups that were in the foreground before, the latest last. */
  readonly #background: number[] = [];
  /** Lines that wait to be read; an empty one is the end of input. */
  #lines: Uint8Array[] = [];

  constructor(number: number, owner: TerminalOwner) {
    this.#number = number;
    this.path = `/dev/pts/${number}`;
    this.#owner = owner;
  }

  /** What was put on the screen, with `\n` at line ends: after more than two million characters not all of it, which it then says. */
  get text(): string {
    return this.#screen.text;
  }

  /** Calls `listener` with what appears on the screen from now on. @returns what stops it. */
  subscribe(listener: (output: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keys as xterm.js sends them: text, `\r` for Enter, `\x7f` for Backspace, `\x03` for Ctrl-C, `\x04` for Ctrl-D. */
  type(keys: string): void {
    this.#owner.typed(keys, () => {
      for (const action of this.#editor.type(keys)) {
        if (action.echo !== undefined) this.print(action.echo);
        if (action.line !== undefined) {
          this.#lines.push(action.line);
          this.#ready.wake();
        }
        if (action.signal !== undefined) {
          this.#lines = [];
          if (this.foreground !== 0) this.#owner.signal(this.foreground, action.signal);
        }
      }
    });
  }

  /** Types a line and presses Enter. */
  enter(line: string): void {
    this.type(`${line}\r`);
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    this.type('\x03');
  }

  /** Presses Ctrl-D: the end of input, when nothing was typed before it in the line. */
  end(): void {
    this.type('\x04');
  }

  /** Puts text on the screen as it is, `\r\n` at line ends. */
  print(text: string): void {
    this.#screen.add(text);
    for (const listener of this.#listeners) listener(text);
  }

  /** A process group comes to the foreground. */
  enterForeground(group: number): void {
    if (this.foreground !== 0) this.#background.push(this.foreground);
    this.foreground = group;
  }

  /** A process of a group has ended; a group without processes leaves the foreground. */
  left(group: number, lives: boolean): void {
    if (lives) return;
    const waiting = this.#background.indexOf(group);
    if (waiting >= 0) this.#background.splice(waiting, 1);
    if (this.foreground === group) this.foreground = this.#background.pop() ?? 0;
  }

  /** Opens it for a process. */
  open(flags = O_RDWR): OpenFile {
    return new OpenTerminal(this, flags);
  }

  /** @internal Line by line, as canonical mode gives them. */
  read(length: number): Uint8Array | number {
    const line = this.#lines[0];
    if (line === undefined) return -ERRNO.EAGAIN;
    const part = line.subarray(0, length);
    if (part.length === line.length) this.#lines.shift();
    else this.#lines[0] = line.subarray(part.length);
    return part;
  }

  /** @internal */
  write(data: Uint8Array, by: Caller): number {
    const text = this.#decoder.decode(data, { stream: true });
    if (text !== '') {
      this.#owner.wrote(by, text);
      this.print(text.replaceAll('\n', '\r\n'));
    }
    return data.length;
  }

  /** @internal */
  get readable(): boolean {
    return this.#lines.length > 0;
  }

  /** @internal */
  whenReadable(changed: () => void): () => void {
    return this.#ready.subscribe(changed);
  }

  /** @internal */
  status(): FileStatus {
    return { ino: this.#number + 3, mode: S_IFCHR | 0o620, uid: 0, gid: 5, size: 0, mtime: 0 };
  }
}

class OpenTerminal extends OpenFile {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal, flags: number) {
    super(flags);
    this.#terminal = terminal;
  }

  get link(): string {
    return this.#terminal.path;
  }

  override read(length: number): Uint8Array | number {
    return this.#terminal.read(length);
  }

  override write(data: Uint8Array, by: Caller): number {
    return this.#terminal.write(data, by);
  }

  override status(): FileStatus {
    return this.#terminal.status();
  }

  override poll(): number {
    return POLLOUT | (this.#terminal.readable ? POLLIN : 0);
  }

  override subscribe(changed: () => void): () => void {
    return this.#terminal.whenReadable(changed);
  }
}
