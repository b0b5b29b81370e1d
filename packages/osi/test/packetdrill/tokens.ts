import { ICMP, type IcmpNames } from './icmp-names.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { SyntaxProblem } from './problems.ts';

/** The words of a script, read one after the other. */
export class Tokens {
  /** The names that `icmp` packets go by. */
  icmp: IcmpNames = ICMP;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string, defined?: ReadonlyMap<string, string>) {
    this.#tokens = tokenize(source, defined);
  }

  get next(): Token {
    return this.peek(0);
  }

  get line(): number {
    return this.next.line;
  }

  /** The word `ahead` places on. */
  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Whether the next word is this symbol or name. */
  is(text: string): boolean {
    const { kind, text: found } = this.next;
    return found === text && (kind === 'symbol' || kind === 'word');
  }

  /** Takes the next word if it is this one. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.fail(`'${text}'`);
  }

  takeKind(kind: TokenKind, what: string): Token {
    if (this.next.kind !== kind) this.fail(what);
    return this.take();
  }

  /** A whole number of 0 to `most`. */
  takeNumber(most: number, what: string): number {
    const { kind, text } = this.next;
    const value = kind === 'integer' || kind === 'hex' ? Number(text) : Number.NaN;
    if (!(value >= 0 && value <= most)) this.fail(`${what}: a number of 0 to ${most}`);
    this.take();
    return value;
  }

  fail(expected: string): never {
    const { text, kind, line } = this.next;
    const found = kind === 'end' ? 'the end of the script' : `'${text}'`;
    throw new SyntaxProblem(line, `expected ${expected}, found ${found}`);
  }
}
