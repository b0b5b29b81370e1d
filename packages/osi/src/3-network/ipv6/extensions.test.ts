import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DESTINATION_OPTIONS,
  FRAGMENT,
  findUpperLayer,
  HOP_BY_HOP,
  hasMoreFragments6,
  judgeOptions,
  NO_NEXT_HEADER,
  ROUTING,
  readFragmentId,
  readFragmentOffset6,
  writeFragmentHeader,
  writeRouterAlert,
} from './extensions.ts';

const viewOf = (...bytes: number[]): DataView => new DataView(Uint8Array.from(bytes).buffer);

function judge(bytes: number[], hopByHop = true, multicast = false) {
  const options = [0, 0, ...bytes];
  while (options.length % 8 !== 0) options.push(0);
  return judgeOptions(viewOf(...options), 0, options.length, hopByHop, multicast, {
    reason: null,
    pointer: -1,
    routerAlert: false,
  });
}

/** A packet with these extension headers, 8 bytes each, and 8 bytes of payload. */
function chain(...headers: number[]): DataView {
  const view = new DataView(new ArrayBuffer(40 + 8 * headers.length + 8));
  headers.forEach((header, i) => {
    view.setUint8(i === 0 ? 6 : 40 + 8 * (i - 1), header);
  });
  view.setUint8(headers.length === 0 ? 6 : 40 + 8 * (headers.length - 1), 17);
  return view;
}

const upper = (view: DataView, end = view.byteLength) =>
  findUpperLayer(view, 0, end, { protocol: 0, at: 0, laterFragment: false, routing: -1 });

describe('extension headers', () => {
  test('lead to the upper layer', () => {
    expect(upper(chain())).toEqual({ protocol: 17, at: 40, laterFragment: false, routing: -1 });
    expect(upper(chain(HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS)).at).toBe(72);
  });

  test('of a later fragment end with the fragment header', () => {
    const view = chain(FRAGMENT);
    view.setUint16(42, 8);
    expect(upper(view)).toEqual({ protocol: 17, at: 48, laterFragment: true, routing: -1 });
  });

  test('that are cut off, endless or lead nowhere lead to nothing', () => {
    expect(upper(chain(HOP_BY_HOP), 44).protocol).toBe(-1);
    expect(upper(chain(...new Array<number>(10).fill(DESTINATION_OPTIONS))).protocol).toBe(-1);
    const view = chain(DESTINATION_OPTIONS);
    view.setUint8(40, NO_NEXT_HEADER);
    expect(upper(view).protocol).toBe(-1);
    view.setUint8(40, 17);
    view.setUint8(41, 200);
    expect(upper(view).protocol).toBe(-1);
  });

  test('of a fragment are read as they were written', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.nat(0x1fff),
        fc.boolean(),
        fc.nat(0xffff_ffff),
        (next, eighths, more, id) => {
          const view = new DataView(new ArrayBuffer(8));
          writeFragmentHeader(view, 0, next, eighths * 8, more, id);
          expect([view.getUint8(0), readFragmentOffset6(view, 0), hasMoreFragments6(view, 0)]).toEqual([
            next,
            eighths * 8,
            more,
          ]);
          expect(readFragmentId(view, 0)).toBe(id);
        },
      ),
    );
  });
});

describe('options', () => {
  test('a router alert is heard, padding is none', () => {
    const view = new DataView(new ArrayBuffer(8));
    writeRouterAlert(view, 0, 58);
    const verdict = judgeOptions(view, 0, 8, true, true, { reason: '', pointer: 0, routerAlert: false });
    expect(verdict).toEqual({ reason: null, pointer: -1, routerAlert: true });
  });

  test.each([
    ['00 is skipped', [0x1e, 0], null, -1],
    ['01 drops the packet in silence', [0x5e, 0], 'ipv6.option', -1],
    ['10 drops it and tells', [0x9e, 0], 'ipv6.option', 2],
    ['11 drops it and tells, unless it went to a group', [0xde, 0], 'ipv6.option', 2],
  ])('unknown: one whose type begins with bits %s (RFC 8200 section 4.2)', (_, bytes, reason, pointer) => {
    expect(judge(bytes, false)).toEqual({ reason, pointer, routerAlert: false });
  });

  test('are taken in their order: the first that ends the packet decides', () => {
    expect(judge([0x5e, 0, 0x9e, 0]).pointer).toBe(-1);
    expect(judge([0x9e, 0, 0x5e, 0]).pointer).toBe(2);
  });

  test('one that begins with bits 11 is not told of to the sender of a multicast', () => {
    expect(judge([0xde, 0], false, true).pointer).toBe(-1);
  });

  test('that reach behind their header, are too many or mostly padding are refused', () => {
    expect(judge([0x1e, 9]).reason).toBe('ipv6.option-length');
    expect(judge(new Array<number>(18).fill(0x1e).flatMap((type) => [type, 0])).reason).toBe(
      'ipv6.too-many-options',
    );
    expect(judge([0xc2, 4, 0, 1, 0, 0]).reason).toBe('ipv6.jumbogram');
  });

  test('padding is up to 7 bytes, all zero (RFC 4942 section 2.1.9.5)', () => {
    const zeros = (count: number) => new Array<number>(count).fill(0);
    for (const bytes of [zeros(6), [1, 4, ...zeros(4)], [0, 1, 4, ...zeros(4), 0x1e, 3, 0, 0, 0]]) {
      expect(judge(bytes).reason).toBe(null);
    }
    for (const bytes of [zeros(8), [1, 6, ...zeros(6)], [0, 1, 5, ...zeros(5)], [1, 4, 0, 0, 0, 7]]) {
      expect(judge(bytes).reason).toBe('ipv6.option-padding');
    }
  });
});
