import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteLog } from './byte-log.ts';

test('numbers come out as they went in, however many records there are and wherever reading stands', () => {
  const record = fc.array(fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger()), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 2000 }), fc.integer({ min: 1, max: 50 }), (records, every) => {
      const log = new ByteLog();
      const read: number[][] = [];
      const readUpTo = (count: number) => {
        while (read.length < count) {
          log.next();
          const length = log.get() - 1;
          read.push(Array.from({ length }, () => log.getAny()));
        }
      };
      records.forEach((numbers, i) => {
        log.begin(100);
        log.put(numbers.length + 1);
        for (const n of numbers) log.putAny(n);
        if (i % every === 0) readUpTo(i);
      });
      readUpTo(records.length);
      expect(read).toEqual(records);
    }),
    { numRuns: 30 },
  );
});

test('small numbers take one byte, and 2^50 eight', () => {
  const log = new ByteLog();
  log.begin(100);
  for (const n of [1, 127, 128, 0x7fff_ffff, 0x8000_0000, 2 ** 50]) log.put(n);
  log.next();
  expect([1, 2, 3, 4, 5, 6].map(() => log.get())).toEqual([1, 127, 128, 0x7fff_ffff, 0x8000_0000, 2 ** 50]);
});
