import type { Expression } from './script.ts';
import type { Tokens } from './tokens.ts';

/** An argument or result of a system call. @throws SyntaxProblem */
export function parseExpression(tokens: Tokens): Expression {
  let left = parseTerm(tokens);
  while (tokens.accept('|')) left = { kind: 'or', left, right: parseTerm(tokens) };
  return left;
}

function parseTerm(tokens: Tokens): Expression {
  const { kind, text } = tokens.next;
  switch (kind) {
    case 'ellipsis':
      tokens.take();
      return { kind: 'ellipsis' };
    case 'integer':
    case 'hex':
      tokens.take();
      return { kind: 'integer', value: Number(text) };
    case 'string':
      return parseString(tokens);
    case 'word':
      tokens.take();
      if (!tokens.accept('(')) return { kind: 'word', name: text };
      return { kind: 'call', name: text, argument: closed(tokens, ')') };
    default:
      if (tokens.accept('[')) return { kind: 'list', items: parseItems(tokens, ']') };
      if (tokens.accept('{')) return parseBraces(tokens);
      return tokens.fail('an expression');
  }
}

/** Strings beside each other are one; `"abc"...` stands for one that begins so. */
function parseString(tokens: Tokens): Expression {
  let text = '';
  while (tokens.next.kind === 'string') text += withoutEscapes(tokens.take().text);
  if (tokens.next.kind === 'ellipsis') tokens.take();
  return { kind: 'string', text };
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0' };

const withoutEscapes = (text: string): string =>
  text.replace(/\\x([0-9a-fA-F]{2})|\\(.)/g, (_all, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );

function closed(tokens: Tokens, end: string): Expression {
  const expression = parseExpression(tokens);
  tokens.expect(end);
  return expression;
}

function parseItems(tokens: Tokens, end: string): Expression[] {
  const items: Expression[] = [];
  while (!tokens.is(end)) {
    items.push(parseExpression(tokens));
    if (!tokens.accept(',')) break;
  }
  tokens.expect(end);
  return items;
}

function parseBraces(tokens: Tokens): Expression {
  const named = tokens.next.kind === 'word' && ['=', '('].includes(tokens.peek(1).text);
  if (!named) return { kind: 'tuple', items: parseItems(tokens, '}') };
  const fields = new Map<string, Expression>();
  while (!tokens.is('}')) {
    const { text: name } = tokens.takeKind('word', 'the name of a field');
    if (tokens.accept('(')) fields.set(`${name}()`, closed(tokens, ')'));
    tokens.expect('=');
    fields.set(name, parseExpression(tokens));
    if (!tokens.accept(',')) break;
  }
  tokens.expect('}');
  return { kind: 'struct', fields };
}
