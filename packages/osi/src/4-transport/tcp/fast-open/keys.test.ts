import { describe, expect, test } from 'vitest';
import { type IpAddress, parseIp } from '../../../3-network/index.ts';
import { parseKeys } from './keys.ts';
import { sipHash } from './siphash.ts';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const address = (text: string): IpAddress => parseIp(text) as IpAddress;

describe('SipHash-2-4', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const message = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

  test('gives the vectors that its authors published', () => {
    expect(hex(sipHash(key, message(0)))).toBe('310e0edd47db6f72');
    expect(hex(sipHash(key, message(8)))).toBe('6224939a79f5f593');
    expect(hex(sipHash(key, message(15)))).toBe('e545be4961ca29a1');
  });
});

describe('the keys of Fast Open', () => {
  const text = 'a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4';
  const client = address('192.0.2.1');
  const server = address('192.168.0.1');

  test('make the cookies that Linux makes of the same key and addresses', () => {
    expect(hex(parseKeys(text)?.cookieFor(client, server) ?? new Uint8Array(0))).toBe('3021b9d889017eeb');
    const six = parseKeys(text)?.cookieFor(address('fd3d:fa7b:d17d::1'), address('fd3d:a0b:17d6::1'));
    expect(hex(six ?? new Uint8Array(0))).toBe('c1d1e9742a47a9bc');
    const other = parseKeys('a0bf63f7-ed803d81-cd641d30-cebc4a90');
    expect(hex(other?.cookieFor(address('10.248.0.2'), address('192.168.0.2')) ?? new Uint8Array(0))).toBe(
      '00abaaabe8e954c2',
    );
  });

  test('are shown as they were set, one or two of them', () => {
    expect(parseKeys(text)?.text).toBe(text);
    expect(parseKeys(`${text},1-2-3-4`)?.text).toBe(`${text},00000001-00000002-00000003-00000004`);
    expect(parseKeys(text)?.bytes.subarray(0, 4)).toEqual(bytes('a1a1a1a1'));
    expect(parseKeys('01020304-0-0-0')?.bytes.subarray(0, 4)).toEqual(bytes('04030201'));
  });

  test('are refused when they are no keys', () => {
    for (const wrong of ['', '1-2-3', '1-2-3-4-5', 'g-0-0-0', '123456789-0-0-0', `${text},${text},${text}`]) {
      expect(parseKeys(wrong)).toBeNull();
    }
  });

  test('know the cookies of the key before while there are two', () => {
    const old = parseKeys('1-2-3-4');
    const both = parseKeys(`${text},1-2-3-4`);
    const cookie = old?.cookieFor(client, server) ?? new Uint8Array(0);
    expect(both?.judge(cookie, client, server)).toBe('former');
    expect(parseKeys(text)?.judge(cookie, client, server)).toBe('invalid');
    expect(both?.judge(both.cookieFor(client, server), client, server)).toBe('present');
  });
});
