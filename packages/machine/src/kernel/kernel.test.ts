import { milliseconds, seconds } from '@netarium/osi/time';
import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { FakeNetwork, type FakeSocket } from '../../test/fake-network.ts';
import { Bench, bytes, start, text } from '../../test/lab.ts';

describe('a system call', () => {
  it('takes a microsecond of virtual time', async () => {
    const bench = new Bench();
    const times: number[] = [];
    start(bench.computer(), async (sys) => {
      for (let i = 0; i < 3; i++) times.push(await sys.clock_gettime(1));
      return 0;
    });
    await bench.run();
    expect(times).toEqual([1000, 2000, 3000]);
  });

  it('is recorded with its arguments and its result as strace writes them', async () => {
    const bench = new Bench();
    start(bench.computer(), async (sys) => {
      await sys.open('/nowhere', 0, 0);
      await sys.socket(2, 1 | 0o2000000, 6);
      await sys.sendto(3, bytes('안녕\n'), 0, null);
      return 3;
    });
    await bench.run();
    const calls = bench.record.events.filter((event) => event.kind === 'system-call');
    expect(calls.map(({ name, args }) => `${name}(${args})`)).toEqual([
      'open("/nowhere", O_RDONLY)',
      'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)',
      'sendto(3, "\\354\\225\\210\\353\\205\\225\\n", 7, 0, NULL, 0)',
      'exit_group(3)',
    ]);
    const returns = bench.record.events.filter((event) => event.kind === 'system-call-returned');
    expect(returns.map(({ result, text }) => [result, text])).toEqual([
      [-2, '-1 ENOENT (No such file or directory)'],
      [3, '3'],
      [7, '7'],
    ]);
    expect(returns[0]?.cause).toBe(calls[0]?.id);
  });

  it('of a descriptor that is not open is EBADF, on a file that is no socket ENOTSOCK', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      results.push(
        await sys.read(9, 1),
        await sys.recvfrom(9, 1, 0),
        await sys.listen(1, 1),
        await sys.close(7),
      );
      return 0;
    });
    await bench.run();
    expect(results).toEqual([-ERRNO.EBADF, -ERRNO.EBADF, -ERRNO.ENOTSOCK, -ERRNO.EBADF]);
  });

  it('that does not exist is ENOSYS', async () => {
    const bench = new Bench();
    let result: unknown;
    start(bench.computer(), async (sys) => {
      result = await (sys as unknown as { frobnicate(): Promise<unknown> }).frobnicate();
      return 0;
    });
    await bench.run();
    expect(result).toBe(-ERRNO.ENOSYS);
  });
});

describe('a call that waits', () => {
  async function receiving(flags = 0, timeout = 0) {
    const bench = new Bench();
    const network = new FakeNetwork();
    const computer = bench.computer('alice', network);
    const results: unknown[] = [];
    const process = start(computer, async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      const socket = network.sockets[0] as FakeSocket;
      socket.receiveTimeout = timeout;
      const got = await sys.recvfrom(fd, 100, flags);
      results.push(typeof got === 'number' ? got : text(got.data));
      return 0;
    });
    await bench.run(milliseconds(1));
    return { bench, socket: network.sockets[0] as FakeSocket, results, process, computer };
  }

  it('returns when what it waits for has come, and names what let it return', async () => {
    const { bench, socket, results, computer } = await receiving();
    expect(results).toEqual([]);
    const { tracer } = computer.kernel;
    const arrival = tracer.write({ kind: 'timer', name: 'test', subject: '', cause: 0 });
    tracer.within(arrival, () => socket.arrive('hello'));
    await bench.run();
    expect(results).toEqual(['hello']);
    const returned = bench.record.events.filter((event) => event.kind === 'system-call-returned').at(-1);
    expect(returned?.cause).toBe(arrival);
  });

  it('is EAGAIN after SO_RCVTIMEO, in virtual time, and a timer lets it return', async () => {
    const { bench, results } = await receiving(0, seconds(2));
    await bench.run();
    expect(results).toEqual([-ERRNO.EAGAIN]);
    expect(bench.sim.now).toBeGreaterThanOrEqual(seconds(2));
    const returned = bench.record.events.filter((event) => event.kind === 'system-call-returned').at(-1);
    expect(bench.record.get(returned?.cause ?? 0)?.kind).toBe('timer');
  });

  it('is EAGAIN at once with MSG_DONTWAIT', async () => {
    const { results } = await receiving(0x40);
    expect(results).toEqual([-ERRNO.EAGAIN]);
  });

  it('keeps its socket open when another thread closes the descriptor', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    const results: unknown[] = [];
    start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      const waiting = sys.recvfrom(fd, 10, 0);
      await sys.close(fd);
      const socket = network.sockets[0] as FakeSocket;
      results.push(socket.closed);
      socket.arrive('late');
      const got = await waiting;
      results.push(typeof got === 'object' && text(got.data), socket.closed);
      return 0;
    });
    await bench.run();
    expect(results).toEqual([false, 'late', true]);
  });

  it('is EINTR when a signal comes that the program handles', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    const process = start(bench.computer(), async (sys) => {
      await sys.rt_sigaction(2, 'handler');
      results.push(await sys.nanosleep(seconds(60)));
      return 5;
    });
    await bench.run(seconds(1));
    process.terminal.interrupt();
    await bench.run();
    expect(results).toEqual([-ERRNO.EINTR]);
    expect(process.status).toBe(5);
    expect(bench.sim.now).toBeLessThan(seconds(2));
  });

  it('that sends more than there is room for goes on piece by piece, each of its own origin', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    let result: number | undefined;
    start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      (network.sockets[0] as FakeSocket).room = 4;
      result = await sys.sendto(fd, bytes('abcdefghij'), 0, null);
      return 0;
    });
    await bench.run();
    const socket = network.sockets[0] as FakeSocket;
    expect(result).toBeUndefined();
    socket.room = 3;
    socket.changed();
    await bench.run();
    socket.room = 100;
    socket.changed();
    await bench.run();
    expect(result).toBe(10);
    expect(socket.sent.map(({ text }) => text)).toEqual(['abcd', 'efg', 'hij']);
    const call = bench.record.events.find((event) => event.kind === 'system-call' && event.name === 'sendto');
    expect(new Set(socket.sent.map(({ origin }) => origin))).toEqual(new Set([call?.id]));
  });

  it('connect gives the error that the attempt ended with', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    let result: number | undefined;
    start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      result = await sys.connect(fd, { family: 2, address: '10.0.0.2', port: 9 });
      return 0;
    });
    await bench.run();
    expect(result).toBeUndefined();
    const socket = network.sockets[0] as FakeSocket;
    socket.connection = -ERRNO.ECONNREFUSED;
    socket.changed();
    await bench.run();
    expect(result).toBe(-ERRNO.ECONNREFUSED);
  });

  it('poll tells which descriptors are ready, or nothing after its timeout', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      const pipe = await sys.pipe2(0);
      if (typeof pipe === 'number') return 1;
      results.push(await sys.poll([{ fd: pipe.read, events: 1 }], milliseconds(5)));
      await sys.write(pipe.write, bytes('x'));
      results.push(
        await sys.poll(
          [
            { fd: pipe.read, events: 1 },
            { fd: pipe.write, events: 4 },
            { fd: 77, events: 1 },
          ],
          -1,
        ),
      );
      return 0;
    });
    await bench.run();
    expect(results).toEqual([[0], [1, 4, 32]]);
    expect(bench.sim.now).toBeGreaterThanOrEqual(milliseconds(5));
  });
});

describe('a socket', () => {
  it('does not wait when it is non-blocking, by SOCK_NONBLOCK or fcntl', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      const first = await sys.socket(2, 1 | 0o4000, 0);
      results.push(await sys.recvfrom(first, 10, 0), await sys.fcntl(first, 3, 0));
      results.push(await sys.connect(first, { family: 2, address: '10.0.0.2', port: 9 }));
      const second = await sys.socket(2, 1, 0);
      results.push(
        await sys.fcntl(second, 4, 0o4000),
        await sys.read(second, 10),
        await sys.accept4(second, 0),
      );
      return 0;
    });
    await bench.run();
    expect(results).toEqual([-ERRNO.EAGAIN, 0o4002, -ERRNO.EINPROGRESS, 0, -ERRNO.EAGAIN, -ERRNO.EAGAIN]);
  });

  it('with MSG_WAITALL gives all that was asked for at once', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    let got = '';
    start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      const received = await sys.recvfrom(fd, 6, 0x100);
      if (typeof received === 'object') got = text(received.data);
      return 0;
    });
    await bench.run();
    for (const part of ['ab', 'cd', 'efgh']) {
      expect(got).toBe('');
      (network.sockets[0] as FakeSocket).arrive(part);
      await bench.run();
    }
    expect(got).toBe('abcdef');
  });

  it('whose peer is gone gives EPIPE and SIGPIPE, with MSG_NOSIGNAL only EPIPE', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    const results: unknown[] = [];
    const process = start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      (network.sockets[0] as FakeSocket).error = -ERRNO.EPIPE;
      results.push(await sys.sendto(fd, bytes('x'), 0x4000, null));
      results.push(await sys.sendto(fd, bytes('x'), 0, null));
      return 0;
    });
    await bench.run();
    expect(results).toEqual([-ERRNO.EPIPE]);
    expect(process.status).toBe(128 + 13);
  });

  it('whose peer announces urgent data has SIGURG sent to its owner, which ends nobody who does not wait for it', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    const results: unknown[] = [];
    const process = start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      const { urgent } = network.sockets[0] as FakeSocket;
      const pid = await sys.getpid();
      results.push(await sys.fcntl(fd, 9, 0), await sys.fcntl(fd, 8, 9999), await sys.fcntl(fd, 8, pid));
      results.push((await sys.fcntl(fd, 9, 0)) === pid, (network.sockets[0] as FakeSocket).urgent !== urgent);
      (network.sockets[0] as FakeSocket).urgent();
      return 0;
    });
    await bench.run();
    expect(results).toEqual([0, -ERRNO.ESRCH, 0, true, true]);
    expect(process.status).toBe(0);
  });

  it('stays in the queue of its listener while the process has no descriptor free', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    const results: unknown[] = [];
    start(bench.computer('alice', network), async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      const waiting = network.socket(2, 1, 0) as FakeSocket;
      (network.sockets[0] as FakeSocket).pending.push(waiting);
      while ((await sys.dup(0)) >= 0);
      results.push(await sys.accept4(fd, 0), waiting.closed);
      await sys.close(500);
      results.push(await sys.accept4(fd, 0));
      return 0;
    });
    await bench.run();
    expect(results).toEqual([
      -ERRNO.EMFILE,
      false,
      { fd: 500, address: { family: 2, address: '10.0.0.2', port: 50_000 } },
    ]);
  });
});

describe('descriptors', () => {
  it('are the lowest free numbers, 1024 at most', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      results.push(
        await sys.dup(0),
        await sys.dup(0),
        await sys.close(3),
        await sys.dup(1),
        await sys.dup2(0, 9),
      );
      let last = 0;
      for (let i = 0; i < 1100 && last >= 0; i++) last = await sys.dup(0);
      results.push(last);
      return 0;
    });
    await bench.run();
    expect(results).toEqual([3, 4, 0, 3, 9, -ERRNO.EMFILE]);
  });

  it('are all closed when the process ends', async () => {
    const bench = new Bench();
    const network = new FakeNetwork();
    start(bench.computer('alice', network), async (sys) => {
      await sys.socket(2, 1, 0);
      await sys.dup(3);
      return 0;
    });
    await bench.run();
    expect(network.sockets[0]?.closed).toBe(true);
  });
});

describe('a pipe', () => {
  it('carries bytes in order to the reader, and ends when the writer closes', async () => {
    const bench = new Bench();
    const read: string[] = [];
    const big = 'x'.repeat(100_000);
    start(bench.computer(), async (sys) => {
      const pipe = await sys.pipe2(0);
      if (typeof pipe === 'number') return 1;
      const writing = sys.write(pipe.write, bytes(big)).then(() => sys.close(pipe.write));
      for (;;) {
        const part = await sys.read(pipe.read, 30_000);
        if (typeof part === 'number' || part.length === 0) break;
        read.push(text(part));
      }
      await writing;
      return 0;
    });
    await bench.run();
    expect(read.join('')).toBe(big);
  });

  it('without a reader ends the writer by SIGPIPE', async () => {
    const bench = new Bench();
    const process = start(bench.computer(), async (sys) => {
      const pipe = await sys.pipe2(0);
      if (typeof pipe === 'number') return 1;
      await sys.close(pipe.read);
      await sys.write(pipe.write, bytes('x'));
      return 0;
    });
    await bench.run();
    expect(process.status).toBe(128 + 13);
  });

  it('without a reader is EPIPE for those who ignore SIGPIPE', async () => {
    const bench = new Bench();
    let result: number | undefined;
    start(bench.computer(), async (sys) => {
      await sys.rt_sigaction(13, 'ignore');
      const pipe = await sys.pipe2(0);
      if (typeof pipe === 'number') return 1;
      await sys.close(pipe.read);
      result = await sys.write(pipe.write, bytes('x'));
      return 0;
    });
    await bench.run();
    expect(result).toBe(-ERRNO.EPIPE);
  });
});
