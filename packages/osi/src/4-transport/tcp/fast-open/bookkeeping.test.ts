import { describe, expect, test } from 'vitest';
import { type IpAddress, parseIp } from '../../../3-network/index.ts';
import { seconds } from '../../../time/index.ts';
import { BlackHole } from './black-hole.ts';
import { MetricsCache } from './cache.ts';
import { FastOpenQueue } from './queue.ts';

const SERVER = parseIp('192.0.2.1') as IpAddress;
const CLIENT = parseIp('192.0.2.2') as IpAddress;
const cookie = { bytes: Uint8Array.of(1, 2, 3, 4), experimental: false };

describe('the cache of cookies', () => {
  test('gives a request before it knows a cookie, then the cookie, and after a flush a request again', () => {
    const cache = new MetricsCache();
    expect(cache.cookieFor(SERVER, CLIENT).bytes.length).toBe(0);
    cache.note(SERVER, CLIENT, 1000, cookie, false, 'not yet', 0);
    expect(cache.cookieFor(SERVER, CLIENT)).toBe(cookie);
    expect(cache.get(SERVER, CLIENT)?.mss).toBe(1000);
    expect(cache.flush(SERVER)).toBe(true);
    expect(cache.flush()).toBe(false);
    expect(cache.cookieFor(SERVER, CLIENT).bytes.length).toBe(0);
  });

  test('keeps the cookies that our addresses got apart', () => {
    const cache = new MetricsCache();
    const other = parseIp('192.0.2.3') as IpAddress;
    cache.note(SERVER, CLIENT, 1000, cookie, false, 'not yet', 0);
    expect(cache.cookieFor(SERVER, other).bytes.length).toBe(0);
    cache.note(SERVER, other, 1000, cookie, false, 'not yet', 0);
    expect([...cache.entries()].length).toBe(2);
    cache.flush(SERVER);
    expect([...cache.entries()]).toEqual([]);
  });

  test('a server that gives no cookie is asked in the form of the experiment once', () => {
    const cache = new MetricsCache();
    cache.note(SERVER, CLIENT, 1000, null, false, 'now', 0);
    expect(cache.cookieFor(SERVER, CLIENT).experimental).toBe(true);
    cache.note(SERVER, CLIENT, 1000, null, false, 'done', 0);
    expect(cache.cookieFor(SERVER, CLIENT).experimental).toBe(false);
    cache.note(SERVER, CLIENT, 1000, null, false, 'now', 0);
    expect(cache.cookieFor(SERVER, CLIENT).experimental).toBe(false);
  });

  test('counts SYNs that were lost in a row', () => {
    const cache = new MetricsCache();
    cache.note(SERVER, CLIENT, 0, cookie, true, 'not yet', 5);
    cache.note(SERVER, CLIENT, 0, null, true, 'not yet', 9);
    expect(cache.get(SERVER, CLIENT)).toMatchObject({ synDrops: 2, lastSynDrop: 9, cookie });
    cache.note(SERVER, CLIENT, 0, null, false, 'not yet', 10);
    expect(cache.get(SERVER, CLIENT)?.synDrops).toBe(0);
  });

  test('remembers a thousand destinations, the latest', () => {
    const cache = new MetricsCache();
    for (let i = 0; i < 3000; i++)
      cache.note((0x0a000000 + i) as never, CLIENT, 1000, cookie, false, 'not yet', 0);
    expect([...cache.entries()].length).toBe(1024);
    expect(cache.get((0x0a000000 + 2999) as never, CLIENT)).not.toBeNull();
    expect(cache.get(0x0a000000 as never, CLIENT)).toBeNull();
  });
});

test('a connection that was reset early counts for another minute', () => {
  const queue = new FastOpenQueue();
  queue.enter();
  expect([queue.admits(1, 0), queue.admits(2, 0)]).toEqual([false, true]);
  queue.leave(true, 0);
  expect([queue.length, queue.admits(1, seconds(59)), queue.admits(1, seconds(60))]).toEqual([
    1,
    false,
    true,
  ]);
  queue.enter();
  queue.leave(false, seconds(61));
  expect(queue.length).toBe(0);
});

test('the pause after a black hole doubles, up to 64 times', () => {
  const hole = new BlackHole();
  expect(hole.isOpen(0, 10)).toBe(true);
  hole.found(0);
  expect([hole.isOpen(seconds(9), 10), hole.isOpen(seconds(10), 10)]).toEqual([false, true]);
  hole.found(0);
  expect([hole.isOpen(seconds(19), 10), hole.isOpen(seconds(20), 10)]).toEqual([false, true]);
  for (let i = 0; i < 20; i++) hole.found(0);
  expect([hole.isOpen(seconds(639), 10), hole.isOpen(seconds(640), 10)]).toEqual([false, true]);
  expect(hole.isOpen(0, 0)).toBe(true);
});
