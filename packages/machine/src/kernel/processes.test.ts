import { milliseconds, seconds } from '@netarium/osi/time';
import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../../test/lab.ts';
import { SpawnError, STUDENT, typescriptProgram } from '../index.ts';

describe('a process', () => {
  it('ends with the status its program gives, or that exit_group takes', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const returned = start(computer, async () => 3, { name: 'a' });
    const exited = start(
      computer,
      async (sys) => {
        await sys.exit_group(260);
        throw new Error('exit_group returned');
      },
      { name: 'b' },
    );
    await bench.run();
    expect([returned.status, exited.status, await returned.exit]).toEqual([3, 4, 3]);
    const ends = bench.record.events.flatMap((event) =>
      event.kind === 'process' && event.change === 'exit' ? [event] : [],
    );
    expect(ends.map(({ status }) => status)).toEqual([3, 4]);
    expect(bench.record.get(ends[0]?.cause ?? 0)).toMatchObject({ name: 'exit_group', args: '3' });
  });

  it('that throws says so on standard error and ends with 1', async () => {
    const bench = new Bench();
    const process = start(bench.computer(), async () => {
      throw new Error('it broke');
    });
    await bench.run();
    expect([process.terminal.text, process.status]).toEqual(['test: it broke\n', 1]);
  });

  it('waits for its children, and sees how they ended', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const results: unknown[] = [];
    start(computer, async (sys) => {
      results.push(await sys.wait4(-1, 0));
      const slow = await sys.spawn('sleep', ['sleep', '2']);
      const bad = await sys.spawn('false', ['false']);
      results.push(await sys.wait4(slow, 1));
      results.push(await sys.wait4(-1, 0));
      await sys.kill(slow, 15);
      results.push(await sys.wait4(slow, 0));
      results.push([slow, bad], await sys.wait4(-1, 0));
      return 0;
    });
    await bench.run();
    const [none, notYet, first, second, pids, end] = results;
    const [slow, bad] = pids as number[];
    expect([none, notYet, end]).toEqual([-ERRNO.ECHILD, 0, -ERRNO.ECHILD]);
    expect(first).toEqual({ pid: bad, status: 256 });
    expect(second).toEqual({ pid: slow, status: 15 });
  });

  it('gives its child descriptors, environment and directory', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    computer.install(
      'child',
      typescriptProgram(async (sys, argv, env) => {
        await sys.write(1, bytes(`${argv.slice(1).join(' ')} ${env.COLOUR} ${await sys.getcwd()}`));
        return 0;
      }),
    );
    let heard = '';
    start(computer, async (sys) => {
      const pipe = await sys.pipe2(0);
      if (typeof pipe === 'number') return 1;
      await sys.spawn('child', ['child', 'x', 'y'], {
        env: { COLOUR: 'blue' },
        cwd: '/tmp',
        stdio: [0, pipe.write, 2],
      });
      await sys.close(pipe.write);
      for (;;) {
        const part = await sys.read(pipe.read, 100);
        if (typeof part === 'number' || part.length === 0) return 0;
        heard += text(part);
      }
    });
    await bench.run();
    expect(heard).toBe('x y blue /tmp');
  });

  it("outlives its parent, and is then nobody's child", async () => {
    const bench = new Bench();
    const computer = bench.computer();
    let child = 0;
    start(computer, async (sys) => {
      child = await sys.spawn('sleep', ['sleep', '2']);
      return 0;
    });
    await bench.run(seconds(1));
    expect(computer.kernel.processes.get(child)).toMatchObject({ ended: false, parent: null });
    await bench.run();
    expect(computer.kernel.processes.size).toBe(0);
  });

  it('is ended by SIGTERM, and by SIGKILL whatever it handles', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const plain = computer.run('sleep 100');
    const stubborn = start(computer, async (sys) => {
      await sys.rt_sigaction(15, 'ignore');
      await sys.nanosleep(seconds(100));
      return 0;
    });
    await bench.run(milliseconds(1));
    plain.kill(15);
    stubborn.kill(15);
    await bench.run(milliseconds(2));
    expect([plain.status, stubborn.status]).toEqual([143, null]);
    stubborn.kill(9);
    expect(stubborn.status).toBe(137);
  });

  it('may signal its own kind only, unless it is root', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const victim = computer.run('sleep 5', { uid: 0 });
    const results: number[] = [];
    start(computer, async (sys) => {
      results.push(await sys.kill(victim.pid, 9), await sys.kill(4242, 9), await sys.kill(victim.pid, 77));
      return 0;
    });
    await bench.run();
    expect(results).toEqual([-ERRNO.EPERM, -ERRNO.ESRCH, -ERRNO.EINVAL]);
    expect(victim.status).toBe(0);
  });

  it('is switched off with its machine', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const process = computer.run('sleep 100');
    await bench.run(milliseconds(1));
    computer.close();
    expect(process.status).toBe(137);
    await bench.run();
    expect(bench.sim.now).toBeLessThan(seconds(1));
  });
});

describe('starting a program', () => {
  it('looks it up on PATH and says clearly when there is none', () => {
    const bench = new Bench();
    const computer = bench.computer();
    expect(() => computer.run('frobnicate --now')).toThrow(new SpawnError('frobnicate', ERRNO.ENOENT));
    expect(() => computer.run('frobnicate')).toThrow('frobnicate: command not found');
    expect(() => computer.run('/etc/hosts')).toThrow('/etc/hosts: Permission denied');
    expect(() => computer.run('./missing')).toThrow(/ENOENT|command not found/);
  });

  it('runs a script by the interpreter in its first line', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const seen: (readonly string[])[] = [];
    computer.install(
      'python3',
      typescriptProgram(async (_sys, argv) => {
        seen.push(argv);
        return 0;
      }),
    );
    const owner = STUDENT;
    computer.files.put('/home/student/a.py', '#!/usr/bin/env python3\nprint()\n', { mode: 0o755, owner });
    computer.files.put('/home/student/b.py', '#!/usr/bin/python3 -u\n', { mode: 0o755, owner });
    computer.files.put('/home/student/c', 'plain text', { mode: 0o755, owner });
    const script = computer.run('./a.py one');
    computer.run('/home/student/b.py');
    expect(() => computer.run('./c')).toThrow('./c: Exec format error');
    await bench.run();
    expect(seen).toEqual([
      ['python3', './a.py', 'one'],
      ['python3', '-u', '/home/student/b.py'],
    ]);
    expect(script.program).toBe('a.py');
  });

  it.each(['cat a | wc', 'echo $HOME', 'ls > x', 'a; b', 'ls *', "echo 'open"])(
    'says that there is no shell: %s',
    (line) => {
      const computer = new Bench().computer();
      expect(() => computer.run(line)).toThrow(/there is no shell yet|is not closed/);
    },
  );

  it('keeps quoted words together', async () => {
    const bench = new Bench();
    const echo = bench.computer().run(`echo 'a  b' "c | d" e\\ f ''`);
    await bench.run();
    expect(echo.terminal.text).toBe('a  b c | d e f \n');
  });
});

describe('a process that is stopped', () => {
  /** A program that says each second how many of them it has counted, and its machine. */
  async function counting() {
    const bench = new Bench();
    const computer = bench.computer();
    const counted: number[] = [];
    const process = start(computer, async (sys) => {
      for (let i = 1; ; i++) {
        await sys.nanosleep(seconds(1));
        counted.push(i);
      }
    });
    await bench.run(seconds(2.5));
    const command = async (line: string) => {
      const { terminal } = computer.run(line, { uid: 0 });
      await bench.run(bench.sim.now + milliseconds(100));
      return terminal.text;
    };
    return { bench, process, counted, command };
  }

  it('does not run until SIGCONT comes; then a sleep that is over ends at once', async () => {
    const { bench, process, counted, command } = await counting();
    await command(`kill -STOP ${process.pid}`);
    await bench.run(seconds(9.5));
    expect(counted).toEqual([1, 2]);
    expect(await command('ps -eo pid,s,stat,args')).toMatch(/^ {4}100 T Ts\+ {2,}test$/m);
    expect(await command(`cat /proc/${process.pid}/status`)).toContain('State:\tT (stopped)\n');
    await command(`kill -CONT ${process.pid}`);
    expect(counted).toEqual([1, 2, 3]);
    await bench.run(seconds(11));
    expect(counted).toEqual([1, 2, 3, 4]);
    expect(await command('ps -eo stat,comm')).toMatch(/^Ss\+ +test$/m);
  });

  it('is ended by SIGKILL at once, by other signals when it goes on', async () => {
    const one = await counting();
    await one.command(`kill -STOP ${one.process.pid}`);
    await one.command(`kill ${one.process.pid}`);
    expect(one.process.ended).toBe(false);
    await one.command(`kill -CONT ${one.process.pid}`);
    expect(one.process.status).toBe(143);
    const other = await counting();
    await other.command(`kill -STOP ${other.process.pid}`);
    await other.command(`kill -9 ${other.process.pid}`);
    expect(other.process.status).toBe(137);
  });

  it('cannot be kept from it, and who follows its calls sees it', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const process = start(computer, async (sys) => {
      const refused = await sys.rt_sigaction(19, 'ignore');
      await sys.rt_sigaction(18, 'handler');
      return (await sys.nanosleep(seconds(100))) === -ERRNO.EINTR ? -refused : 0;
    });
    await bench.run(seconds(1));
    const strace = computer.run(`strace -p ${process.pid}`, { uid: 0 });
    await bench.run(seconds(2));
    process.kill(19);
    await bench.run(seconds(50));
    expect(process.ended).toBe(false);
    process.kill(18);
    await bench.run(seconds(60));
    expect(process.status).toBe(ERRNO.EINVAL);
    expect(strace.terminal.text).toContain('--- stopped by SIGSTOP ---\n');
  });

  it('its parent is told by SIGCHLD, and by wait4 if it asks', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      const child = await sys.spawn('sleep', ['sleep', '100']);
      await sys.kill(child, 19);
      results.push(await sys.wait4(child, 1), await sys.wait4(child, 2), await sys.wait4(child, 3));
      await sys.kill(child, 18);
      results.push(await sys.wait4(child, 8));
      await sys.kill(child, 9);
      results.push(await sys.wait4(child, 0));
      return 0;
    });
    await bench.run(seconds(10));
    const statuses = results.map((result) => (typeof result === 'object' ? Object(result).status : result));
    expect(statuses).toEqual([0, 0x137f, 0, 0xffff, 9]);
  });
});
