import { expect, test } from 'vitest';
import { microseconds, milliseconds } from '../../time/index.ts';
import { usefulWindow } from './useful-window.ts';

test('a longer round trip makes more bytes under way useful: 200 Gbit/s for as long as it lasts', () => {
  expect(usefulWindow(microseconds(100))).toBe(2_500_000);
  expect(usefulWindow(milliseconds(50))).toBe(1_250_000_000);
});

test('without a delay there is still room for a few bursts', () => {
  expect(usefulWindow(0)).toBe(262_144);
  expect(usefulWindow(microseconds(10))).toBe(262_144);
});
