import { SyntaxProblem, Unsupported } from './problems.ts';
import type { Expression } from './script.ts';
import { isOurs, symbol } from './symbols.ts';

/** The number that an expression stands for. @throws Unsupported for a name that is not known here. */
export function integer(expression: Expression | undefined, line: number): number {
  switch (expression?.kind) {
    case 'integer':
      return expression.value;
    case 'word': {
      const value = symbol(expression.name);
      if (value === undefined) throw new Unsupported(line, `the name '${expression.name}'`);
      return value;
    }
    case 'or':
      return Number(BigInt(integer(expression.left, line)) | BigInt(integer(expression.right, line)));
    case 'call':
      // Ports are kept as numbers, so htons() and the like change nothing.
      return integer(expression.argument, line);
    default:
      throw new SyntaxProblem(line, `expected a number, found ${expression?.kind ?? 'nothing'}`);
  }
}

/** Flags of a sending or receiving call. @throws Unsupported for one that the socket layer does not have. */
export function flags(expression: Expression | undefined, line: number): number {
  for (const name of names(expression)) {
    if (name.startsWith('MSG_') && !isOurs(name)) throw new Unsupported(line, `the stack has no ${name}`);
  }
  return integer(expression, line);
}

/** The names in an expression. */
export function names(expression: Expression | undefined): string[] {
  if (expression?.kind === 'word') return [expression.name];
  return expression?.kind === 'or' ? [...names(expression.left), ...names(expression.right)] : [];
}

/** `[n]` */
export function bracketed(expression: Expression | undefined, line: number): number {
  if (expression?.kind !== 'list' || expression.items.length !== 1)
    throw new SyntaxProblem(line, `expected [number], found ${expression?.kind ?? 'nothing'}`);
  return integer(expression.items[0], line);
}

/** A field of `{name=value, …}`. */
export function field(expression: Expression | undefined, name: string): Expression | undefined {
  return expression?.kind === 'struct' ? expression.fields.get(name) : undefined;
}

/** A value for setsockopt, `length` bytes of it: `[n]`, a string, or `{onoff=…, linger=…}`. */
export function optionValue(expression: Expression | undefined, length: number, line: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  const view = new DataView(new ArrayBuffer(8));
  let value: Uint8Array;
  if (expression?.kind === 'string') {
    value = Uint8Array.from(expression.text, (letter) => letter.charCodeAt(0));
  } else if (expression?.kind === 'struct' && expression.fields.has('onoff')) {
    view.setInt32(0, integer(field(expression, 'onoff'), line), true);
    view.setInt32(4, integer(field(expression, 'linger'), line), true);
    value = new Uint8Array(view.buffer);
  } else if (expression?.kind === 'list') {
    view.setInt32(0, bracketed(expression, line) | 0, true);
    value = new Uint8Array(view.buffer);
  } else {
    throw new Unsupported(line, `option values of the kind '${expression?.kind ?? 'nothing'}'`);
  }
  bytes.set(value.subarray(0, bytes.length));
  return bytes;
}

/** Sum of the lengths of `[{..., n}, …]`. */
export function vectorLength(expression: Expression | undefined, line: number): number {
  if (expression?.kind !== 'list') throw new SyntaxProblem(line, 'expected a list of buffers');
  return expression.items.reduce((sum, item) => {
    if (item.kind !== 'tuple') throw new SyntaxProblem(line, 'expected {..., length}');
    return sum + integer(item.items[1], line);
  }, 0);
}
