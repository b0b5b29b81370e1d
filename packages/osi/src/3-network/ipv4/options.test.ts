import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../address.ts';
import { checkIpv4, writeChecksum } from './codec.ts';
import { echoedOptions, examineGiven, examineOptions, recordStation } from './options.ts';

const HERE = parseIpv4('10.0.0.7') ?? (0 as never);
const HERE_BYTES = [10, 0, 0, 7];
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** A packet of a header with options and no payload. */
function packet(...options: number[]): DataView {
  const length = 20 + ((options.length + 3) & ~3);
  const view = new DataView(new ArrayBuffer(length));
  view.setUint8(0, 0x40 | (length >> 2));
  view.setUint16(2, length);
  new Uint8Array(view.buffer).set(options, 20);
  writeChecksum(view, 0, length);
  return view;
}

const examined = (view: DataView) => examineOptions(view, 0, { problem: 0, sourceRoute: 0 });

/** What the options are after `times` stations, the header being in order. */
function after(times: number, ...options: number[]): number[] {
  const view = packet(...options);
  for (let i = 0; i < times; i++) recordStation(view, 0, HERE, 5 + i);
  expect(checkIpv4(view, 0, view.byteLength)).toBeNull();
  return [...new Uint8Array(view.buffer, 20, options.length)];
}

describe('options of a packet', () => {
  it.each<[string, number[]]>([
    ['no-operations', [1, 1, 1, 1]],
    ['anything behind their end', [0, 255, 255]],
    ['one that nobody knows', [222, 4, 9, 9]],
    ['a route that has room', [7, 11, 4, ...zeros(8)]],
    ['a route that is full', [7, 7, 8, ...zeros(4)]],
    ['times', [68, 12, 5, 0, ...zeros(8)]],
    ['times with addresses', [68, 12, 5, 1, ...zeros(8)]],
  ])('may be %s', (_what, options) => {
    expect(examined(packet(...options))).toEqual({ problem: -1, sourceRoute: -1 });
    expect(examineGiven(Uint8Array.from(options))).toEqual({ problem: -1, sourceRoute: -1 });
  });

  it.each<[string, number[], number]>([
    ['that are longer than the header', [1, 7, 40], 1],
    ['without a length', [1, 1, 1, 68], 3],
    ['of length 1', [7, 1], 0],
    ['with a route whose pointer is before its first place', [7, 7, 3, ...zeros(4)], 2],
    ['with a route whose pointer is no place', [7, 7, 6, ...zeros(4)], 2],
    ['with times of an unknown kind', [68, 8, 5, 2, ...zeros(4)], 3],
    ['with times that have no room for an address', [68, 8, 5, 1, ...zeros(4)], 2],
    ['with times that fifteen stations could not write', [68, 8, 9, 0xf0, ...zeros(4)], 3],
  ])('%s are pointed at', (_what, options, at) => {
    expect(examined(packet(...options)).problem).toBe(20 + at);
  });

  it.each<[string, number[], number]>([
    ['too short', [131, 2], 1],
    ['whose pointer is before its first station', [131, 7, 3, ...zeros(4)], 2],
    ['beside another one', [131, 3, 4, 137, 3, 4], 3],
  ])('with a source route %s are pointed at', (_what, options, at) => {
    expect(examined(packet(...options)).problem).toBe(20 + at);
  });

  it('may have a source route; a program names all its stations before they are come by', () => {
    expect(examined(packet(1, 131, 7, 4, ...zeros(4)))).toEqual({ problem: -1, sourceRoute: 21 });
    expect(examineGiven(Uint8Array.from([1, 137, 7, 4, ...zeros(4)]))).toEqual({
      problem: -1,
      sourceRoute: 1,
    });
    expect(examineGiven(Uint8Array.from([137, 7, 8, ...zeros(4)])).problem).toBe(1);
    expect(examineGiven(Uint8Array.from([137, 8, 4, ...zeros(5)])).problem).toBe(1);
  });

  it('of any bytes are read, written on and echoed without harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const view = packet(...bytes);
        const { problem } = examined(view);
        if (problem >= 0) {
          expect(problem).toBeGreaterThanOrEqual(20);
          expect(problem).toBeLessThan(view.byteLength);
          return;
        }
        for (let i = 0; i < 20 && examined(view).problem < 0; i++) recordStation(view, 0, HERE, i);
        expect(checkIpv4(view, 0, view.byteLength)).toBeNull();
        const echoed = echoedOptions(new Uint8Array(view.buffer, 20), HERE);
        expect((echoed?.length ?? 0) % 4).toBe(0);
      }),
    );
  });
});

describe('a station that a packet comes by', () => {
  it('is written into the recorded route, as long as there is room', () => {
    expect(after(1, 7, 11, 4, ...zeros(8))).toEqual([7, 11, 8, ...HERE_BYTES, ...zeros(4)]);
    expect(after(3, 7, 11, 4, ...zeros(8))).toEqual([7, 11, 12, ...HERE_BYTES, ...HERE_BYTES]);
  });

  it('gives the time of day in milliseconds, and is counted when there is no room', () => {
    expect(after(3, 68, 12, 5, 0, ...zeros(8))).toEqual([68, 12, 13, 0x10, 0, 0, 0, 5, 0, 0, 0, 6]);
  });

  it('gives its address with the time, where that is wanted', () => {
    expect(after(1, 68, 12, 5, 1, ...zeros(8))).toEqual([68, 12, 13, 1, ...HERE_BYTES, 0, 0, 0, 5]);
  });

  it('gives the time only if the sender has named it', () => {
    const named = (...address: number[]) => [68, 12, 5, 3, ...address, ...zeros(4)];
    expect(after(1, ...named(...HERE_BYTES))).toEqual([68, 12, 13, 3, ...HERE_BYTES, 0, 0, 0, 5]);
    expect(after(1, ...named(10, 0, 0, 8))).toEqual(named(10, 0, 0, 8));
  });

  it('changes nothing else', () => {
    expect(after(2, 1, 148, 4, 0, 0, 222, 3, 1)).toEqual([1, 148, 4, 0, 0, 222, 3, 1]);
  });
});

describe('an answer', () => {
  it('goes on with route and times, padded to four bytes, and with nothing else', () => {
    const options = [1, 7, 7, 8, ...HERE_BYTES, 148, 4, 0, 0, 0, 0, 0, 0];
    expect(echoedOptions(Uint8Array.from(options), HERE)).toEqual(
      Uint8Array.from([7, 7, 8, ...HERE_BYTES, 0]),
    );
    expect(echoedOptions(Uint8Array.from([1, 1, 148, 4, 0, 0, 0, 0]), HERE)).toBeUndefined();
  });

  it('goes back by the stations that were come by, in reverse, without the sender itself', () => {
    const came = (...first: number[]) =>
      Uint8Array.from([131, 15, 16, ...first, 10, 0, 2, 1, 10, 0, 3, 1, 0]);
    expect(echoedOptions(came(10, 0, 1, 1), HERE)).toEqual(
      Uint8Array.from([131, 15, 4, 10, 0, 3, 1, 10, 0, 2, 1, 10, 0, 1, 1, 0]),
    );
    expect(echoedOptions(came(...HERE_BYTES), HERE)).toEqual(
      Uint8Array.from([131, 11, 4, 10, 0, 3, 1, 10, 0, 2, 1, 0]),
    );
    expect(echoedOptions(Uint8Array.from([137, 7, 4, ...HERE_BYTES, 0]), HERE)).toBeUndefined();
  });
});
