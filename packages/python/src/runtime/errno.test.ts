import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { ErrorNumbers } from './errno.ts';

// WASI's, as Emscripten has them.
const errors = new ErrorNumbers({
  ECONNREFUSED: 14,
  EAGAIN: 6,
  EWOULDBLOCK: 6,
  ENOTSUP: 138,
  EOPNOTSUPP: 138,
});

describe('error numbers at the border', () => {
  it('are translated both ways', () => {
    expect(errors.fromLinux(ERRNO.ECONNREFUSED)).toBe(14);
    expect(errors.toLinux(14)).toBe(111);
    expect(errors.toLinux(6)).toBe(11);
  });

  it('results that are no errors stay as they are', () => {
    expect(errors.result(111)).toBe(111);
    expect(errors.result(-111)).toBe(-14);
  });
});
