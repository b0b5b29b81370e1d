import { expect, test } from 'vitest';
import { type CommandSpec, parseArguments } from './arguments.ts';
import { RUN } from './commands/run.ts';

const parse = (...args: string[]) => parseArguments(RUN, args);
const refusal = (...args: string[]) => {
  try {
    parse(...args);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

test('options have their value behind them or after =; operands stand anywhere', () => {
  expect(parse('--seed', '7', 'labs/echo', '--pcap=a=b', '-q')).toEqual({
    operands: ['labs/echo'],
    options: { seed: '7', pcap: 'a=b', quiet: 'yes' },
    help: false,
  });
  expect(parse('--', '--odd-name').operands).toEqual(['--odd-name']);
});

test('mistakes are one line that says what was expected', () => {
  expect(refusal('labs/echo', '--sed', '7')).toBe('unknown option --sed; see "netarium help run"');
  expect(refusal('labs/echo', '--seed')).toBe('option --seed needs a value: --seed N');
  expect(refusal('labs/echo', '--json=1')).toBe('option --json takes no value');
  expect(refusal()).toBe('<lab> is missing; usage: netarium run <lab> [options]');
  expect(refusal('a', 'b')).toBe('unexpected "b"; usage: netarium run <lab> [options]');
});

test('--help wins over what is missing', () => {
  expect(parse('--help').help).toBe(true);
  const nothing: CommandSpec = { name: 'x', operands: [], summary: '', options: {} };
  expect(parseArguments(nothing, [])).toEqual({ operands: [], options: {}, help: false });
});
