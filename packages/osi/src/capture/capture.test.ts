import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ethernet, text, udp } from '../../test/frames.ts';
import { TraceRecord } from '../trace/index.ts';
import { CaptureError, encodePcapng, readPcapng, writePcapng } from './index.ts';

const FRAME = ethernet(udp(text('hi there')));

/** A frame from the client over a switch to the server, sent by a line of a program. */
function record(): TraceRecord {
  const record = new TraceRecord();
  const where = { file: 'client.py', line: 9 };
  const call = record.add(1000, 'client', {
    kind: 'system-call',
    cause: 0,
    pid: 1,
    tid: 1,
    program: 'client.py',
    name: 'sendto',
    args: '',
    where,
  });
  let sent = record.add(
    1001,
    'client',
    {
      kind: 'frame-sent',
      cause: call,
      port: 'eth0',
      length: FRAME.length,
      reason: 'udp.datagram',
      origins: [call],
    },
    FRAME,
  );
  let got = record.add(2000, 'sw', {
    kind: 'frame-received',
    cause: sent,
    port: '1',
    sent,
    length: FRAME.length,
  });
  sent = record.add(
    2001,
    'sw',
    {
      kind: 'frame-sent',
      cause: got,
      port: '2',
      length: FRAME.length,
      reason: 'switch.forward',
      origins: [call],
    },
    FRAME,
  );
  got = record.add(3000, 'server', {
    kind: 'frame-received',
    cause: sent,
    port: 'eth0',
    sent,
    length: FRAME.length,
  });
  record.add(
    2 ** 32 + 5,
    'server',
    {
      kind: 'frame-sent',
      cause: got,
      port: 'eth0',
      length: FRAME.length,
      reason: 'icmp.port-unreachable',
      origins: [],
    },
    FRAME,
  );
  return record;
}

describe('a capture', () => {
  it('has each frame once, at the machine that sent it, with its time to the nanosecond and why it was sent', () => {
    const frames = readPcapng(writePcapng(record()));
    expect(
      frames.map(({ time, interface: port, direction, comment }) => ({ time, port, direction, comment })),
    ).toEqual([
      {
        time: 1001,
        port: 'client:eth0',
        direction: 'out',
        comment:
          'Sent by client:eth0 as udp.datagram, because client ran client.py:9 sendto(). Carries bytes of client.py:9 sendto().',
      },
      {
        time: 2 ** 32 + 5,
        port: 'server:eth0',
        direction: 'out',
        comment:
          'Sent by server:eth0 as icmp.port-unreachable, because frame 1 came with bytes of client.py:9 sendto().',
      },
    ]);
    expect(frames[0]?.bytes).toEqual(FRAME);
  });

  it('taken at a port has what came in and what went out there', () => {
    const frames = readPcapng(writePcapng(record(), { ports: ['server:eth0'] }));
    expect(frames.map(({ interface: port, direction, time }) => [port, direction, time])).toEqual([
      ['server:eth0', 'in', 3000],
      ['server:eth0', 'out', 2 ** 32 + 5],
    ]);
  });

  it('of the same record is the same, byte by byte', () => {
    expect(writePcapng(record())).toEqual(writePcapng(record()));
  });

  it('gives back any frames and comments that were put in', () => {
    const frame = fc.record({
      time: fc.maxSafeNat(),
      interface: fc.nat(2),
      direction: fc.constantFrom('in' as const, 'out' as const),
      bytes: fc.uint8Array({ maxLength: 200 }),
      comment: fc.string({ unit: 'binary', maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), (frames) => {
        const read = readPcapng(encodePcapng(['a:1', '서버:eth0', 'c:3'], frames));
        expect(
          read.map(({ time, bytes, comment, direction }) => ({ time, bytes, comment, direction })),
        ).toEqual(frames.map(({ time, bytes, comment, direction }) => ({ time, bytes, comment, direction })));
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('cuts a comment that is too long between characters', () => {
    const frame = {
      time: 0,
      interface: 0,
      direction: 'out' as const,
      bytes: FRAME,
      comment: '왜'.repeat(30_000),
    };
    expect(readPcapng(encodePcapng(['a:1'], [frame]))[0]?.comment).toBe('왜'.repeat(21_845));
  });
});

describe('a pcap file of the older format', () => {
  const header = (magic: number, little: boolean): number[] => {
    const words = [magic, 0x00020004, 0, 0, 65535, 1, 7, 500, 2, 2];
    const view = new DataView(new ArrayBuffer(words.length * 4));
    for (const [i, word] of words.entries()) view.setUint32(i * 4, word, little);
    return [...new Uint8Array(view.buffer), 0xab, 0xcd];
  };

  it.each([
    ['microseconds, big-endian', 0xa1b2c3d4, false, 7e9 + 500_000],
    ['microseconds, little-endian', 0xa1b2c3d4, true, 7e9 + 500_000],
    ['nanoseconds, little-endian', 0xa1b23c4d, true, 7e9 + 500],
  ])('is read: %s', (_, magic, little, time) => {
    expect(readPcapng(Uint8Array.from(header(magic, little)))).toMatchObject([
      { time, linkType: 1, length: 2, bytes: Uint8Array.of(0xab, 0xcd) },
    ]);
  });
});

describe('a file that is no capture', () => {
  const good = writePcapng(record());
  const damaged = (change: (view: DataView) => void): Uint8Array => {
    const copy = good.slice();
    change(new DataView(copy.buffer));
    return copy;
  };

  it.each<[string, Uint8Array, number, string]>([
    ['is empty', new Uint8Array(0), 0, 'a file of 0 bytes'],
    ['is something else', text('#!/bin/sh\nexit 0\n'), 0, '0x23212f62'],
    ['has no byte order', damaged((view) => view.setUint32(8, 0)), 8, '0x00000000'],
    [
      'has a block that is too long',
      damaged((view) => view.setUint32(4, 0xfffffffc, true)),
      4,
      'a block of 4294967292 bytes',
    ],
    ['has a block without length', damaged((view) => view.setUint32(32, 0, true)), 32, 'a block of 0 bytes'],
    [
      'has lengths that differ',
      damaged((view) => view.setUint32(24, 32, true)),
      24,
      'a second block length of 32',
    ],
    ['is cut inside a block', good.subarray(0, 40), 32, 'a block of'],
    ['is cut after a block type', good.subarray(0, 32), 28, '4 bytes'],
  ])('%s: one error says where', (_, bytes, offset, found) => {
    const read = (): unknown => readPcapng(bytes);
    expect(read).toThrow(CaptureError);
    try {
      read();
    } catch (error) {
      expect((error as CaptureError).offset).toBe(offset);
      expect((error as CaptureError).message).toContain(found);
    }
  });

  it('gives frames or that error, and comes to an end, whatever is changed in it', () => {
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = good.slice(0, length);
          for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
          try {
            readPcapng(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(CaptureError);
          }
        },
      ),
      { numRuns: 5000, seed: 9 },
    );
  });
});
