import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../../../test/lab.ts';
import type { AsyncSystemCalls } from '../../program.ts';

const UNIX = 1;
const STREAM = 1;
const DATAGRAM = 2;
const PACKET = 5;
const NONBLOCK = 0o4000;
const name = (path: string) => ({ family: 1, path }) as const;

/** Runs a program of a machine; what it returns must be as expected. */
async function run(program: (sys: AsyncSystemCalls) => Promise<void>): Promise<Bench> {
  const bench = new Bench();
  let done = false;
  start(bench.computer(), async (sys) => {
    await program(sys);
    done = true;
    return 0;
  });
  await bench.run();
  expect(done).toBe(true);
  return bench;
}

const received = (result: unknown) => {
  if (typeof result === 'number') return result;
  const { data, ...rest } = result as { data: Uint8Array };
  return { data: text(data), ...rest };
};

describe('a stream of AF_UNIX', () => {
  it('is connected before anyone accepts, and carries bytes in both directions', () =>
    run(async (sys) => {
      const [server, client] = [await sys.socket(UNIX, STREAM, 0), await sys.socket(UNIX, STREAM, 0)];
      expect(await sys.listen(server, 1)).toBe(-ERRNO.EINVAL);
      expect(await sys.bind(server, name('/tmp/한'))).toBe(0);
      expect(await sys.connect(client, name('/tmp/한'))).toBe(-ERRNO.ECONNREFUSED);
      expect(await sys.listen(server, 1)).toBe(0);
      expect(await sys.connect(client, name('/tmp/한'))).toBe(0);
      expect(await sys.sendto(client, bytes('안녕'), 0, null)).toBe(6);
      const accepted = (await sys.accept4(server, 0)) as { fd: number; address: unknown };
      expect(accepted.address).toEqual(name(''));
      expect(await sys.getsockname(accepted.fd)).toEqual(name('/tmp/한'));
      expect(await sys.getpeername(client)).toEqual(name('/tmp/한'));
      expect(received(await sys.recvfrom(accepted.fd, 99, 0))).toMatchObject({ data: '안녕', address: null });
      expect(await sys.shutdown(client, 1)).toBe(0);
      expect(received(await sys.recvfrom(accepted.fd, 99, 0))).toMatchObject({ data: '' });
      expect(await sys.connect(client, name('/tmp/한'))).toBe(-ERRNO.EISCONN);
    }));

  it('has a name among the files, which outlives it and has to be taken away', () =>
    run(async (sys) => {
      const fd = await sys.socket(UNIX, STREAM, 0);
      expect(await sys.bind(fd, name('/nowhere/x'))).toBe(-ERRNO.ENOENT);
      expect(await sys.bind(fd, name('/tmp/x'))).toBe(0);
      expect(await sys.stat('/tmp/x')).toMatchObject({ mode: 0o140755 });
      expect(await sys.open('/tmp/x', 0, 0)).toBe(-ERRNO.ENXIO);
      await sys.close(fd);
      const next = await sys.socket(UNIX, STREAM, 0);
      expect(await sys.bind(next, name('/tmp/x'))).toBe(-ERRNO.EADDRINUSE);
      expect(await sys.connect(next, name('/tmp/x'))).toBe(-ERRNO.ECONNREFUSED);
      expect(await sys.unlink('/tmp/x')).toBe(0);
      expect(await sys.connect(next, name('/tmp/x'))).toBe(-ERRNO.ENOENT);
      expect(await sys.bind(next, name('/tmp/x'))).toBe(0);
    }));

  it('tells who goes on that the other has gone: what was not read is a reset', () =>
    run(async (sys) => {
      const { first, second } = (await sys.socketpair(UNIX, STREAM, 0)) as { first: number; second: number };
      await sys.sendto(first, bytes('unread'), 0, null);
      await sys.close(second);
      expect(await sys.poll([{ fd: first, events: 7 }], 0)).toEqual([1 | 4 | 8 | 16]);
      expect(await sys.recvfrom(first, 9, 0)).toBe(-ERRNO.ECONNRESET);
      expect(received(await sys.recvfrom(first, 9, 0))).toMatchObject({ data: '' });
      expect(await sys.sendto(first, bytes('x'), 0x4000, null)).toBe(-ERRNO.EPIPE);
    }));

  it('waits for room at a listener and in the buffer', () =>
    run(async (sys) => {
      const server = await sys.socket(UNIX, STREAM, 0);
      await sys.bind(server, name('\0full'));
      await sys.listen(server, 0);
      const clients = [0, 1].map(() => sys.socket(UNIX, STREAM | NONBLOCK, 0));
      expect(await sys.connect(await clients[0]!, name('\0full'))).toBe(0);
      expect(await sys.connect(await clients[1]!, name('\0full'))).toBe(-ERRNO.EAGAIN);
      await sys.accept4(server, 0);
      expect(await sys.connect(await clients[1]!, name('\0full'))).toBe(0);
      const taken = await sys.sendto(await clients[0]!, new Uint8Array(1_000_000), 0, null);
      expect(taken).toBeGreaterThan(100_000);
      expect(taken).toBeLessThan(500_000);
      expect(await sys.sendto(await clients[0]!, bytes('x'), 0, null)).toBe(-ERRNO.EAGAIN);
    }));
});

describe('datagrams of AF_UNIX', () => {
  it('keep their borders and tell who sent them', () =>
    run(async (sys) => {
      const [one, other] = [await sys.socket(UNIX, DATAGRAM, 0), await sys.socket(UNIX, DATAGRAM, 0)];
      await sys.bind(one, name('\0one'));
      await sys.bind(other, name('/tmp/other'));
      expect(await sys.sendto(other, bytes('하나'), 0, name('\0one'))).toBe(6);
      expect(await sys.sendto(other, bytes('둘'), 0, name('\0one'))).toBe(3);
      expect(received(await sys.recvfrom(one, 3, 0))).toEqual({
        data: '하',
        address: name('/tmp/other'),
        truncated: true,
        whole: 6,
      });
      expect(received(await sys.recvfrom(one, 9, 0))).toMatchObject({ data: '둘', truncated: false });
      expect(await sys.sendto(other, bytes('x'), 0, null)).toBe(-ERRNO.ENOTCONN);
      expect(await sys.sendto(other, bytes('x'), 0, name('\0nobody'))).toBe(-ERRNO.ECONNREFUSED);
      expect(await sys.listen(one, 1)).toBe(-ERRNO.EOPNOTSUPP);
    }));

  it('are refused by one that has another peer, and wait for a slow reader', () =>
    run(async (sys) => {
      const socket = () => sys.socket(UNIX, DATAGRAM | NONBLOCK, 0);
      const [one, other, third] = [await socket(), await socket(), await socket()];
      await sys.bind(one, name('\0one'));
      await sys.bind(third, name('\0third'));
      let sent = 0;
      while ((await sys.sendto(other, bytes('x'), 0, name('\0one'))) === 1) sent++;
      expect(sent).toBe(11);
      await sys.connect(one, name('\0third'));
      expect(await sys.sendto(other, bytes('x'), 0, name('\0one'))).toBe(-ERRNO.EPERM);
    }));
});

describe('names of the abstract namespace', () => {
  it('are free again with the socket; without a name the kernel chooses one', () =>
    run(async (sys) => {
      const fd = await sys.socket(UNIX, PACKET, 0);
      const next = await sys.socket(UNIX, PACKET, 0);
      expect(await sys.bind(fd, name('\0a'))).toBe(0);
      expect(await sys.bind(next, name('\0a'))).toBe(-ERRNO.EADDRINUSE);
      await sys.close(fd);
      expect(await sys.bind(next, name('\0a'))).toBe(0);
      expect(await sys.bind(next, name('\0b'))).toBe(-ERRNO.EINVAL);
      const third = await sys.socket(UNIX, PACKET, 0);
      expect(await sys.bind(third, name(''))).toBe(0);
      expect(await sys.getsockname(third)).toEqual(name('\x0000000'));
    }));
});

describe('descriptors that go along (SCM_RIGHTS)', () => {
  it('are open in the receiver when the sender has closed its own', () =>
    run(async (sys) => {
      const { first, second } = (await sys.socketpair(UNIX, STREAM, 0)) as { first: number; second: number };
      const { read, write } = (await sys.pipe2(0)) as { read: number; write: number };
      expect(await sys.sendmsg(first, bytes('a'), 0, null, [99])).toBe(-ERRNO.EBADF);
      expect(await sys.sendmsg(first, bytes('plain'), 0, null, [])).toBe(5);
      expect(await sys.sendmsg(first, bytes('two'), 0, null, [write, read])).toBe(3);
      expect(await sys.sendmsg(first, bytes('rest'), 0, null, [])).toBe(4);
      await sys.close(write);
      const got = await sys.recvmsg(second, 99, 0, 1);
      expect(received(got)).toMatchObject({
        data: 'plaintwo',
        rights: [{ fd: write, mode: 0o010600 }],
        flags: 8,
      });
      expect(received(await sys.recvmsg(second, 99, 0, 1))).toEqual({
        data: 'rest',
        address: null,
        truncated: false,
        whole: 4,
      });
      await sys.write(write, bytes('through'));
      await sys.close(write);
      expect(text((await sys.read(read, 99)) as Uint8Array)).toBe('through');
      expect(((await sys.read(read, 99)) as Uint8Array).length).toBe(0);
    }));
});

describe('options', () => {
  it('are those of socket(7), with 64-bit times', () =>
    run(async (sys) => {
      const fd = await sys.socket(UNIX, STREAM, 0);
      const number = async (option: number) =>
        new Int32Array(((await sys.getsockopt(fd, 1, option, 4)) as Uint8Array).slice().buffer)[0];
      expect([await number(3), await number(39), await number(7), await number(30)]).toEqual([
        1, 1, 212_992, 0,
      ]);
      expect(await sys.setsockopt(fd, 1, 7, Uint8Array.of(0, 16, 0, 0))).toBe(0);
      expect(await number(7)).toBe(8192);
      const timeval = new Uint8Array(16);
      timeval[0] = 2;
      expect(await sys.setsockopt(fd, 1, 20, timeval)).toBe(0);
      expect(await sys.getsockopt(fd, 1, 20, 16)).toEqual(timeval);
      expect(await sys.getsockopt(fd, 6, 1, 4)).toBe(-ERRNO.EOPNOTSUPP);
      expect(await sys.socket(UNIX, 4, 0)).toBe(-ERRNO.ESOCKTNOSUPPORT);
    }));
});
