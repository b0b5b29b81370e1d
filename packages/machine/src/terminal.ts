import { ERRNO } from '@netarium/osi/trace';
import { O_RDWR, POLLIN, POLLOUT, S_IFCHR, SIGNALS } from './kernel/constants.ts';
import { type Caller, type Collection, type Control, OpenFile } from './kernel/open-file.ts';
import { WaitQueue } from './kernel/wait.ts';
import { LineEditor } from './line-editor.ts';
import { ScrollBack } from './scroll-back.ts';
import type { FileStatus } from './system-calls.ts';
import * as tty from './termios.ts';

/** Whom a terminal tells what happens on it. */
export interface TerminalOwner {
  /** A process wrote text; the record is told. @param shown what the screen shows, if not this with `\r\n` at line ends. */
  wrote(by: Caller, text: string, shown: string | null): void;
  /**
   * A person typed, or pressed a key that does something. @param shown how the terminal answers by itself.
   * @param work what it does: it has that event as its cause.
   */
  typed(text: string, shown: string, work: () => void): void;
  /** Ctrl-C (SIGINT), Ctrl-\ (SIGQUIT), Ctrl-Z (SIGTSTP), and a new size (SIGWINCH) for the foreground process group. */
  signal(group: number, signal: number): void;
}

/**
 * A terminal (tty(4)): a screen that programs write to and keys that a person presses, with the line editing
 * of the canonical mode; or as a program sets it (termios(3)). It has no line to the outside: speeds and parity mean nothing.
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
  /** Lines that wait to be read, in raw mode pieces of any kind; an empty one is the end of input. */
  #lines: Uint8Array[] = [];
  #size: tty.WindowSize;

  constructor(number: number, owner: TerminalOwner, size: tty.WindowSize = STANDARD_SIZE) {
    this.#number = number;
    this.#size = size;
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
    const actions = [...this.#editor.type(keys)];
    const echo = this.#onScreen(actions.map((action) => action.echo ?? '').join(''));
    this.#owner.typed(keys, echo, () => {
      this.print(echo);
      for (const { line, signal } of actions) {
        if (line !== undefined) {
          this.#lines.push(line);
          this.#ready.wake();
        }
        if (signal !== undefined) {
          this.#lines = [];
          this.#signal(signal);
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

  /** The window of this terminal has another size now. */
  resize(size: tty.WindowSize): void {
    if (size.rows === this.#size.rows && size.columns === this.#size.columns) return;
    this.#size = size;
    this.#signal(SIGNALS.SIGWINCH);
  }

  /** Puts text on the screen as it is, `\r\n` at line ends. */
  print(text: string): void {
    if (text === '') return;
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

  /** @internal Line by line in canonical mode; else as many bytes as there are, at least as many as VMIN asks for. */
  read(length: number): Uint8Array | number {
    if (this.editsLines) {
      if (this.#lines.length === 0) return -ERRNO.EAGAIN;
    } else {
      if (this.#available < Math.min(length, this.#least)) return -ERRNO.EAGAIN;
      this.#lines = [concatenate(this.#lines)];
    }
    const line = this.#lines[0] ?? new Uint8Array();
    const part = line.subarray(0, length);
    if (part.length === line.length) this.#lines.shift();
    else this.#lines[0] = line.subarray(part.length);
    return part;
  }

  /** @internal With VMIN and VTIME: a read waits for its first byte, and for each further one no longer than VTIME. */
  collect(length: number): Collection | null {
    const [least, time] = [this.#control('least'), this.#control('time')];
    if (this.editsLines || least === 0 || time === 0) return null;
    let bytes: Uint8Array = new Uint8Array();
    let came = false;
    return {
      get bytes() {
        return bytes;
      },
      take: () => {
        const more = this.#available === 0 ? -ERRNO.EAGAIN : this.read(length - bytes.length);
        came = typeof more === 'object';
        if (typeof more === 'object') bytes = concatenate([bytes, more]);
        return bytes.length >= Math.min(length, least) ? bytes : undefined;
      },
      pause: () => (came ? time * TENTH : undefined),
    };
  }

  /** @internal With VMIN 0, how long a read waits for a key: VTIME, in tenths of a second. */
  get readTimeout(): number {
    return this.editsLines || this.#control('least') > 0 ? 0 : this.#control('time') * TENTH;
  }

  /** @internal */
  write(data: Uint8Array, by: Caller): number {
    const text = this.#decoder.decode(data, { stream: true });
    if (text !== '') {
      this.#owner.wrote(by, text, this.#translates ? null : text);
      this.print(this.#onScreen(text));
    }
    return data.length;
  }

  /** @internal The requests of ioctl_tty(2) that mean something here. */
  ioctl(request: number, argument: unknown): tty.Termios | tty.WindowSize | number {
    switch (request) {
      case tty.TCGETS:
        return this.#editor.settings;
      case tty.TCSETSF:
        this.#flush();
        return this.#set(argument);
      case tty.TCSETS:
      case tty.TCSETSW:
        return this.#set(argument);
      case tty.TCFLSH:
        // TCIFLUSH 0, TCOFLUSH 1, TCIOFLUSH 2: what was written is on the screen already.
        if (argument !== 1) this.#flush();
        return 0;
      case tty.TCSBRK:
      case tty.TCXONC:
        return 0;
      case tty.TIOCGPGRP:
        return this.foreground;
      case tty.TIOCSPGRP:
        this.foreground = Number(argument);
        return 0;
      case tty.TIOCGWINSZ:
        return this.#size;
      case tty.TIOCSWINSZ:
        this.resize(argument as tty.WindowSize);
        return 0;
      case tty.FIONREAD:
        return this.editsLines ? (this.#lines[0]?.length ?? 0) : this.#available;
      default:
        return -ERRNO.ENOTTY;
    }
  }

  /** @internal */
  get readable(): boolean {
    return this.editsLines ? this.#lines.length > 0 : this.#available >= Math.max(1, this.#least);
  }

  /** @internal */
  whenReadable(changed: () => void): () => void {
    return this.#ready.subscribe(changed);
  }

  /** Whether it edits lines; else a program reads keys and edits by itself. */
  get editsLines(): boolean {
    return (this.#editor.settings.lflag & tty.ICANON) !== 0;
  }

  get #available(): number {
    return this.#lines.reduce((sum, { length }) => sum + length, 0);
  }

  /** How many bytes there must be for a terminal in raw mode to be readable (n_tty's `input_available_p`). */
  get #least(): number {
    const [least, time] = [this.#control('least'), this.#control('time')];
    return time === 0 ? least : 1;
  }

  #control(name: keyof typeof tty.CONTROL): number {
    return this.#editor.settings.cc[tty.CONTROL[name]] ?? 0;
  }

  #set(argument: unknown): number {
    const settings = tty.readTermios(argument);
    if (settings === null) return -ERRNO.EFAULT;
    const were = this.editsLines;
    this.#editor.settings = settings;
    if (were === this.editsLines) return 0;
    // What was typed before goes on to be read: in raw mode at once, in canonical mode as one line (n_tty_set_termios).
    if (were) this.#lines.push(this.#editor.takeUnfinished());
    const typed = concatenate(this.#lines);
    this.#lines = typed.length === 0 ? [] : [typed];
    if (typed.length > 0) this.#ready.wake();
    return 0;
  }

  #flush(): void {
    this.#lines = [];
    this.#editor.flush();
  }

  #signal(signal: number): void {
    if (this.foreground !== 0) this.#owner.signal(this.foreground, signal);
  }

  /** What the screen gets for what was written (OPOST, ONLCR). */
  #onScreen(text: string): string {
    return this.#translates ? text.replaceAll('\n', '\r\n') : text;
  }

  get #translates(): boolean {
    const wanted = tty.OPOST | tty.ONLCR;
    return (this.#editor.settings.oflag & wanted) === wanted;
  }

  /** @internal */
  status(): FileStatus {
    return { ino: this.#number + 3, mode: S_IFCHR | 0o620, uid: 0, gid: 5, size: 0, mtime: 0 };
  }
}

/** What a terminal has that nobody gave a size. */
const STANDARD_SIZE: tty.WindowSize = { rows: 24, columns: 80 };
const TENTH = 1e8;

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
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

  override get isTerminal(): boolean {
    return true;
  }

  override read(length: number): Uint8Array | number {
    return this.#terminal.read(length);
  }

  override get readTimeout(): number {
    return this.#terminal.readTimeout;
  }

  override collect(length: number): Collection | null {
    return this.#terminal.collect(length);
  }

  override readExpired(): Uint8Array {
    return new Uint8Array();
  }

  override write(data: Uint8Array, by: Caller): number {
    return this.#terminal.write(data, by);
  }

  override ioctl(request: number, argument: unknown): Control {
    return this.#terminal.ioctl(request, argument);
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
