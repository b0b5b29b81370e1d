import { SIGNALS } from './kernel/constants.ts';

/** What a key did, in the order in which it happened. */
export interface EditorAction {
  /** What appears on the screen. */
  readonly echo?: string;
  /** What a read gets: a line with its `\n`, what was typed before Ctrl-D, or nothing for the end of input. */
  readonly line?: Uint8Array;
  readonly signal?: number;
}

const encoder = new TextEncoder();
const KEY = { interrupt: '\x03', end: '\x04', quit: '\x1c', kill: '\x15', eraseWord: '\x17' } as const;

/**
 * The canonical mode of a terminal with Linux's default settings (termios(3): ICANON, ECHO, ECHOE, ECHOK, ECHOCTL,
 * ICRNL, ISIG, IUTF8): a line is edited until Enter, and only then can be read.
 */
export class LineEditor {
  /** The characters of the line so far. */
  #line: string[] = [];

  /** Takes keys; a key is a character, so half of a surrogate pair must not come alone. */
  *type(keys: string): Iterable<EditorAction> {
    for (const key of keys) yield* this.#key(key);
  }

  *#key(key: string): Iterable<EditorAction> {
    switch (key) {
      case '\r':
      case '\n':
        yield { echo: '\r\n', line: this.#take('\n') };
        return;
      case '\x7f':
      case '\b':
        yield { echo: this.#erase() };
        return;
      case KEY.kill: {
        let echo = '';
        while (this.#line.length > 0) echo += this.#erase();
        yield { echo };
        return;
      }
      case KEY.eraseWord: {
        let echo = '';
        while (/^\s$/.test(this.#line.at(-1) ?? '')) echo += this.#erase();
        while (/^\S$/u.test(this.#line.at(-1) ?? '')) echo += this.#erase();
        yield { echo };
        return;
      }
      case KEY.end:
        yield { line: this.#take('') };
        return;
      case KEY.interrupt:
      case KEY.quit:
        this.#line = [];
        yield { echo: shown(key), signal: key === KEY.quit ? SIGNALS.SIGQUIT : SIGNALS.SIGINT };
        return;
      default:
        this.#line.push(key);
        yield { echo: shown(key) };
    }
  }

  #take(end: string): Uint8Array {
    const line = encoder.encode(this.#line.join('') + end);
    this.#line = [];
    return line;
  }

  #erase(): string {
    const last = this.#line.pop();
    return last === undefined ? '' : '\b \b'.repeat(last === '\t' ? 1 : width(shown(last)));
  }
}

/** Control characters are shown as `^C` (ECHOCTL), except the tab. */
function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 32 && character !== '\t' ? `^${String.fromCharCode(code + 64)}` : character;
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
