import { expect, test } from 'vitest';
import { cut, displayWidth, pad, wrap } from './width.ts';

test('a Korean syllable takes two columns, composed or as single letters', () => {
  expect(displayWidth('안녕, TCP')).toBe(9);
  expect(displayWidth('안'.normalize('NFD'))).toBe(2);
  expect(displayWidth('\x1b[32m안\x1b[0m')).toBe(2);
});

test('texts are padded and cut by columns', () => {
  expect(pad('안녕', 6)).toBe('안녕  ');
  expect(pad('7', 3, 'left')).toBe('  7');
  expect(cut('안녕하세요', 6)).toBe('안녕…');
});

test('lines break at spaces, and within a word that is longer than a line', () => {
  expect(wrap('서버가 연결을 기다린다', 14)).toEqual(['서버가 연결을', '기다린다']);
  expect(wrap('abcdefgh ij', 5)).toEqual(['abcde', 'fgh', 'ij']);
});
