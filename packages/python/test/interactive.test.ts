import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';
import { Screen } from './screen.ts';

const { twoMachines } = machines();

const UP = '\x1bOA';
const DOWN = '\x1bOB';
const LEFT = '\x1bOD';
const HOME = '\x1bOH';
const END = '\x1bOF';
const ctrl = (letter: string) => String.fromCharCode(letter.charCodeAt(0) & 31);

/** A person at a terminal of a machine where `python3` runs with these arguments. */
async function sit(argv: string[], source = '', env: Record<string, string> = {}) {
  const { server, run, calls, record } = twoMachines();
  server.files.put('/home/student/p.py', source);
  const terminal = server.openTerminal();
  const screen = new Screen(terminal);
  const begin = (words = argv) =>
    server.spawn(['python3', ...words], { terminal, env: { NO_COLOR: '1', ...env } });
  let process = begin();
  await run();
  return {
    server,
    run,
    screen,
    calls,
    record,
    /** One after the other, as a person does. */
    async type(...keys: string[]) {
      for (const key of keys) {
        process.terminal.type(key);
        await run();
      }
    },
    async again(words: string[]) {
      process = begin(words);
      await run();
    },
    status: () => process.status,
  };
}

describe('the interactive interpreter', () => {
  it('greets, evaluates, indents the lines of a block, and asks its own questions', async () => {
    const { screen, type } = await sit([]);
    expect((await screen.lines()).slice(0, 1)[0]).toMatch(/^Python 3\.14\.\d+ /);
    await type(
      '1 + 1\r',
      'def f(x):\r',
      'return x * 2\r',
      '\r',
      'f("한")\r',
      'a = input("? ")\r',
      '답\r',
      'a\r',
    );
    const lines = await screen.lines();
    expect(lines.slice(lines.indexOf('>>> 1 + 1'))).toEqual([
      '>>> 1 + 1',
      '2',
      '>>> def f(x):',
      '...     return x * 2',
      '...',
      '>>> f("한")',
      "'한한'",
      '>>> a = input("? ")',
      '? 답',
      '>>> a',
      "'답'",
      '>>>',
    ]);
  });

  it('edits a line: arrows, Home and End, Ctrl-A E K U W; a Hangul syllable is two columns', async () => {
    const { screen, type } = await sit(['-q']);
    await type('"가나다"', LEFT, LEFT);
    expect(await screen.cursor()).toEqual({ line: '>>> "가나다"', column: 4 + 1 + 4 });
    await type('\x7f라', HOME, 'len(', END, ')');
    expect(await screen.cursor()).toEqual({ line: '>>> len("가라다")', column: 4 + 4 + 8 + 1 });
    await type(
      '\r',
      'abc def',
      ctrl('W'),
      '1',
      ctrl('A'),
      'x = ',
      ctrl('K'),
      '41',
      ctrl('E'),
      ' + 1\r',
      'wrong',
      ctrl('U'),
      'x\r',
    );
    expect(await screen.lines()).toEqual(['>>> len("가라다")', '3', '>>> x = 41 + 1', '>>> x', '42', '>>>']);
  });

  it('remembers: up and down, Ctrl-R searches; the next interpreter knows it too', async () => {
    const { server, screen, type, again, status } = await sit(['-q']);
    await type('first = 1\r', 'second = 2\r', UP, UP, DOWN, '\r', UP, UP, UP, '0\r', 'first\r');
    expect((await screen.lines()).slice(1)).toEqual([
      '>>> second = 2',
      '>>> second = 2',
      '>>> first = 10',
      '>>> first',
      '10',
      '>>>',
    ]);
    await type(ctrl('R'), 'sec');
    expect((await screen.cursor()).line).toContain("r-search `sec'");
    await type('\r', '\r', ctrl('D'));
    expect(status()).toBe(0);
    expect(new TextDecoder().decode(server.files.content('/home/student/.python_history'))).toContain(
      'second = 2\n',
    );
    await again(['-q']);
    await type(UP);
    expect((await screen.cursor()).line).toBe('>>> second = 2');
  });

  it('Ctrl-C gives up the line, and a wait; Ctrl-D and exit() end it', async () => {
    const { screen, run, type, calls, status } = await sit(['-q'], '');
    await type('half a line', ctrl('C'));
    expect(await screen.lines()).toEqual(['>>> half a line', 'KeyboardInterrupt', '>>>']);
    const waiting = type('import time; time.sleep(99)\r');
    await run(() => calls().at(-1)?.name === 'nanosleep');
    void waiting;
    await type(ctrl('C'));
    expect((await screen.lines()).at(-2)).toBe('KeyboardInterrupt');
    await type('import atexit; _ = atexit.register(print, "bye")\r', 'exit(3)\r');
    expect((await screen.lines()).at(-1)).toBe('bye');
    expect(status()).toBe(3);
  });

  it('waits for a key in one call: with no other thread a lab comes to rest', async () => {
    const { calls } = await sit(['-q']);
    expect(calls().at(-1)).toMatchObject({
      name: 'poll',
      args: expect.stringMatching(/events=POLLIN\}\], 1, -1$/),
    });
  });

  it('its calls are those of the line that was typed', async () => {
    const { type, calls } = await sit(['-q']);
    await type('import socket\r', 's = socket.socket()\r');
    expect(calls().find(({ name }) => name === 'socket')?.where).toMatchObject({
      file: '<python-input-1>',
      line: 1,
    });
  });

  it('draws its line anew in a window of another size', async () => {
    const { server, run, screen, type } = await sit(['-q']);
    await type('import os\r');
    server.resize({ rows: 30, columns: 100 });
    await run();
    await type('os.get_terminal_size()\r');
    expect((await screen.lines()).at(-2)).toBe('os.terminal_size(columns=100, lines=30)');
  });

  it('-i goes on where a program ended, or failed', async () => {
    const { screen, type, status } = await sit(
      ['-i', 'p.py'],
      "x = 7\nprint('ran')\nraise ValueError('no')\n",
    );
    await type('x\r', ctrl('D'));
    const lines = await screen.lines();
    expect(lines[0]).toBe('ran');
    expect(lines.slice(lines.indexOf('ValueError: no'))).toEqual(['ValueError: no', '>>> x', '7', '>>>']);
    expect(status()).toBe(0);
  });

  it.each([
    ['TERM=dumb', { TERM: 'dumb' }],
    ['PYTHON_BASIC_REPL', { PYTHON_BASIC_REPL: '1' }],
  ])('%s: lines as the terminal gives them', async (_, env) => {
    const { screen, type, status } = await sit(['-q'], '', env);
    await type('def f(x):\r', '  return x * 2\r', '\r', 'f("한")\r', 'x = 1', ctrl('C'), 'exit(4)\r');
    const lines = await screen.lines();
    // Before it CPython warns of a terminal that it cannot edit on.
    expect(lines.slice(lines.indexOf('>>> def f(x):'))).toEqual([
      '>>> def f(x):',
      '...   return x * 2',
      '...',
      '>>> f("한")',
      "'한한'",
      '>>> x = 1^C',
      'KeyboardInterrupt',
      '>>> exit(4)',
    ]);
    expect(status()).toBe(4);
  });
});

describe('a program at a terminal', () => {
  it('input() reads edited lines once readline is imported, as with GNU readline', async () => {
    const { screen, type, status } = await sit(
      ['p.py'],
      'import readline\nprint([input("> ") for _ in range(2)])\n',
    );
    await type('가나', LEFT, '다\r', UP, '!\r');
    expect(await screen.lines()).toEqual(['> 가다나', '> 가다나!', "['가다나', '가다나!']"]);
    expect(status()).toBe(0);
  });

  it('getpass shows nothing; tty.setcbreak and termios give single keys', async () => {
    const source = `import getpass, os, sys, termios, tty
print(len(getpass.getpass('암호: ')))
before = tty.setcbreak(0)
print(os.read(0, 10), sys.stdin.isatty())
termios.tcsetattr(0, termios.TCSANOW, before)
print(termios.tcgetwinsize(1), before[3] & termios.ECHO != 0, input())
`;
    const { screen, type } = await sit(['p.py'], source);
    await type('비밀\r', 'k', '다시\r');
    expect(await screen.lines()).toEqual(['암호:', '2', "b'k' True", '다시', '(24, 80) True 다시']);
  });

  it('/dev/null is no terminal', async () => {
    const source = `import subprocess, sys
subprocess.run([sys.executable, '-c', 'import sys; print(sys.stdin.isatty(), sys.stdout.isatty(), repr(sys.stdin.read()))'], stdin=subprocess.DEVNULL)
`;
    const { screen } = await sit(['p.py'], source);
    expect(await screen.lines()).toEqual(["False True ''"]);
  });
});
