import { SIGNALS } from '../kernel/constants.ts';
import type { Main } from '../program.ts';
import { because, complain, parseOptions, print, readToEnd } from './support.ts';

/** The small commands of coreutils and procps, each as its manual page says. */

/** cat(1): files, or standard input, one after the other. */
export const cat: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'n');
  if (given.has('help')) return help(sys, 'cat [-n] [FILE]...');
  if (wrong !== null) return refuse(sys, 'cat', wrong);
  let status = 0;
  let line = 0;
  for (const name of operands.length === 0 ? ['-'] : operands) {
    const fd = name === '-' ? 0 : await sys.open(name, 0, 0);
    if (fd < 0) {
      await complain(sys, `cat: ${name}: ${because(fd)}`);
      status = 1;
      continue;
    }
    if (given.has('n')) {
      const content = await readToEnd(sys, fd);
      const lines = typeof content === 'number' ? [] : new TextDecoder().decode(content).split(/(?<=\n)/);
      await print(
        sys,
        lines
          .filter((one) => one !== '')
          .map((one) => `${String(++line).padStart(6)}\t${one}`)
          .join(''),
      );
    } else {
      const error = await copy(sys, fd);
      if (error < 0) {
        await complain(sys, `cat: ${name}: ${because(error)}`);
        status = 1;
      }
    }
    if (fd !== 0) await sys.close(fd);
  }
  return status;
};

async function copy(sys: Parameters<Main>[0], fd: number): Promise<number> {
  for (;;) {
    const part = await sys.read(fd, 131_072);
    if (typeof part === 'number') return part;
    if (part.length === 0) return 0;
    const written = await sys.write(1, part);
    if (written < 0) return written;
  }
}

/** echo(1) with -n and -e. */
export const echo: Main = async (sys, argv) => {
  const words = argv.slice(1);
  if (words[0] === '--help') return help(sys, 'echo [-neE] [TEXT]...');
  let newline = true;
  let escapes = false;
  while (/^-[neE]+$/.test(words[0] ?? '')) {
    const option = words.shift() ?? '';
    if (option.includes('n')) newline = false;
    if (option.includes('e')) escapes = true;
    if (option.includes('E')) escapes = false;
  }
  let text = words.join(' ');
  if (escapes) {
    text = text.replace(/\\(\\|[abefnrtv]|0[0-7]{0,3}|x[\da-f]{1,2})/gi, (_whole, code: string) =>
      unescaped(code),
    );
  }
  await print(sys, newline ? `${text}\n` : text);
  return 0;
};

function unescaped(code: string): string {
  const simple: Record<string, string> = {
    '\\': '\\',
    a: '\x07',
    b: '\b',
    e: '\x1b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
  };
  if (/^0/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
  if (/^x/i.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return simple[code] ?? `\\${code}`;
}

/** hostname(1), without setting it. */
export const hostname: Main = async (sys, argv) => {
  if (argv[1] === '--help') return help(sys, 'hostname');
  if (argv.length > 1) return refuse(sys, 'hostname', 'the name cannot be changed while the machine runs');
  const name = await sys.uname();
  await print(sys, `${typeof name === 'number' ? '' : name.nodename}\n`);
  return 0;
};

/** sleep(1): seconds with a fraction, or with s, m, h, d behind; several are added. */
export const sleep: Main = async (sys, argv) => {
  if (argv[1] === '--help') return help(sys, 'sleep NUMBER[smhd]...');
  if (argv.length < 2) return refuse(sys, 'sleep', 'missing operand');
  let total = 0;
  for (const word of argv.slice(1)) {
    const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(word);
    if (match === null) return refuse(sys, 'sleep', `invalid time interval '${word}'`);
    total += Number(match[1]) * ({ m: 60, h: 3600, d: 86_400 }[match[2] ?? ''] ?? 1);
  }
  await sys.nanosleep(Math.round(total * 1e9));
  return 0;
};

/** kill(1). */
export const kill: Main = async (sys, argv) => {
  const words = argv.slice(1);
  if (words[0] === '--help') return help(sys, 'kill [-SIGNAL] PID...    kill -l');
  let signal: number | undefined = SIGNALS.SIGTERM;
  if (words[0] === '-l') {
    await print(
      sys,
      `${Object.keys(SIGNALS)
        .map((name) => name.slice(3))
        .join(' ')}\n`,
    );
    return 0;
  }
  if (words[0] === '-s') {
    signal = signalNumber(words[1] ?? '');
    words.splice(0, 2);
  } else if (/^-./.test(words[0] ?? '') && words[0] !== '--') {
    signal = signalNumber((words.shift() ?? '').slice(1));
  } else if (words[0] === '--') {
    words.shift();
  }
  if (signal === undefined) return refuse(sys, 'kill', `unknown signal; kill -l lists them`);
  if (words.length === 0) return refuse(sys, 'kill', 'not enough arguments: kill [-SIGNAL] PID...');
  let status = 0;
  for (const word of words) {
    const pid = /^-?\d+$/.test(word) ? Number(word) : null;
    if (pid === null) {
      await complain(sys, `kill: failed to parse argument: '${word}'`);
      status = 1;
      continue;
    }
    const result = await sys.kill(pid, signal);
    if (result < 0) {
      await complain(sys, `kill: (${pid}): ${because(result)}`);
      status = 1;
    }
  }
  return status;
};

function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 64 ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  return Object.entries(SIGNALS).find(([other]) => other === name)?.[1];
}

export const yes: Main = async () => 0;
export const no: Main = async () => 1;

async function help(sys: Parameters<Main>[0], usage: string): Promise<number> {
  await print(sys, `Usage: ${usage}\n`);
  return 0;
}

async function refuse(sys: Parameters<Main>[0], name: string, why: string): Promise<number> {
  await complain(sys, `${name}: ${why}`);
  return 1;
}
