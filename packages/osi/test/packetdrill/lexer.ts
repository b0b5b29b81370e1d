import { SyntaxProblem } from './problems.ts';

export type TokenKind =
  | 'option'
  | 'float'
  | 'integer'
  | 'hex'
  | 'word'
  | 'string'
  | 'command'
  | 'code'
  | 'ipv4'
  | 'ipv6'
  | 'ellipsis'
  | 'symbol'
  | 'end';

/** One word of a script. `text` has no quotes; `line` counts from 1. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

const IPV4 = String.raw`\d+\.\d+\.\d+\.\d+`;
const GROUP = '[0-9a-fA-F]{1,4}';
/** With `::`, or all eight groups: anything less would take `1:1001` for an address. */
const IPV6 = `(?:${GROUP}(?::${GROUP})*)?::(?:${GROUP}(?::${GROUP})*)?(?::?${IPV4})?|(?:${GROUP}:){7}${GROUP}`;

/** In the order of precedence where two of them match equally much: the longest match wins. */
const PATTERNS: readonly (readonly [TokenKind | 'nothing', RegExp])[] = [
  ['nothing', /[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['code', /%\{[\s\S]*?\}%/y],
  ['ellipsis', /\.\.\./y],
  ['option', /--[a-zA-Z0-9_]+/y],
  ['float', /-?\d*\.\d+/y],
  ['integer', /-?\d+/y],
  ['hex', /0x[0-9a-fA-F]+/y],
  ['word', /[a-zA-Z0-9_]+/y],
  ['string', /"(?:\\[\s\S]|[^"\\])*"/y],
  ['command', /`(?:\\[\s\S]|[^`\\])*`/y],
  ['ipv4', new RegExp(IPV4, 'y')],
  ['ipv6', new RegExp(IPV6, 'y')],
  ['symbol', /\S/y],
];

const TRIM: Partial<Record<TokenKind, readonly [number, number]>> = {
  code: [2, 2],
  string: [1, 1],
  command: [1, 1],
  option: [2, 0],
};

/**
 * Cuts a script into its words. Comments are those of C.
 * @param defined words that stand for other ones, as `--define` has them. @throws SyntaxProblem on a character that begins none.
 */
export function tokenize(source: string, defined: ReadonlyMap<string, string> = new Map()): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  while (at < source.length) {
    const [kind, text] = longest(source, at);
    if (text === '') throw new SyntaxProblem(line, `unexpected character ${JSON.stringify(source[at])}`);
    if (kind !== 'nothing') {
      const [before, after] = TRIM[kind] ?? [0, 0];
      const value = kind === 'word' ? defined.get(text) : undefined;
      if (value === undefined) tokens.push({ kind, text: text.slice(before, text.length - after), line });
      else tokens.push({ ...(tokenize(value)[0] as Token), line });
    }
    line += text.split('\n').length - 1;
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '', line });
  return tokens;
}

function longest(source: string, at: number): [TokenKind | 'nothing', string] {
  let best: [TokenKind | 'nothing', string] = ['nothing', ''];
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0] ?? '';
    if (text.length > best[1].length) best = [kind, text];
  }
  return best;
}
