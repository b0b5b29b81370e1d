import { ERRNO } from '@netarium/osi/trace';
import { SIGNALS } from '../kernel/constants.ts';
import type { Main } from '../program.ts';
import type { TracedCall } from '../system-calls.ts';
import { because, complain, parseOptions, print } from './support.ts';

/**
 * strace(1) -p: prints the system calls of a running process until it ends or Ctrl-C is pressed. With -f each line also
 * tells the thread, as there, and as a remark the line of the person's program that made the call.
 */
export const strace: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'p:f', { attach: 'p' });
  if (given.has('help')) {
    await print(
      sys,
      'Usage: strace [-f] -p PID\n-f: which thread made each call, and which line of the program\n',
    );
    return 0;
  }
  if (wrong !== null || operands.length > 0) {
    await complain(
      sys,
      `strace: ${wrong ?? 'starting a program under strace is not built yet; try strace -p PID'}`,
    );
    return 1;
  }
  const pid = Number(given.get('p'));
  if (!Number.isInteger(pid) || pid <= 0) {
    await complain(
      sys,
      given.has('p') ? `strace: Invalid process id: '${given.get('p')}'` : 'strace: must have -p PID',
    );
    return 1;
  }
  await sys.rt_sigaction(SIGNALS.SIGINT, 'handler');
  const attached = await sys.ptrace(pid);
  if (typeof attached === 'number') {
    await complain(sys, `strace: attach: ptrace(PTRACE_SEIZE, ${pid}): ${because(attached)}`);
    return 1;
  }
  await complain(sys, `strace: Process ${pid} attached`);
  for (;;) {
    const next = await sys.ptrace(pid);
    if (typeof next === 'object') {
      await complain(sys, next.lines.map(given.has('f') ? withThread : ({ text }) => text).join('\n'));
    } else if (next === -ERRNO.EINTR) {
      await complain(sys, `strace: Process ${pid} detached`);
      return 128 + SIGNALS.SIGINT;
    } else {
      return 0;
    }
  }
};

function withThread({ text, tid, where }: TracedCall): string {
  const place = where === undefined ? '' : ` /* ${where.file}:${where.line} */`;
  return `[pid ${String(tid).padStart(5)}] ${text}${place}`;
}
