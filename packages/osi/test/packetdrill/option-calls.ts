import { ERRNO } from '../../src/trace/index.ts';
import type { Arguments, Call } from './calls.ts';
import { bracketed, names, optionValue } from './evaluate.ts';
import { Unsupported } from './problems.ts';

/** @throws Unsupported where the script uses an option that the socket layer does not have. */
function known(args: Arguments, result: number): number {
  if (result !== -ERRNO.ENOPROTOOPT || args.expected < 0) return result;
  const name = names(args.at(2))[0] ?? String(args.integer(2));
  throw new Unsupported(args.line, `the stack has no socket option ${name}`);
}

export function getOption(args: Arguments): Call {
  const { socket } = args.socket(0);
  const room = bracketed(args.at(4), args.line);
  const value = socket.getOption(args.integer(1), args.integer(2), room);
  if (typeof value === 'number') return { attempt: () => known(args, value) };
  const check = () => {
    const expected = optionValue(args.at(3), room, args.line);
    if (value.length !== room) return `length of the option: expected ${room}, got ${value.length}`;
    return value.every((byte, i) => byte === expected[i])
      ? null
      : `value of the option: expected ${show(expected)}, got ${show(value)}`;
  };
  return { attempt: () => 0, check };
}

const show = (value: Uint8Array): string =>
  value.length === 4
    ? `[${new DataView(value.buffer, value.byteOffset).getInt32(0, true)}]`
    : Buffer.from(value).toString('hex');

export function setOption(args: Arguments): Call {
  const { socket } = args.socket(0);
  const value = optionValue(args.at(3), args.integer(4), args.line);
  const result = socket.setOption(args.integer(1), args.integer(2), value);
  return { attempt: () => known(args, result) };
}
