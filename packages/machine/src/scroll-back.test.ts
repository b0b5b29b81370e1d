import { expect, test } from 'vitest';
import { ScrollBack } from './scroll-back.ts';

test('what was put on the screen is kept, with plain line ends', () => {
  const screen = new ScrollBack();
  screen.add('one\r\ntwo');
  screen.add('\r\n');
  expect(screen.text).toBe('one\ntwo\n');
});

test('of a flood the end is kept, in whole lines, and it says how many lines are not', () => {
  const screen = new ScrollBack();
  const lines = 100_000;
  for (let line = 0; line < lines; line++) screen.add(`${String(line).padStart(98, '.')}\r\n`);
  const [notice = '', first = '', ...rest] = screen.text.split('\n');
  const dropped = Number(/^\[(\d+) lines are no longer kept\]$/.exec(notice)?.[1]);
  expect(first).toBe(String(dropped).padStart(98, '.'));
  expect(dropped + rest.length).toBe(lines);
  expect(screen.text.length).toBeLessThan(2.1 * 1024 * 1024);
});

test('a line without an end is cut', () => {
  const screen = new ScrollBack();
  for (let piece = 0; piece < 50; piece++) screen.add('x'.repeat(100_000));
  expect(screen.text.length).toBeLessThan(2.1 * 1024 * 1024);
});
