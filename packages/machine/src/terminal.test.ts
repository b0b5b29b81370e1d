import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../test/lab.ts';
import { width } from './line-editor.ts';

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
