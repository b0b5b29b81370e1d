import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../../test/lab.ts';
import type { Computer, SpawnSettings } from '../computer.ts';
import type { AsyncSystemCalls } from '../program.ts';
import { ResourceLimits, RLIM_INFINITY, RLIMIT } from './limits.ts';

const ROOT = { uid: 0 };

/** Runs a program of a machine. @returns what it noted, and its status. */
async function run(
  program: (sys: AsyncSystemCalls, note: (...values: unknown[]) => void) => Promise<void>,
  settings: SpawnSettings = {},
  prepare: (computer: Computer) => void = () => undefined,
) {
  const bench = new Bench();
  const computer = bench.computer();
  prepare(computer);
  const noted: unknown[] = [];
  const process = start(
    computer,
    async (sys) => {
      await program(sys, (...values) => noted.push(...values));
      return 0;
    },
    settings,
  );
  await bench.run();
  return { noted, status: process.status, bench };
}

const both = (value: number | bigint) => ({ soft: BigInt(value), hard: BigInt(value) });

describe('limits of a process', () => {
  it("are Linux's to begin with, but for memory, and stand in /proc/<pid>/limits as there", async () => {
    const { noted } = await run(async (sys, note) => {
      const fd = await sys.open(`/proc/${await sys.getpid()}/limits`, 0, 0);
      note(text((await sys.read(fd, 9999)) as Uint8Array));
    });
    expect(noted).toEqual([
      `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max file size             unlimited            unlimited            bytes     
Max data size             unlimited            unlimited            bytes     
Max stack size            8388608              unlimited            bytes     
Max core file size        0                    unlimited            bytes     
Max resident set          unlimited            unlimited            bytes     
Max processes             512                  512                  processes 
Max open files            1024                 4096                 files     
Max locked memory         8388608              8388608              bytes     
Max address space         536870912            unlimited            bytes     
Max file locks            unlimited            unlimited            locks     
Max pending signals       512                  512                  signals   
Max msgqueue size         819200               819200               bytes     
Max nice priority         0                    0                    
Max realtime priority     0                    0                    
Max realtime timeout      unlimited            unlimited            us        
`,
    ]);
  });

  it('may be lowered by everybody, raised up to the hard one, and beyond it by root', async () => {
    const change = async (sys: AsyncSystemCalls, note: (...values: unknown[]) => void) => {
      const set = (soft: number | bigint, hard: number | bigint) =>
        sys.prlimit64(0, RLIMIT.NOFILE, { soft: BigInt(soft), hard: BigInt(hard) });
      note(await set(100, 200), await set(200, 200), await set(100, 300), await set(201, 200));
      note(await set(100, 1_048_577), await set(0, RLIM_INFINITY + 1n));
      note(await sys.prlimit64(0, RLIMIT.NOFILE, null), await sys.prlimit64(0, 16, null));
    };
    const [lowered, raised] = [
      { soft: 1024n, hard: 4096n },
      { soft: 100n, hard: 200n },
    ];
    const { EINVAL, EPERM } = ERRNO;
    expect((await run(change)).noted).toEqual([
      ...[lowered, raised, -EPERM, -EINVAL, -EPERM, -EINVAL],
      ...[both(200), -EINVAL],
    ]);
    expect((await run(change, ROOT)).noted).toEqual([
      ...[lowered, raised, both(200), -EINVAL, -EPERM, -EINVAL],
      ...[{ soft: 100n, hard: 300n }, -EINVAL],
    ]);
  });

  it('are those of its parent at first, and can be changed by whoever has the same user, or is root', async () => {
    const child = async (sys: AsyncSystemCalls) => {
      await sys.nanosleep(1e9);
      await sys.write(1, bytes(`${JSON.stringify(await limitOf(sys, 0))}\n`));
      return 0;
    };
    const { noted, bench } = await run(
      async (sys, note) => {
        await sys.prlimit64(0, RLIMIT.NOFILE, both(50));
        const pid = await sys.spawn('child', ['child']);
        note(await limitOf(sys, pid));
        await sys.prlimit64(pid, RLIMIT.NOFILE, both(30));
        note(await limitOf(sys, 0), await sys.prlimit64(99_999, 0, null));
      },
      {},
      (computer) => start(computer, child, { ...ROOT, name: 'child' }),
    );
    expect(noted).toEqual([['50', '50'], ['50', '50'], -ERRNO.ESRCH]);
    expect(bench.record.events.flatMap((event) => (event.kind === 'terminal' ? [event.text] : []))).toEqual([
      '["1024","4096"]\n',
      '["30","30"]\n',
    ]);
    const other = await run(
      async (sys, note) => note(await sys.prlimit64(100, RLIMIT.NOFILE, null)),
      {},
      (computer) => start(computer, child, { ...ROOT, name: 'child' }),
    );
    expect(other.noted).toEqual([-ERRNO.EPERM]);
  });
});

async function limitOf(sys: AsyncSystemCalls, pid: number) {
  const limit = await sys.prlimit64(pid, RLIMIT.NOFILE, null);
  return typeof limit === 'number' ? limit : [String(limit.soft), String(limit.hard)];
}

describe('what the limits hold back', () => {
  it('open files: EMFILE; a number beyond them is none to be given', async () => {
    const { noted } = await run(async (sys, note) => {
      await sys.prlimit64(0, RLIMIT.NOFILE, both(4));
      note(await sys.dup(0), await sys.dup(0), await sys.pipe2(0), await sys.open('/tmp/x', 0o101, 0o644));
      note(await sys.dup2(0, 4), await sys.dup2(0, 3), await sys.fcntl(0, 0, 4));
      const polled = Array.from({ length: 5 }, () => ({ fd: -1, events: 1 }));
      note(await sys.poll(polled, 0), await sys.socket(1, 1, 0));
      // What is open stays open.
      await sys.prlimit64(0, RLIMIT.NOFILE, both(1));
      note(await sys.write(1, bytes('')), await sys.close(2), await sys.dup(0));
    });
    const { EBADF, EINVAL, EMFILE } = ERRNO;
    expect(noted).toEqual([
      3,
      -EMFILE,
      -EMFILE,
      -EMFILE,
      -EBADF,
      3,
      -EINVAL,
      -EINVAL,
      -EMFILE,
      0,
      0,
      -EMFILE,
    ]);
  });

  it('processes and threads of a user: EAGAIN; of root only as many as the machine has', async () => {
    const bomb = async (sys: AsyncSystemCalls, note: (...values: unknown[]) => void) => {
      await sys.prlimit64(0, RLIMIT.NPROC, both(10));
      let threads = 0;
      let last: number;
      while ((last = await sys.clone()) > 0) threads++;
      note(threads, last, await sys.spawn('true', ['true']));
    };
    expect((await run(bomb)).noted).toEqual([9, -ERRNO.EAGAIN, -ERRNO.EAGAIN]);
    expect((await run(bomb, ROOT)).noted).toEqual([1023, -ERRNO.EAGAIN, -ERRNO.EAGAIN]);
    const children = await run(async (sys, note) => {
      await sys.prlimit64(0, RLIMIT.NPROC, both(3));
      const pids = [];
      for (let i = 0; i < 3; i++) pids.push(await sys.spawn('sleep', ['sleep', '1']));
      note(pids);
      await sys.wait4(-1, 0);
      note(await sys.spawn('true', ['true']));
    });
    expect(children.noted).toEqual([[101, 102, -ERRNO.EAGAIN], 103]);
  });

  it('the size of files: what fits is written, then SIGXFSZ, and EFBIG for who ignores that', async () => {
    const write = async (sys: AsyncSystemCalls, note: (...values: unknown[]) => void) => {
      await sys.prlimit64(0, RLIMIT.FSIZE, both(5));
      const fd = await sys.open('/tmp/file', 0o101, 0o644);
      note(await sys.write(fd, bytes('123')), await sys.write(fd, bytes('456789')));
      note(await sys.write(fd, bytes('')), await sys.write(1, bytes('a terminal is no file\n')));
      note(await sys.write(fd, bytes('6')), await sys.ftruncate(fd, 6), await sys.ftruncate(fd, 5));
    };
    const ended = await run(write);
    expect([ended.noted, ended.status]).toEqual([[3, 2, 0, 22], 128 + 25]);
    const ignoring = await run(async (sys, note) => {
      await sys.rt_sigaction(25, 'ignore');
      await write(sys, note);
    });
    expect(ignoring.noted).toEqual([3, 2, 0, 22, -ERRNO.EFBIG, -ERRNO.EFBIG, 0]);
  });

  it('the time it takes: SIGXCPU each second from the soft limit on, SIGKILL at the hard one', async () => {
    const limits = new ResourceLimits(null);
    limits.set(RLIMIT.CPU, { soft: 1n, hard: 3n }, false);
    const signals = [0.9, 1, 1.5, 2.1, 2.9, 3].map((seconds) => limits.cpuSignal(seconds * 1e9));
    expect(signals).toEqual([0, 24, 0, 24, 0, 9]);
    const { status } = await run(async (sys) => {
      await sys.prlimit64(0, RLIMIT.CPU, both(0));
      await sys.getpid();
    });
    expect(status).toBe(128 + 9);
  });

  it('no memory of the computer that the lab is on, whatever is asked for', async () => {
    const { noted } = await run(async (sys, note) => {
      await sys.rt_sigaction(25, 'ignore');
      const fd = await sys.open('/tmp/huge', 0o102, 0o644);
      note(
        await sys.ftruncate(fd, 2 ** 40),
        await sys.lseek(fd, 2 ** 40, 0),
        await sys.write(fd, bytes('x')),
      );
    });
    expect(noted).toEqual([-ERRNO.EFBIG, 2 ** 40, -ERRNO.EFBIG]);
  });
});

describe('execve(2)', () => {
  it('makes a process another program with the same number, descriptors and limits', async () => {
    const { noted, status, bench } = await run(
      async (sys, note) => {
        note(await sys.execve('no-such-thing', [], {}));
        await sys.prlimit64(0, RLIMIT.NOFILE, both(50));
        await sys.fcntl(0, 2, 1);
        await sys.dup(1);
        await sys.execve('next', ['next', 'argument'], { GREETING: 'hello' });
        note('never');
      },
      {},
      (computer) => {
        start(
          computer,
          async (sys, argv, env) => {
            const said = [argv, env.GREETING, await sys.getpid(), await limitOf(sys, 0), await sys.close(0)];
            await sys.write(argv.length > 1 ? 3 : 1, bytes(JSON.stringify(said)));
            return 7;
          },
          { name: 'next' },
        );
      },
    );
    expect([noted, status]).toEqual([[-ERRNO.ENOENT], 7]);
    const shown = bench.record.events.flatMap((event) => (event.kind === 'terminal' ? [event.text] : []));
    expect(shown.at(-1)).toBe(`[["next","argument"],"hello",101,["50","50"],-${ERRNO.EBADF}]`);
  });
});
