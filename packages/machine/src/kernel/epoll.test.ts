import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start } from '../../test/lab.ts';
import type { AsyncSystemCalls } from '../program.ts';

const IN = 1;
const OUT = 4;
const HUP = 16;
const ADD = 1;
const DELETE = 2;
const MODIFY = 3;
const ONESHOT = 2 ** 30;
const ET = 2 ** 31;

async function run(program: (sys: AsyncSystemCalls, bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench();
  let done = false;
  start(bench.computer(), async (sys) => {
    await program(sys, bench);
    done = true;
    return 0;
  });
  await bench.run();
  expect(done).toBe(true);
}

const pipe = async (sys: AsyncSystemCalls) => (await sys.pipe2(0)) as { read: number; write: number };

describe('epoll', () => {
  it('reports what is ready, as long as it is', () =>
    run(async (sys) => {
      const epoll = await sys.epoll_create1(0);
      const { read, write } = await pipe(sys);
      expect(await sys.epoll_ctl(epoll, ADD, read, IN)).toBe(0);
      expect(await sys.epoll_ctl(epoll, ADD, read, IN)).toBe(-ERRNO.EEXIST);
      expect(await sys.epoll_ctl(epoll, MODIFY, write, OUT)).toBe(-ERRNO.ENOENT);
      expect(await sys.epoll_ctl(epoll, ADD, 77, IN)).toBe(-ERRNO.EBADF);
      expect(await sys.epoll_ctl(epoll, ADD, epoll, IN)).toBe(-ERRNO.EINVAL);
      expect(await sys.epoll_ctl(epoll, ADD, await sys.open('/etc/hosts', 0, 0), IN)).toBe(-ERRNO.EPERM);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([]);
      await sys.write(write, bytes('x'));
      expect(await sys.poll([{ fd: epoll, events: IN }], 0)).toEqual([IN]);
      for (let again = 0; again < 2; again++)
        expect(await sys.epoll_wait(epoll, 9, -1)).toEqual([{ fd: read, events: IN }]);
      await sys.close(write);
      expect(await sys.epoll_wait(epoll, 9, -1)).toEqual([{ fd: read, events: IN | HUP }]);
      expect(await sys.epoll_ctl(epoll, DELETE, read, 0)).toBe(0);
      expect(await sys.epoll_wait(epoll, 9, 1_000_000)).toEqual([]);
      expect(await sys.epoll_wait(read, 9, 0)).toBe(-ERRNO.EINVAL);
    }));

  it('with EPOLLET reports a change once, with EPOLLONESHOT one until it is asked anew', () =>
    run(async (sys) => {
      const epoll = await sys.epoll_create1(0);
      const { read, write } = await pipe(sys);
      await sys.epoll_ctl(epoll, ADD, read, IN + ET);
      await sys.write(write, bytes('x'));
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([{ fd: read, events: IN }]);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([]);
      await sys.write(write, bytes('y'));
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([{ fd: read, events: IN }]);
      await sys.epoll_ctl(epoll, MODIFY, read, IN + ONESHOT);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([{ fd: read, events: IN }]);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([]);
      await sys.epoll_ctl(epoll, MODIFY, read, IN);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([{ fd: read, events: IN }]);
    }));

  it('forgets what is closed, and gives everyone a turn', () =>
    run(async (sys) => {
      const epoll = await sys.epoll_create1(0);
      const [one, other] = [await pipe(sys), await pipe(sys)];
      for (const { write } of [one, other]) await sys.epoll_ctl(epoll, ADD, write, OUT);
      expect(await sys.epoll_wait(epoll, 1, 0)).toEqual([{ fd: one.write, events: OUT }]);
      expect(await sys.epoll_wait(epoll, 1, 0)).toEqual([{ fd: other.write, events: OUT }]);
      await sys.close(one.write);
      expect(await sys.epoll_wait(epoll, 9, 0)).toEqual([{ fd: other.write, events: OUT }]);
      const again = await sys.dup(other.write);
      expect(again).toBe(one.write);
      expect(await sys.epoll_ctl(epoll, ADD, again, OUT)).toBe(0);
    }));
});
