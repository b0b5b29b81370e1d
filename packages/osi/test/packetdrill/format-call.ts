import type { Expression, SystemCallSpec } from './script.ts';

/** A system call as the script has it, without its result. */
export const formatCall = ({ name, args }: SystemCallSpec): string =>
  `${name}(${args.map(format).join(', ')})`;

function format(expression: Expression): string {
  switch (expression.kind) {
    case 'integer':
      return String(expression.value);
    case 'word':
      return expression.name;
    case 'string':
      return JSON.stringify(expression.text);
    case 'ellipsis':
      return '...';
    case 'list':
      return `[${expression.items.map(format).join(', ')}]`;
    case 'tuple':
      return `{${expression.items.map(format).join(', ')}}`;
    case 'struct':
      return `{${[...expression.fields]
        .filter(([name]) => !name.endsWith('()'))
        .map(([name, value]) => `${name}=${format(value)}`)
        .join(', ')}}`;
    case 'or':
      return `${format(expression.left)}|${format(expression.right)}`;
    case 'call':
      return `${expression.name}(${format(expression.argument)})`;
  }
}
