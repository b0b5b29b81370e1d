import { milliseconds } from '../../src/time/index.ts';
import { ERRNO } from '../../src/trace/index.ts';
import type { Arguments, Call } from './calls.ts';
import { Epoll, type Ready } from './epoll.ts';
import { field, integer } from './evaluate.ts';
import { Mismatch, SyntaxProblem, Unsupported } from './problems.ts';
import type { Expression } from './script.ts';

const POLLERR = 8;
const POLLHUP = 16;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

const hex = (mask: number): string => `0x${mask.toString(16)}`;

/** Waits for something to be ready: not at all with 0, for ever with a negative number of milliseconds. */
function within(timeout: number, collect: () => number): Pick<Call, 'attempt' | 'patience' | 'late'> {
  return {
    attempt: () => {
      const count = collect();
      return count > 0 || timeout === 0 ? count : null;
    },
    ...(timeout > 0 && { patience: milliseconds(timeout), late: 0 }),
  };
}

/** poll(2) over sockets. */
function poll(args: Arguments): Call {
  const list = args.at(0);
  if (list?.kind !== 'list') throw new SyntaxProblem(args.line, 'poll(): expected [{fd=…, events=…}]');
  const entries = list.items.map((item) => {
    const fd = integer(field(item, 'fd'), args.line);
    const descriptor = args.program.descriptors.get(fd);
    if (descriptor?.kind !== 'socket') throw new Mismatch(args.line, `poll(): ${fd} is no open socket`);
    const events = integer(field(item, 'events'), args.line);
    const expected = field(item, 'revents');
    return {
      fd,
      socket: descriptor.socket,
      events,
      expected: expected ? integer(expected, args.line) : 0,
      seen: 0,
    };
  });
  const collect = () => {
    for (const entry of entries) entry.seen = entry.socket.poll() & (entry.events | POLLERR | POLLHUP);
    return entries.filter(({ seen }) => seen !== 0).length;
  };
  return {
    ...within(args.integer(2), collect),
    watch: entries.map(({ socket }) => socket),
    check: () => {
      const wrong = entries.find(({ expected, seen }) => expected !== seen);
      return wrong === undefined
        ? null
        : `revents of ${wrong.fd}: expected ${hex(wrong.expected)}, got ${hex(wrong.seen)}`;
    },
  };
}

function epollCreate(args: Arguments): Call {
  const { expected, program } = args;
  program.descriptors.set(expected, new Epoll());
  return { attempt: () => expected };
}

function epollOf(args: Arguments): Epoll {
  const found = args.descriptor(0);
  if (found.kind !== 'epoll') throw new Mismatch(args.line, `${args.integer(0)} is no epoll descriptor`);
  return found;
}

/** The number that is given along, by whichever name of the union. */
function dataOf(event: Expression | undefined, line: number): number {
  for (const name of ['fd', 'ptr', 'u32', 'u64']) {
    const value = field(event, name);
    if (value !== undefined) return integer(value, line);
  }
  throw new SyntaxProblem(line, 'expected {events=…, fd=…}');
}

function epollControl(args: Arguments): Call {
  const epoll = epollOf(args);
  const fd = args.integer(2);
  const operation = args.integer(1);
  const event = args.at(3);
  const events = operation === EPOLL_CTL_DEL ? 0 : integer(field(event, 'events'), args.line);
  const data = operation === EPOLL_CTL_DEL ? 0 : dataOf(event, args.line);
  switch (operation) {
    case EPOLL_CTL_ADD:
      return { attempt: () => (epoll.add(fd, args.socket(2).socket, events, data) ? 0 : -ERRNO.EEXIST) };
    case EPOLL_CTL_MOD:
      return { attempt: () => (epoll.modify(fd, events, data) ? 0 : -ERRNO.ENOENT) };
    case EPOLL_CTL_DEL:
      return { attempt: () => (epoll.remove(fd) ? 0 : -ERRNO.ENOENT) };
    default:
      throw new Unsupported(args.line, `the operation ${operation} of epoll_ctl()`);
  }
}

function epollWait(args: Arguments): Call {
  const epoll = epollOf(args);
  let ready: Ready[] = [];
  const collect = () => {
    ready = epoll.collect(args.integer(2));
    return ready.length;
  };
  return {
    ...within(args.integer(3), collect),
    watch: epoll.sockets,
    check: () => {
      const expected = integer(field(args.at(1), 'events'), args.line);
      const data = dataOf(args.at(1), args.line);
      const first = ready[0] ?? { events: 0, data: 0 };
      if (first.events !== expected) return `events: expected ${hex(expected)}, got ${hex(first.events)}`;
      return first.data === data ? null : `data of the event: expected ${data}, got ${first.data}`;
    },
  };
}

export const POLL_CALLS: Record<string, (args: Arguments) => Call> = {
  poll,
  epoll_create: epollCreate,
  epoll_ctl: epollControl,
  epoll_wait: epollWait,
};
