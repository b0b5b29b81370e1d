import {
  CONTROL,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  SIGNAL_KEYS,
  STANDARD,
  type Termios,
} from './termios.ts';

/** What a key did, in the order in which it happened. */
export interface EditorAction {
  /** What the terminal answers with, as if a program wrote it. */
  readonly echo?: string;
  /** What a read gets: a line with its `\n`, what was typed before Ctrl-D, or nothing for the end of input. */
  readonly line?: Uint8Array;
  readonly signal?: number;
}

const encoder = new TextEncoder();

/**
 * The line discipline of a terminal (termios(3), N_TTY): in canonical mode a line is edited until Enter, and only then can
 * be read; in raw mode each key can be read at once, and a program edits by itself.
 */
export class LineEditor {
  settings: Termios = STANDARD;
  /** The characters of the line so far. */
  #line: string[] = [];
  /** The next key is taken as it is (LNEXT). */
  #literal = false;

  /** Takes keys; a key is a character, so half of a surrogate pair must not come alone. */
  *type(keys: string): Iterable<EditorAction> {
    for (const key of keys) yield* this.#key(key);
  }

  /** What was typed of a line that has not ended, which goes to a program that now reads by itself. */
  takeUnfinished(): Uint8Array {
    return this.#take('');
  }

  /** Forgets it (TCIFLUSH). */
  flush(): void {
    this.#line = [];
  }

  *#key(typed: string): Iterable<EditorAction> {
    const key = this.#translate(typed);
    if (key === undefined) return;
    if (this.#literal) {
      this.#literal = false;
      yield* this.#add(key);
      return;
    }
    const { lflag } = this.settings;
    if ((lflag & ISIG) !== 0) {
      for (const [control, signal] of SIGNAL_KEYS) {
        if (!this.#is(control, key)) continue;
        this.#line = [];
        yield { echo: this.#shown(key), signal };
        return;
      }
    }
    if ((lflag & ICANON) !== 0) yield* this.#canonical(key);
    else yield* this.#add(key);
  }

  *#canonical(key: string): Iterable<EditorAction> {
    const { lflag } = this.settings;
    const extended = (lflag & IEXTEN) !== 0;
    if (key === '\n') {
      yield { echo: (lflag & (ECHO | ECHONL)) === 0 ? '' : '\n', line: this.#take('\n') };
    } else if (this.#is('erase', key) || key === '\b') {
      yield { echo: this.#erase() };
    } else if (this.#is('kill', key)) {
      let echo = '';
      while (this.#line.length > 0) echo += this.#erase();
      yield { echo };
    } else if (extended && this.#is('eraseWord', key)) {
      let echo = '';
      while (/^\s$/.test(this.#line.at(-1) ?? '')) echo += this.#erase();
      while (/^\S$/u.test(this.#line.at(-1) ?? '')) echo += this.#erase();
      yield { echo };
    } else if (this.#is('end', key)) {
      yield { line: this.#take('') };
    } else if (extended && this.#is('reprint', key) && (lflag & ECHO) !== 0) {
      yield { echo: `${this.#shown(key)}\n${this.#line.map((one) => this.#shown(one)).join('')}` };
    } else if (extended && this.#is('literal', key)) {
      this.#literal = true;
    } else {
      yield* this.#add(key);
    }
  }

  /** A character of the line, or for who reads by himself. */
  *#add(key: string): Iterable<EditorAction> {
    if ((this.settings.lflag & ICANON) !== 0) {
      this.#line.push(key);
      yield { echo: this.#shown(key) };
    } else {
      yield { echo: this.#shown(key), line: encoder.encode(key) };
    }
  }

  #translate(key: string): string | undefined {
    const { iflag } = this.settings;
    if (key === '\r') return (iflag & IGNCR) !== 0 ? undefined : (iflag & ICRNL) !== 0 ? '\n' : key;
    return key === '\n' && (iflag & INLCR) !== 0 ? '\r' : key;
  }

  /** A control character of 0 is none. */
  #is(control: keyof typeof CONTROL, key: string): boolean {
    const code = this.settings.cc[CONTROL[control]];
    return code !== 0 && key.length === 1 && key.charCodeAt(0) === code;
  }

  #take(end: string): Uint8Array {
    const line = encoder.encode(this.#line.join('') + end);
    this.#line = [];
    return line;
  }

  #erase(): string {
    const last = this.#line.pop();
    const { lflag } = this.settings;
    if (last === undefined || (lflag & ECHO) === 0) return '';
    if ((lflag & ECHOE) === 0) return this.#shown('\x7f');
    return '\b \b'.repeat(last === '\t' ? 1 : width(this.#shown(last)));
  }

  /** Control characters are shown as `^C` (ECHOCTL), except tab and newline. */
  #shown(character: string): string {
    const { lflag } = this.settings;
    if ((lflag & ECHO) === 0) return '';
    const code = character.codePointAt(0) ?? 0;
    if ((lflag & ECHOCTL) === 0 || character === '\t' || character === '\n') return character;
    if (code === 127) return '^?';
    return code < 32 ? `^${String.fromCharCode(code + 64)}` : character;
  }
}

/** Columns that text takes on a terminal: 2 for Hangul, Han, Kana and fullwidth forms (wcwidth(3), Unicode's East Asian Width W and F). */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character) || (code >= 0x1160 && code <= 0x11ff)) continue;
    columns += WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
  }
  return columns;
}

/** Ranges of Unicode's EastAsianWidth.txt with W or F, taken together by block. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
