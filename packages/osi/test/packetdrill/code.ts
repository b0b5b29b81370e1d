import { Mismatch, Unsupported } from './problems.ts';

type Value = number | string | boolean;

/** Longest first; a name, a number, a string, an operator, a line's end. */
const WORD =
  /[ \t]+|#[^\n]*|\\\n|0[xX][0-9a-fA-F]+|\d+\.?\d*|[A-Za-z_]\w*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\*\*=?|\/\/=?|<<|>>|[<>=!]=|[-+*/%&|^]=|[-+*/%&|^~<>=(),;:.[\]{}]|\n/y;

/** Binary operators by precedence, weakest first (Python Language Reference section 6.17, without comparisons). */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];
const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>'];

/**
 * The part of Python that scripts' code blocks need: assignments, `assert`, `print`, and expressions of numbers.
 * Variables live as long as the object.
 */
export class Code {
  readonly #variables = new Map<string, Value>();
  #words: string[] = [];
  #at = 0;
  #line = 0;
  #known: (name: string) => number | undefined = () => undefined;

  /**
   * Runs a block. @param known what the names of the connection's state stand for.
   * @throws Mismatch when an assertion fails; Unsupported for other Python, or a name that nobody knows.
   */
  run(text: string, line: number, known: (name: string) => number | undefined): void {
    this.#line = line;
    this.#known = known;
    this.#words = this.#split(text);
    this.#at = 0;
    while (this.#at < this.#words.length) {
      if (this.#accept('\n') || this.#accept(';')) continue;
      this.#statement();
      if (this.#at < this.#words.length && !this.#accept('\n') && !this.#accept(';')) this.#give(this.#next);
    }
  }

  #split(text: string): string[] {
    const words: string[] = [];
    for (WORD.lastIndex = 0; WORD.lastIndex < text.length; ) {
      const from = WORD.lastIndex;
      const word = WORD.exec(text)?.[0];
      if (word === undefined) this.#give(text.slice(from, from + 10));
      if (!/^(?:[ \t#]|\\\n)/.test(word)) words.push(word);
    }
    return words;
  }

  get #next(): string {
    return this.#words[this.#at] ?? '';
  }

  #accept(word: string): boolean {
    if (this.#next !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#accept(word)) this.#give(this.#next);
  }

  #give(what: string): never {
    throw new Unsupported(this.#line, `Python code with '${what.trim()}'`);
  }

  #statement(): void {
    if (this.#accept('assert')) {
      const from = this.#at;
      const held = this.#expression();
      const condition = this.#words.slice(from, this.#at).join(' ');
      const said = this.#accept(',') ? this.#expression() : '';
      if (held === false || held === 0 || held === '')
        throw new Mismatch(this.#line, 'assertion failed', condition, String(said));
      return;
    }
    const name = this.#next;
    const operator = this.#words[this.#at + 1] ?? '';
    if (/^[A-Za-z_]/.test(name) && /^(?:[-+*/%&|^]|\/\/)?=$/.test(operator)) {
      this.#at += 2;
      const value = this.#expression();
      const result = operator === '=' ? value : this.#binary(operator.slice(0, -1), this.#name(name), value);
      this.#variables.set(name, result);
      return;
    }
    this.#expression();
  }

  #expression(): Value {
    const value = this.#and();
    if (!this.#accept('or')) return value;
    const right = this.#expression();
    return truth(value) ? value : right;
  }

  #and(): Value {
    const value = this.#not();
    if (!this.#accept('and')) return value;
    const right = this.#and();
    return truth(value) ? right : value;
  }

  #not(): Value {
    return this.#accept('not') ? !truth(this.#not()) : this.#comparison();
  }

  /** `a <= b <= c` holds when each pair does. */
  #comparison(): Value {
    let left = this.#level(0);
    let held: boolean | null = null;
    while (COMPARISONS.includes(this.#next)) {
      const operator = this.#words[this.#at++] as string;
      const right = this.#level(0);
      held = held !== false && compare(operator, left, right);
      left = right;
    }
    return held ?? left;
  }

  #level(level: number): Value {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#level(level + 1);
    while (operators.includes(this.#next)) {
      const operator = this.#words[this.#at++] as string;
      left = this.#binary(operator, left, this.#level(level + 1));
    }
    return left;
  }

  #unary(): Value {
    if (this.#accept('-')) return -this.#number(this.#unary());
    if (this.#accept('+')) return this.#number(this.#unary());
    if (this.#accept('~')) return -this.#number(this.#unary()) - 1;
    const base = this.#atom();
    return this.#accept('**') ? this.#number(base) ** this.#number(this.#unary()) : base;
  }

  #atom(): Value {
    const word = this.#next;
    this.#at++;
    if (word === '(') {
      const items = this.#arguments();
      // A tuple only ever stands on the right of '%', to be printed.
      return items.length === 1 ? (items[0] as Value) : items.join(', ');
    }
    if (/^\d/.test(word)) return Number(word);
    if (/^['"]/.test(word)) return word.slice(1, -1);
    if (!/^[A-Za-z_]/.test(word)) this.#give(word);
    if (!this.#accept('(')) return this.#name(word);
    return this.#call(word, this.#arguments());
  }

  #arguments(): Value[] {
    const items: Value[] = [];
    while (this.#next !== ')') {
      items.push(this.#expression());
      if (!this.#accept(',')) break;
    }
    this.#expect(')');
    return items;
  }

  #call(name: string, args: Value[]): Value {
    const numbers = () => args.map((value) => this.#number(value));
    switch (name) {
      case 'print':
        return 0;
      case 'abs':
        return Math.abs(numbers()[0] ?? 0);
      case 'min':
        return Math.min(...numbers());
      case 'max':
        return Math.max(...numbers());
      case 'int':
        return Math.trunc(numbers()[0] ?? 0);
      default:
        return this.#give(`${name}()`);
    }
  }

  #name(name: string): Value {
    if (name === 'True' || name === 'False') return name === 'True';
    const value = this.#variables.get(name) ?? this.#known(name);
    if (value === undefined) throw new Unsupported(this.#line, `the name '${name}' in Python code`);
    return value;
  }

  #number(value: Value): number {
    if (typeof value === 'string') this.#give(value);
    return Number(value);
  }

  #binary(operator: string, left: Value, right: Value): Value {
    if (operator === '%' && typeof left === 'string') return `${left} % ${String(right)}`;
    const a = this.#number(left);
    const b = this.#number(right);
    switch (operator) {
      case '+':
        return a + b;
      case '-':
        return a - b;
      case '*':
        return a * b;
      case '/':
        return a / b;
      case '//':
        return Math.floor(a / b);
      case '%':
        return a - b * Math.floor(a / b);
      case '|':
        return Number(BigInt(a) | BigInt(b));
      case '&':
        return Number(BigInt(a) & BigInt(b));
      case '^':
        return Number(BigInt(a) ^ BigInt(b));
      case '<<':
        return a * 2 ** b;
      default:
        return Math.floor(a / 2 ** b);
    }
  }
}

const truth = (value: Value): boolean => value !== false && value !== 0 && value !== '';

function compare(operator: string, left: Value, right: Value): boolean {
  const [a, b] =
    typeof left === 'string' || typeof right === 'string' ? [left, right] : [Number(left), Number(right)];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}
