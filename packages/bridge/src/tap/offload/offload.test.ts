import { type Frame, FramePool } from '@netarium/osi/1-physical';
import { checksumOf, pseudoHeaderSum, sumBytes } from '@netarium/osi/3-network';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Coalescer, withHeader } from './coalescing.ts';
import { describe as describeOffload, mustBeCut, takeOver } from './segmentation.ts';
import {
  NEEDS_CHECKSUM,
  noOffload,
  readVirtioHeader,
  VIRTIO_HEADER,
  writeVirtioHeader,
} from './virtio-header.ts';

const pool = new FramePool();

interface Fields {
  sequence: number;
  data: Uint8Array;
  flags?: number;
  options?: number;
  port?: number;
  ack?: number;
  window?: number;
  id?: number;
  ttl?: number;
  fragment?: number;
  stamp?: number;
}

/** A segment as it stands on the wire, with all its checksums. */
function segment(fields: Fields): Frame {
  const { sequence, data, flags = 0x10, options = 12, port = 80, ack = 7, window = 500 } = fields;
  const { id = 1, ttl = 64, fragment = 0x4000, stamp = 1 } = fields;
  const header = 20 + options;
  const frame = pool.take(14 + 20 + header + data.length);
  const { view, start } = frame;
  frame.end = start + 34 + header + data.length;
  frame.bytes.fill(0, start, frame.end);
  frame.bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], start);
  const ip = start + 14;
  view.setUint16(ip, 0x4500);
  view.setUint16(ip + 2, 20 + header + data.length);
  view.setUint16(ip + 4, id & 0xffff);
  view.setUint16(ip + 6, fragment);
  view.setUint8(ip + 8, ttl);
  view.setUint8(ip + 9, 6);
  view.setUint32(ip + 12, 0x0a4d0001);
  view.setUint32(ip + 16, 0x0a4d0002);
  view.setUint16(ip + 10, checksumOf(sumBytes(view, ip, ip + 20)));
  const tcp = ip + 20;
  view.setUint16(tcp, 5000);
  view.setUint16(tcp + 2, port);
  view.setUint32(tcp + 4, sequence >>> 0);
  view.setUint32(tcp + 8, ack);
  view.setUint8(tcp + 12, (header / 4) << 4);
  view.setUint8(tcp + 13, flags);
  view.setUint16(tcp + 14, window);
  if (options >= 12) {
    view.setUint32(tcp + 20, 0x0101080a);
    view.setUint32(tcp + 24, stamp);
  }
  frame.bytes.set(data, tcp + header);
  const pseudo = pseudoHeaderSum(0x0a4d0001, 0x0a4d0002, 6, frame.end - tcp);
  view.setUint16(tcp + 16, checksumOf(sumBytes(view, tcp, frame.end, pseudo)));
  return frame;
}

/** Rows that `frames` make: for each what is written, and of how many it is made. */
function rows(frames: readonly Frame[]): { bytes: Uint8Array; count: number }[] {
  const coalescer = new Coalescer();
  const written: { bytes: Uint8Array; count: number }[] = [];
  const write = () => {
    if (coalescer.frames.length === 0) return;
    written.push({ bytes: coalescer.bytes().slice(), count: coalescer.frames.length });
    coalescer.clear();
  };
  for (const frame of frames) {
    if (coalescer.add(frame)) continue;
    write();
    if (!coalescer.add(frame)) written.push({ bytes: withHeader(frame).slice(), count: 1 });
  }
  write();
  return written;
}

function frameOf(bytes: Uint8Array): Frame {
  const frame = pool.take(bytes.length);
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  return frame;
}

/** The frames that cross an ordinary cable for what one side of the device gives the other. */
function unfolded(bytes: Uint8Array): Uint8Array[] {
  const header = noOffload();
  readVirtioHeader(new DataView(bytes.buffer, bytes.byteOffset), 0, header);
  const whole = frameOf(bytes.subarray(VIRTIO_HEADER));
  if (!takeOver(header, whole)) return [];
  const frames: Uint8Array[] = [];
  const each = (frame: Frame) => {
    frames.push(frame.data().slice());
    frame.release();
  };
  if (whole.offload === null) each(whole);
  else whole.offload.finish(whole, pool, each);
  return frames;
}

describe('segments put together and parted again', () => {
  const stream = fc
    .record({
      size: fc.integer({ min: 1, max: 1460 }),
      full: fc.integer({ min: 0, max: 60 }),
      rest: fc.double({ min: 0, max: 1, noNaN: true }),
      push: fc.boolean(),
      sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
      id: fc.integer({ min: 0, max: 0xffff }),
      options: fc.constantFrom(0, 12),
    })
    .map(({ size, full, rest, push, sequence, id, options }) => {
      const lengths = [...Array<number>(full).fill(size), Math.max(1, Math.floor(size * rest))];
      let at = sequence;
      return lengths.map((length, i) => {
        const data = new Uint8Array(length).map((_, k) => (at + k * 7) & 0xff);
        const last = i === lengths.length - 1;
        const frame = segment({ sequence: at, data, id: id + i, options, flags: last && push ? 0x18 : 0x10 });
        at += length;
        return frame;
      });
    });

  test('any stream comes out byte for byte, in fewer pieces', () => {
    fc.assert(
      fc.property(stream, (frames) => {
        const before = frames.map((frame) => frame.data().slice());
        const written = rows(frames);
        expect(written.flatMap(({ bytes }) => unfolded(bytes))).toEqual(before);
        expect(written.length).toBeLessThanOrEqual(Math.ceil(before.length / 40));
        for (const frame of frames) frame.release();
      }),
      { numRuns: 200 },
    );
  });

  test('the shortest segments too', () => {
    const frames = [0, 1, 2].map((i) =>
      segment({ sequence: i, data: new Uint8Array([i]), id: 1 + i, options: 0 }),
    );
    const before = frames.map((frame) => frame.data().slice());
    const [row, ...more] = rows(frames);
    expect([row!.count, more.length]).toEqual([3, 0]);
    expect(unfolded(row!.bytes)).toEqual(before);
  });

  const data = new Uint8Array(100).fill(9);
  test.each<[string, Partial<Fields>]>([
    ['a gap', { sequence: 1201 }],
    ['a segment again', { sequence: 1000 }],
    ['another port', { port: 81 }],
    ['another acknowledgment', { ack: 8 }],
    ['another window', { window: 501 }],
    ['other timestamps', { stamp: 2 }],
    ['other options', { options: 0 }],
    ['another TTL', { ttl: 63 }],
    ['a fragment', { fragment: 0x2000 }],
    ['FIN', { flags: 0x11 }],
    ['URG', { flags: 0x30 }],
    ['RST', { flags: 0x14 }],
    ['more data than before', { data: new Uint8Array(101) }],
    ['no data', { data: new Uint8Array(0) }],
  ])('%s is not put together with what was before', (_, differs) => {
    const first = segment({ sequence: 1000, data });
    const second = segment({ sequence: 1100, data, id: 2, ...differs });
    const before = [first, second].map((frame) => frame.data().slice());
    const written = rows([first, second]);
    expect(written.map(({ count }) => count)).toEqual([1, 1]);
    expect(written.flatMap(({ bytes }) => unfolded(bytes))).toEqual(before);
  });

  test('nothing follows a shorter segment or PSH in one row', () => {
    const short = [
      segment({ sequence: 0, data }),
      segment({ sequence: 100, data: data.subarray(50), id: 2 }),
      segment({ sequence: 150, data, id: 3 }),
    ];
    expect(rows(short).map(({ count }) => count)).toEqual([2, 1]);
    const pushed = [segment({ sequence: 0, data, flags: 0x18 }), segment({ sequence: 100, data, id: 2 })];
    expect(rows(pushed).map(({ count }) => count)).toEqual([1, 1]);
  });
});

describe('what a kernel leaves to us', () => {
  /** The frame with a header in front, and its checksum replaced by the pseudo-header's sum. */
  function left(frame: Frame, header: Partial<ReturnType<typeof noOffload>>): Uint8Array {
    const tcp = frame.start + 34;
    const partial = pseudoHeaderSum(0x0a4d0001, 0x0a4d0002, 6, frame.end - tcp);
    frame.view.setUint16(tcp + 16, partial);
    const bytes = new Uint8Array(VIRTIO_HEADER + frame.length);
    writeVirtioHeader(new DataView(bytes.buffer), 0, { ...noOffload(), ...header });
    bytes.set(frame.data(), VIRTIO_HEADER);
    return bytes;
  }

  test('a checksum is completed', () => {
    const wanted = segment({ sequence: 5, data: new Uint8Array([1, 2, 3]) })
      .data()
      .slice();
    const bytes = left(segment({ sequence: 5, data: new Uint8Array([1, 2, 3]) }), {
      flags: NEEDS_CHECKSUM,
      checksumStart: 34,
      checksumOffset: 16,
    });
    expect(unfolded(bytes)).toEqual([wanted]);
  });

  test.each([
    ['UDP', 6, 0x77, 0xffff],
    ['TCP', 16, 17, 0],
  ])('a checksum of 0 over IPv6 is written as %s has it', (_, checksumOffset, secondByte, wanted) => {
    const frame = pool.take(14 + 40 + 20);
    frame.end = frame.start + 14 + 40 + 20;
    frame.bytes.fill(0, frame.start, frame.end);
    frame.view.setUint16(frame.start + 12, 0x86dd);
    // The second byte of the source is where IPv4 has its protocol.
    frame.bytes.set([0xfd, secondByte], frame.start + 14 + 8);
    frame.view.setUint16(frame.start + 54, 0xffff);
    const header = { ...noOffload(), flags: NEEDS_CHECKSUM, checksumStart: 54, checksumOffset };
    expect(takeOver(header, frame)).toBe(true);
    expect(frame.view.getUint16(frame.start + 54 + checksumOffset)).toBe(wanted);
  });

  test('CWR belongs to the first segment, FIN and PSH to the last', () => {
    const whole = segment({ sequence: 0, data: new Uint8Array(250), flags: 0x99 });
    const header = {
      flags: NEEDS_CHECKSUM,
      segmentation: 1,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 16,
    };
    const flags = unfolded(left(whole, header)).map((bytes) => bytes[34 + 13]);
    expect(flags).toEqual([0x90, 0x10, 0x19]);
  });

  test('a VLAN tag stays in front of every segment', () => {
    const plain = segment({ sequence: 0, data: new Uint8Array(250) });
    const header = {
      flags: NEEDS_CHECKSUM,
      segmentation: 1,
      segmentSize: 100,
      checksumStart: 38,
      checksumOffset: 16,
    };
    const bytes = left(plain, header);
    const at = VIRTIO_HEADER + 12;
    const tagged = new Uint8Array([...bytes.subarray(0, at), 0x81, 0, 0, 10, ...bytes.subarray(at)]);
    const wanted = [0, 1, 2].map((i) =>
      segment({ sequence: i * 100, data: new Uint8Array(i === 2 ? 50 : 100), id: 1 + i })
        .data()
        .slice(),
    );
    const found = unfolded(tagged);
    expect(found.map((frame) => [...frame.subarray(12, 16)])).toEqual(Array(3).fill([0x81, 0, 0, 10]));
    expect(found.map((frame) => new Uint8Array([...frame.subarray(0, 12), ...frame.subarray(16)]))).toEqual(
      wanted,
    );
  });

  test('a frame for several segments passes whole where a cable takes it, and back to a kernel as it came', () => {
    const header = {
      ...noOffload(),
      flags: NEEDS_CHECKSUM,
      segmentation: 1,
      headersLength: 66,
      segmentSize: 100,
      checksumStart: 34,
      checksumOffset: 16,
    };
    const whole = segment({ sequence: 0, data: new Uint8Array(250) });
    expect(takeOver(header, whole)).toBe(true);
    expect([whole.segments, whole.segmentSize, whole.packetSize]).toEqual([3, 100, 152]);
    expect(mustBeCut(whole)).toBe(false);
    const back = noOffload();
    describeOffload(whole, back);
    expect(back).toEqual(header);
    whole.release();
    const fragile = segment({ sequence: 0, data: new Uint8Array(250), fragment: 0 });
    takeOver(header, fragile);
    expect(mustBeCut(fragile)).toBe(true);
    fragile.release();
  });

  test('what is asked for and makes no sense gives no frame, and no error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.record({
          flags: fc.nat(255),
          segmentation: fc.nat(255),
          headersLength: fc.nat(65_535),
          segmentSize: fc.nat(65_535),
          checksumStart: fc.nat(65_535),
          checksumOffset: fc.nat(65_535),
        }),
        (bytes, header) => {
          const whole = frameOf(bytes);
          let count = 0;
          const each = (frame: Frame) => {
            count++;
            frame.release();
          };
          if (!takeOver(header, whole)) each(whole);
          else if (whole.offload === null) each(whole);
          else whole.offload.finish(whole, pool, each);
          expect(count).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
