import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../test/lab.ts';
import { width } from './line-editor.ts';
import {
  CONTROL,
  ECHO,
  FIONREAD,
  ICANON,
  IEXTEN,
  ISIG,
  TCGETS,
  TCSETSF,
  TCSETSW,
  type Termios,
  TIOCGWINSZ,
} from './termios.ts';

/** A program that reads one line after the other and says what it got. */
async function reader() {
  const bench = new Bench();
  const computer = bench.computer();
  const lines: string[] = [];
  const process = start(computer, async (sys) => {
    for (;;) {
      const line = await sys.read(0, 1000);
      if (typeof line === 'number') return -line;
      if (line.length === 0) return 0;
      lines.push(text(line));
    }
  });
  await bench.run();
  const type = async (keys: string) => {
    process.terminal.type(keys);
    await bench.run();
  };
  return { bench, process, lines, type, terminal: process.terminal };
}

describe('a terminal', () => {
  it('gives a program whole lines, and shows what is typed', async () => {
    const { lines, type, terminal } = await reader();
    await type('hel');
    expect(lines).toEqual([]);
    await type('lo\r');
    expect(lines).toEqual(['hello\n']);
    expect(terminal.text).toBe('hello\n');
  });

  it('takes back one character with Backspace: two columns for a Hangul syllable', async () => {
    const { lines, type, process } = await reader();
    const shown: string[] = [];
    process.terminal.subscribe((output) => shown.push(output));
    await type('안녕a\x7f\x7f하\r');
    expect(lines).toEqual(['안하\n']);
    expect(shown.join('')).toBe('안녕a\b \b\b \b\b \b하\r\n');
  });

  it('Backspace at the beginning of a line does nothing', async () => {
    const { lines, type, terminal } = await reader();
    await type('\x7f\x7fok\r');
    expect(lines).toEqual(['ok\n']);
    expect(terminal.text).toBe('ok\n');
  });

  it('takes back the line with Ctrl-U and the word with Ctrl-W', async () => {
    const { lines, type } = await reader();
    await type('wrong line\x15right\r');
    await type('one two  \x17three\r');
    expect(lines).toEqual(['right\n', 'one three\n']);
  });

  it('ends the input with Ctrl-D, or gives what was typed before it', async () => {
    const { lines, type, process } = await reader();
    await type('no newline\x04');
    expect(lines).toEqual(['no newline']);
    await type('\x04');
    expect(process.status).toBe(0);
  });

  it('ends the foreground process with Ctrl-C, and the line is forgotten', async () => {
    const { lines, type, process, terminal } = await reader();
    await type('half\x03');
    expect(lines).toEqual([]);
    expect(process.status).toBe(130);
    expect(terminal.text).toBe('half^C');
  });

  it('keeps lines that are typed before they are read', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const terminal = computer.openTerminal();
    terminal.enter('first');
    terminal.enter('second');
    const lines: string[] = [];
    start(
      computer,
      async (sys) => {
        for (let i = 0; i < 2; i++) {
          const line = await sys.read(0, 100);
          if (typeof line === 'object') lines.push(text(line));
        }
        return 0;
      },
      { terminal },
    );
    await bench.run();
    expect(lines).toEqual(['first\n', 'second\n']);
  });

  it('shows output with carriage returns, and records it as it was written', async () => {
    const bench = new Bench();
    const shown: string[] = [];
    const process = start(bench.computer(), async (sys) => {
      const hangul = bytes('한\n');
      // Half a character is shown when its other half has come.
      await sys.write(1, hangul.subarray(0, 2));
      await sys.write(1, hangul.subarray(2));
      await sys.write(2, bytes('error\n'));
      return 0;
    });
    process.terminal.subscribe((output) => shown.push(output));
    await bench.run();
    expect(shown).toEqual(['한\r\n', 'error\r\n']);
    const written = bench.record.events.filter((event) => event.kind === 'terminal');
    expect(written.map(({ fd, text }) => [fd, text])).toEqual([
      [1, '한\n'],
      [2, 'error\n'],
    ]);
    const cause = bench.record.get(written[0]?.cause ?? 0);
    expect(cause).toMatchObject({ kind: 'system-call', name: 'write' });
  });

  it('lets a typed key be the cause of what the program does', async () => {
    const { bench, type } = await reader();
    await type('x\r');
    const typed = bench.record.events.find((event) => event.kind === 'terminal');
    expect(typed).toMatchObject({ fd: 0, text: 'x\r', cause: 0 });
    const returned = bench.record.events.filter((event) => event.kind === 'system-call-returned').at(-1);
    expect(returned?.cause).toBe(typed?.id);
  });

  it('gives the foreground back when the process in it has ended', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const terminal = computer.openTerminal();
    const shell = start(computer, async (sys) => -(await sys.nanosleep(1e12)), { name: 'shell', terminal });
    const short = computer.run('sleep 1', { terminal });
    await bench.run(5e9);
    expect(short.status).toBe(0);
    expect(shell.ended).toBe(false);
    terminal.interrupt();
    await bench.run(6e9);
    expect(shell.status).toBe(130);
  });
});

/** A program that sets its terminal by `change`, then says what each of its reads got. */
async function rawReader(change: (settings: Termios) => Partial<Termios>, reads = 3) {
  const bench = new Bench();
  const computer = bench.computer();
  const got: string[] = [];
  const process = start(computer, async (sys) => {
    const settings = await sys.ioctl(0, TCGETS);
    if (typeof settings !== 'object' || 'rows' in settings) return 1;
    await sys.ioctl(0, TCSETSW, { ...settings, ...change(settings) });
    for (let i = 0; i < reads; i++) {
      const data = await sys.read(0, 1000);
      if (typeof data === 'object') got.push(text(data));
    }
    await sys.ioctl(0, TCSETSW, settings);
    return 0;
  });
  const shown: string[] = [];
  process.terminal.subscribe((output) => shown.push(output));
  await bench.run();
  const type = async (keys: string) => {
    process.terminal.type(keys);
    await bench.run();
  };
  return { bench, computer, process, got, shown, type, terminal: process.terminal };
}
const raw = ({ lflag }: Termios) => ({ iflag: 0, oflag: 0, lflag: lflag & ~(ICANON | ECHO | ISIG | IEXTEN) });

describe('a terminal as a program sets it (termios(3))', () => {
  it('in raw mode gives each key as it comes, shows nothing, and no key does anything', async () => {
    const { got, type, process, terminal } = await rawReader(raw);
    await type('한\x7f');
    await type('\x03');
    await type('\r');
    expect(got).toEqual(['한\x7f', '\x03', '\r']);
    expect([process.status, terminal.text]).toEqual([0, '']);
  });

  it('keeps Ctrl-C where ISIG stays, and shows keys where ECHO does', async () => {
    const { shown, type, process } = await rawReader(({ lflag }) => ({ lflag: lflag & ~ICANON }));
    await type('a\r');
    await type('\x03');
    expect(shown).toEqual(['a\r\n', '^C']);
    expect(process.status).toBe(130);
  });

  it('a password: lines without echo', async () => {
    const { got, type, terminal } = await rawReader(({ lflag }) => ({ lflag: lflag & ~ECHO }), 1);
    await type('secret\x7fT\r');
    expect(got).toEqual(['secreT\n']);
    expect(terminal.text).toBe('');
    await type('seen');
    expect(terminal.text).toBe('seen');
  });

  it('writes as it is without OPOST; the record tells both what was written and what the screen showed', async () => {
    const bench = new Bench();
    const process = start(bench.computer(), async (sys) => {
      const settings = await sys.ioctl(1, TCGETS);
      await sys.write(1, bytes('cooked\n'));
      if (typeof settings === 'object' && 'oflag' in settings)
        await sys.ioctl(1, TCSETSW, { ...settings, oflag: 0 });
      await sys.write(1, bytes('raw\n'));
      return 0;
    });
    const shown: string[] = [];
    process.terminal.subscribe((output) => shown.push(output));
    await bench.run();
    expect(shown).toEqual(['cooked\r\n', 'raw\n']);
    expect(bench.record.events.filter(({ kind }) => kind === 'terminal')).toEqual([
      expect.not.objectContaining({ shown: expect.anything() }),
      expect.objectContaining({ text: 'raw\n', shown: 'raw\n' }),
    ]);
  });

  it('what was typed before the change is read after it: a line that has not ended too', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const terminal = computer.openTerminal();
    terminal.type('done\rhalf');
    const got: string[] = [];
    start(
      computer,
      async (sys) => {
        const settings = await sys.ioctl(0, TCGETS);
        if (typeof settings !== 'object' || 'rows' in settings) return 1;
        await sys.ioctl(0, TCSETSW, { ...settings, lflag: settings.lflag & ~ICANON });
        got.push(String(await sys.ioctl(0, FIONREAD)));
        const data = await sys.read(0, 6);
        if (typeof data === 'object') got.push(text(data));
        await sys.ioctl(0, TCSETSF, settings);
        got.push(String(await sys.ioctl(0, FIONREAD)));
        return 0;
      },
      { terminal },
    );
    await bench.run();
    expect(got).toEqual(['9', 'done\nh', '0']);
  });

  it('VMIN 0: a read waits as long as VTIME says, and then gives nothing', async () => {
    const change = (settings: Termios) => ({
      ...raw(settings),
      cc: settings.cc.map((one, at) => (at === CONTROL.least ? 0 : at === CONTROL.time ? 5 : one)),
    });
    const { bench, got, process } = await rawReader(change);
    expect(got).toEqual(['', '', '']);
    expect(bench.sim.now).toBeGreaterThanOrEqual(1.5e9);
    expect(process.status).toBe(0);
  });

  it('VMIN and VTIME: a read waits for its first byte, then for each further one no longer than VTIME', async () => {
    const change = (settings: Termios) => ({
      ...raw(settings),
      cc: settings.cc.map((one, at) => (at === CONTROL.least ? 4 : at === CONTROL.time ? 5 : one)),
    });
    const { bench, got, process } = await rawReader(change);
    const { terminal } = process;
    for (const [seconds, keys] of [
      [10, 'ab'],
      [10.4, 'c'],
      [20, 'd'],
      [20.3, 'e'],
      [20.7, 'fgh'],
      [30, 'ijklm'],
    ] as const)
      bench.sim.at(seconds * 1e9, () => terminal.type(keys));
    await bench.run(10.8e9);
    expect(got).toEqual([]);
    await bench.run(11e9);
    expect(got).toEqual(['abc']);
    await bench.run(21e9);
    expect(got).toEqual(['abc', 'defgh']);
    await bench.run();
    expect([got.at(-1), process.status]).toEqual(['ijklm', 0]);
  });

  it('has a size, which its window may change: SIGWINCH for who asked for it, nothing for others', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const sizes: unknown[] = [];
    const watcher = start(computer, async (sys) => {
      await sys.rt_sigaction(28, 'handler');
      sizes.push(await sys.ioctl(1, TIOCGWINSZ), await sys.read(0, 1), await sys.ioctl(1, TIOCGWINSZ));
      return 0;
    });
    const other = computer.run('sleep 9');
    await bench.run(1e9);
    computer.resize({ rows: 50, columns: 132 });
    await bench.run();
    expect(sizes).toEqual([{ rows: 24, columns: 80 }, -4, { rows: 50, columns: 132 }]);
    expect([watcher.status, other.status]).toEqual([0, 0]);
  });

  it('Ctrl-Z does nothing but to be shown: who would let the program go on?', async () => {
    const { lines, type, terminal } = await reader();
    await type('a\x1ab\r');
    expect(lines).toEqual(['b\n']);
    expect(terminal.text).toBe('a^Zb\n');
  });

  it('is asked like one, which nothing else is: ENOTTY', async () => {
    const bench = new Bench();
    const answers: unknown[] = [];
    start(bench.computer(), async (sys) => {
      const file = await sys.open('/dev/null', 0, 0);
      answers.push(await sys.ioctl(file, TCGETS), await sys.ioctl(99, TCGETS), await sys.ioctl(0, 0x1234));
      return 0;
    });
    await bench.run();
    expect(answers).toEqual([-25, -9, -25]);
  });
});

describe('the width of text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['한글', 4],
    ['漢字', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['Ａ', 2],
    ['', 0],
  ])('%s takes %d columns', (shown, columns) => expect(width(shown)).toBe(columns));
});
