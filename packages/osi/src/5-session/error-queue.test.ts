import { describe, expect, it } from 'vitest';
import type { Ipv4Address } from '../3-network/index.ts';
import type { ErrorReport } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import { ErrorQueue } from './error-queue.ts';

const router = 0x0a00_0001 as Ipv4Address;
const target = { address: 0x0a00_0002 as Ipv4Address, port: 53 };

const unreachable = (errno: number): ErrorReport => ({
  errno,
  origin: 2,
  type: 3,
  code: 3,
  info: 0,
  offender: router,
  destination: target,
  data: Uint8Array.of(1, 2, 3),
});

const completion: ErrorReport = {
  errno: 0,
  origin: 5,
  type: 0,
  code: 1,
  info: 0,
  value: 4,
  offender: null,
  destination: null,
  data: new Uint8Array(0),
};

const nowhere = new Uint8Array(0);

describe('the error queue of a socket', () => {
  it('gives the oldest report with as much of the packet as fits', () => {
    const queue = new ErrorQueue();
    queue.add(unreachable(ERRNO.ECONNREFUSED));
    const into = new Uint8Array(2);
    expect(queue.receive(into, { error: 0 })).toMatchObject({
      length: 2,
      whole: 3,
      truncated: true,
      address: { address: '10.0.0.2', port: 53 },
      error: { errno: ERRNO.ECONNREFUSED, origin: 2, type: 3, code: 3, offender: '10.0.0.1' },
    });
    expect([...into]).toEqual([1, 2]);
  });

  it('says EAGAIN when nothing waits', () => {
    expect(new ErrorQueue().receive(nowhere, { error: 0 })).toBe(-ERRNO.EAGAIN);
  });

  it('leaves the next ICMP error pending, and none after the last', () => {
    const queue = new ErrorQueue();
    const owner = { error: ERRNO.ECONNREFUSED };
    queue.add(unreachable(ERRNO.ECONNREFUSED));
    queue.add(unreachable(ERRNO.EHOSTUNREACH));
    queue.receive(nowhere, owner);
    expect(owner.error).toBe(ERRNO.EHOSTUNREACH);
    queue.receive(nowhere, owner);
    expect(owner.error).toBe(0);
  });

  it('does not touch the pending error for what is none', () => {
    const queue = new ErrorQueue();
    const owner = { error: ERRNO.ECONNRESET };
    queue.add(completion);
    expect(queue.receive(nowhere, owner)).toMatchObject({
      address: null,
      error: { errno: 0, origin: 5, code: 1, info: 0, data: 4, offender: null },
    });
    expect(owner.error).toBe(ERRNO.ECONNRESET);
  });

  it('is bounded', () => {
    const queue = new ErrorQueue();
    while (queue.add(completion)) expect(queue.length).toBeLessThan(1000);
    expect(queue.add(completion)).toBe(false);
  });
});
