import { describe, expect, it } from 'vitest';
import { ERRNO } from '../trace/index.ts';
import { AF_INET, AF_INET6 } from './constants.ts';
import { readControls } from './send-controls.ts';

const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);

describe('control messages of sendmsg(2)', () => {
  it('say how far one packet goes, and of what class it is', () => {
    const six = [
      { level: 41, type: 52, data: int(2) },
      { level: 41, type: 67, data: int(0x20) },
    ];
    expect(readControls(six, AF_INET6)).toEqual({ ttl: 2, tos: 0x20 });
    const four = [
      { level: 0, type: 2, data: int(3) },
      { level: 0, type: 1, data: Uint8Array.of(8) },
    ];
    expect(readControls(four, AF_INET)).toEqual({ ttl: 3, tos: 8 });
  });

  it('leave to the machine what is -1, and what is of another level', () => {
    expect(readControls([{ level: 41, type: 52, data: int(-1) }], AF_INET6)).toEqual({});
    expect(readControls([{ level: 41, type: 52, data: int(2) }], AF_INET)).toEqual({});
    expect(readControls([{ level: 17, type: 103, data: int(2) }], AF_INET)).toEqual({});
  });

  it.each([
    ['of another size', 41, 52, new Uint8Array(5)],
    ['out of range', 41, 67, int(256)],
    ['that nobody knows', 41, 99, int(1)],
  ])('are refused when one is %s', (_, level, type, data) => {
    expect(readControls([{ level, type, data }], AF_INET6)).toBe(-ERRNO.EINVAL);
  });
});
