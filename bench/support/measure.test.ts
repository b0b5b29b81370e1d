import { expect, test } from 'vitest';
import { measure, median } from './measure.ts';

test('the median of an odd and of an even number of rounds', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('rounds are taken in turn, the first of each side only warms up, and the ratio is of medians', async () => {
  const order: string[] = [];
  const values = { ours: [100, 2, 4, 6], peer: [100, 1, 2, 3] };
  const side = (name: 'ours' | 'peer') => async () => {
    order.push(name);
    return values[name].shift() ?? 0;
  };
  const result = await measure(
    {
      id: 'X',
      title: '',
      unit: 'u/s',
      conditions: '',
      peerName: '',
      must: 1,
      aim: 1,
      ours: side('ours'),
      peer: side('peer'),
    },
    3,
  );
  expect(order.join(' ')).toBe('ours peer ours peer ours peer ours peer');
  expect(result).toEqual({ id: 'X', ours: 4, peer: 2, ratio: 2, unit: 'u/s', rounds: 3 });
});
