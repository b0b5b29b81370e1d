import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FramePool } from '../../1-physical/index.ts';
import { insertTag, isTagged, readTag, removeTag, vlanOf } from './codec.ts';

const pool = new FramePool();

function frameOf(bytes: Uint8Array) {
  const frame = pool.take(bytes.length);
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  return frame;
}

describe('a VLAN tag', () => {
  it('stands between the addresses and the type, and says 0x8100, priority and VLAN', () => {
    const frame = frameOf(Uint8Array.from({ length: 60 }, (_, i) => i));
    insertTag(frame, 0x600a);
    const bytes = frame.data();
    expect([...bytes.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect([...bytes.subarray(12, 16)]).toEqual([0x81, 0x00, 0x60, 0x0a]);
    expect([...bytes.subarray(16, 18)]).toEqual([12, 13]);
    expect(frame.length).toBe(64);
    expect(vlanOf(readTag(frame.view, frame.start))).toBe(10);
  });

  it('leaves any frame as it was when it is put in and taken out again', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 60, maxLength: 1514 }),
        fc.integer({ min: 0, max: 0xffff }),
        (bytes, control) => {
          const frame = frameOf(bytes);
          insertTag(frame, control);
          expect(isTagged(frame.view, frame.start, frame.end)).toBe(true);
          expect(readTag(frame.view, frame.start)).toBe(control);
          removeTag(frame);
          expect(frame.data()).toEqual(bytes);
          frame.release();
        },
      ),
    );
  });

  it('taken out of a frame of minimum length leaves one that is padded with zeros', () => {
    const frame = frameOf(new Uint8Array(60).fill(7));
    frame.bytes.fill(9, frame.end, frame.end + 10);
    removeTag(frame);
    expect(frame.length).toBe(60);
    expect([...frame.data().subarray(-5)]).toEqual([7, 0, 0, 0, 0]);
  });
});
