import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anAddress } from '../../../test/arbitraries.ts';
import { MLD_DONE, MLD_V2_REPORT } from '../icmpv6/codec.ts';
import {
  MLD_RECORD_LENGTH,
  MLD_V2_REPORT_HEADER,
  readGroup,
  readMaximumDelay,
  readResponseDelay,
  writeMldRecord,
  writeMldReport,
  writeMldV1,
} from './codec.ts';

test('messages of listener discovery hold the group they are about', () => {
  fc.assert(
    fc.property(anAddress, (group) => {
      const view = new DataView(new ArrayBuffer(64));
      writeMldV1(view, 4, MLD_DONE, group);
      expect(readGroup(view, 4, 0).equals(group)).toBe(true);
      writeMldReport(view, 0, 1);
      writeMldRecord(view, MLD_V2_REPORT_HEADER, 4, group, []);
      expect([view.getUint8(0), view.getUint16(6), view.getUint8(8)]).toEqual([MLD_V2_REPORT, 1, 4]);
      // The record's address stands where that of a message 4 bytes before it would.
      expect(readGroup(view, MLD_V2_REPORT_HEADER - 4, 0).equals(group)).toBe(true);
      expect(MLD_V2_REPORT_HEADER + MLD_RECORD_LENGTH).toBe(28);
    }),
  );
});

test('long response times are floating-point numbers (RFC 3810 section 5.1.3)', () => {
  const view = new DataView(new ArrayBuffer(28));
  view.setUint16(4, 10_000);
  expect([readMaximumDelay(view, 0), readResponseDelay(view, 0)]).toEqual([10_000, 10_000]);
  view.setUint16(4, 0x8000);
  expect(readResponseDelay(view, 0)).toBe(0x1000 << 3);
  view.setUint16(4, 0xffff);
  expect(readResponseDelay(view, 0)).toBe(0x1fff << 10);
});
