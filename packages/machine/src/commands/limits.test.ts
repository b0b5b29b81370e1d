import { describe, expect, it } from 'vitest';
import { Bench } from '../../test/lab.ts';

/** What a command says, and its status when that is not 0. */
async function said(line: string, uid = 1000): Promise<string> {
  const bench = new Bench();
  const process = bench.computer().run(line, { uid });
  await bench.run();
  return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
}

describe('ulimit shows limits as in bash', () => {
  it('all of them', async () => {
    expect(await said('ulimit -a')).toBe(
      `real-time non-blocking time  (microseconds, -R) unlimited
core file size              (blocks, -c) 0
data seg size               (kbytes, -d) unlimited
scheduling priority                 (-e) 0
file size                   (blocks, -f) unlimited
pending signals                     (-i) 512
max locked memory           (kbytes, -l) 8192
max memory size             (kbytes, -m) unlimited
open files                          (-n) 1024
pipe size                (512 bytes, -p) 8
POSIX message queues         (bytes, -q) 819200
real-time priority                  (-r) 0
stack size                  (kbytes, -s) 8192
cpu time                   (seconds, -t) unlimited
max user processes                  (-u) 512
virtual memory              (kbytes, -v) 524288
file locks                          (-x) unlimited
`,
    );
    expect(await said('ulimit -Ha')).toContain('open files                          (-n) 4096\n');
  });

  it.each([
    ['ulimit', 'unlimited\n'],
    ['ulimit -n', '1024\n'],
    ['ulimit -Hn', '4096\n'],
    ['ulimit -H -S -n', '1024\n'],
    [
      'ulimit -n -u',
      'open files                          (-n) 1024\nmax user processes                  (-u) 512\n',
    ],
    ['prlimit --nofile=10:20 --as=1048576 ulimit -n', '10\n'],
    ['prlimit -n=10:20 ulimit -Hn', '20\n'],
    ['prlimit -n10 -v1048576 ulimit -v', '1024\n'],
  ])('%s', async (line, expected) => expect(await said(line)).toBe(expected));
});

describe('ulimit refuses as bash does', () => {
  it.each([
    ['ulimit -n abc', 'ulimit: abc: invalid number\n[1]'],
    ['ulimit foo', 'ulimit: foo: invalid number\n[1]'],
    ['ulimit -Hn 5000', 'ulimit: open files: cannot modify limit: Operation not permitted\n[1]'],
    ['ulimit -Hn 5', 'ulimit: open files: cannot modify limit: Invalid argument\n[1]'],
    ['ulimit -c 18446744073709551615', 'ulimit: 18446744073709551615: limit out of range\n[1]'],
    ['ulimit -nu', 'ulimit: u: invalid number\n[1]'],
  ])('%s', async (line, expected) => expect(await said(line)).toBe(expected));

  it('an option that there is not; and says that its own limits are nobody else’s', async () => {
    expect(await said('ulimit -P')).toMatch(/^ulimit: -P: invalid option\nulimit: usage: ulimit .*\n\[2\]$/);
    expect(await said('ulimit -n 64')).toContain('prlimit --nofile=64 COMMAND');
  });
});

describe('prlimit', () => {
  it('shows limits as util-linux does', async () => {
    expect(await said('prlimit --nofile --as')).toBe(
      `RESOURCE DESCRIPTION                   SOFT      HARD UNITS
NOFILE   max number of open files      1024      4096 files
AS       address space limit      536870912 unlimited bytes
`,
    );
    expect((await said('prlimit')).split('\n').slice(0, 3)).toEqual([
      'RESOURCE   DESCRIPTION                             SOFT      HARD UNITS',
      'AS         address space limit                536870912 unlimited bytes',
      'CORE       max core file size                         0 unlimited bytes',
    ]);
  });

  it.each([
    ['prlimit --nofile=:x', 'prlimit: failed to parse NOFILE limit\n[1]'],
    ['prlimit --nofile=5:3 true', 'prlimit: the soft limit NOFILE cannot exceed the hard limit\n[1]'],
    [
      'prlimit --nofile=5000 true',
      'prlimit: failed to set the NOFILE resource limit: Operation not permitted\n[1]',
    ],
    ['prlimit --pid 99999 --as', 'prlimit: failed to get the AS resource limit: No such process\n[1]'],
    ['prlimit --as=99999999 nosuch', 'prlimit: failed to execute nosuch: No such file or directory\n[127]'],
    [
      'prlimit --foo',
      "prlimit: unrecognized option '--foo'\nTry 'prlimit --help' for more information.\n[1]",
    ],
  ])('%s', async (line, expected) => expect(await said(line)).toBe(expected));

  it('changes those of a process that runs', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const sleeping = computer.run('sleep 5');
    await bench.run(1e9);
    computer.run(`prlimit --pid ${sleeping.pid} --nofile=7:`);
    await bench.run(2e9);
    const shown = computer.run(`prlimit -p ${sleeping.pid} --nofile`);
    await bench.run(3e9);
    expect(shown.terminal.text).toContain('NOFILE   max number of open files    7 4096 files\n');
  });
});
