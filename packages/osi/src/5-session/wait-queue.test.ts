import { describe, expect, test } from 'vitest';
import { WaitQueue } from './wait-queue.ts';

describe('those who wait for a socket', () => {
  test('are told in the order in which they came', () => {
    const queue = new WaitQueue();
    const told: string[] = [];
    for (const name of ['a', 'b', 'c']) queue.subscribe(() => told.push(name));
    queue.wake();
    expect(told).toEqual(['a', 'b', 'c']);
  });

  test('are told nothing after they have left, however often they leave', () => {
    const queue = new WaitQueue();
    const told: string[] = [];
    const leave = ['a', 'b', 'c'].map((name) => queue.subscribe(() => told.push(name)));
    leave[1]?.();
    leave[1]?.();
    leave[0]?.();
    queue.wake();
    expect(told).toEqual(['c']);
    queue.subscribe(() => told.push('d'));
    queue.wake();
    expect(told).toEqual(['c', 'c', 'd']);
  });

  test('may leave and come while they are told', () => {
    const queue = new WaitQueue();
    const told: string[] = [];
    const leaveFirst = queue.subscribe(() => {
      told.push('first');
      leaveFirst();
      leaveThird();
      queue.subscribe(() => told.push('new'));
    });
    queue.subscribe(() => told.push('second'));
    const leaveThird = queue.subscribe(() => told.push('third'));
    queue.wake();
    expect(told).toEqual(['first', 'second']);
    queue.wake();
    expect(told).toEqual(['first', 'second', 'second', 'new']);
  });

  test('one function may wait twice', () => {
    const queue = new WaitQueue();
    let told = 0;
    const count = () => {
      told++;
    };
    const leave = queue.subscribe(count);
    queue.subscribe(count);
    queue.wake();
    expect(told).toBe(2);
    leave();
    queue.wake();
    expect(told).toBe(3);
  });
});
