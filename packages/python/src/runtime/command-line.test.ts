import { describe, expect, it } from 'vitest';
import { parseCommandLine } from './command-line.ts';

const parse = (...words: string[]) => parseCommandLine(['python3', ...words], '3.14.0');

describe('the command line of python3', () => {
  it('a file and its arguments, which are not options', () => {
    expect(parse('server.py', '-c', '9000')).toEqual({
      kind: 'script',
      path: 'server.py',
      argv: ['server.py', '-c', '9000'],
      inspect: false,
      unbuffered: false,
      quiet: false,
      optimize: 0,
      skipsFirstLine: false,
    });
  });

  it('-c and -m end the options, with their argument attached or not', () => {
    expect(parse('-c', 'pass', '-x')).toMatchObject({ kind: 'command', source: 'pass', argv: ['-c', '-x'] });
    expect(parse('-Ecpass', 'a')).toMatchObject({ kind: 'command', source: 'pass', argv: ['-c', 'a'] });
    expect(parse('-mjson.tool', 'a')).toMatchObject({ kind: 'module', name: 'json.tool', argv: ['-m', 'a'] });
  });

  it('options that take an argument take it', () => {
    expect(parse('-W', 'error', '-Xdev', 'a.py')).toMatchObject({ kind: 'script', path: 'a.py' });
  });

  it('says its version, and what it does not know or cannot do yet', () => {
    expect(parse('-V')).toMatchObject({ fd: 1, text: 'Python 3.14.0\n', status: 0 });
    expect(parse('-Z')).toMatchObject({
      fd: 2,
      text: expect.stringContaining('unknown option -Z'),
      status: 2,
    });
    expect(parse('--nothing')).toMatchObject({ text: expect.stringContaining('unknown option --nothing') });
    expect(parse('-c')).toMatchObject({
      text: expect.stringContaining('Argument expected for the -c option'),
    });
  });

  it('-O leaves out assertions, twice docstrings too; -x the first line', () => {
    expect(parse('-O', 'a.py')).toMatchObject({ path: 'a.py', optimize: 1, skipsFirstLine: false });
    expect(parse('-OOx', 'a.py')).toMatchObject({ optimize: 2, skipsFirstLine: true });
  });

  it('without a program, or with - for one, standard input says what to do', () => {
    expect(parse()).toMatchObject({ kind: 'input', argv: [''] });
    expect(parse('-', 'a')).toMatchObject({ kind: 'input', argv: ['-', 'a'] });
  });

  it('-i goes on with a person, -u holds nothing back, -q does not greet', () => {
    expect(parse('-iu', 'a.py')).toMatchObject({
      path: 'a.py',
      inspect: true,
      unbuffered: true,
      quiet: false,
    });
    expect(parse('-q')).toMatchObject({ kind: 'input', quiet: true });
  });
});
