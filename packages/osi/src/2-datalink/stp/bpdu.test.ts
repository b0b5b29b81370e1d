import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MacAddress, macFromNumber } from '../ethernet/mac-address.ts';
import { type Bpdu, bpduLength, readBpdu, writeBpdu } from './bpdu.ts';

const mac = fc.integer({ min: 0, max: 0xffff_ffff_ffff }).map(macFromNumber);
const bridge = fc.record({ priority: fc.integer({ min: 0, max: 0xffff }), mac });
const time = fc.integer({ min: 0, max: 40 * 256 }).map((n) => n / 256);
const flags = fc.record({
  topologyChange: fc.boolean(),
  acknowledgment: fc.boolean(),
  proposal: fc.boolean(),
  agreement: fc.boolean(),
  learning: fc.boolean(),
  forwarding: fc.boolean(),
});

const rapid: fc.Arbitrary<Bpdu> = fc.record({
  kind: fc.constant('rapid' as const),
  role: fc.constantFrom('unknown', 'alternate-or-backup', 'root', 'designated'),
  flags,
  vector: fc.record({
    root: bridge,
    cost: fc.integer({ min: 0, max: 0xffff_ffff }),
    bridge,
    port: fc.integer({ min: 0, max: 0xffff }),
  }),
  times: fc.record({ messageAge: time, maxAge: time, helloTime: time, forwardDelay: time }),
});

function written(bpdu: Bpdu): DataView {
  const view = new DataView(new ArrayBuffer(bpduLength(bpdu.kind)));
  writeBpdu(view, 0, bpdu);
  return view;
}

describe('a BPDU', () => {
  it('that was written reads as it was', () => {
    fc.assert(
      fc.property(rapid, (bpdu) => {
        const view = written(bpdu);
        expect(readBpdu(view, 0, view.byteLength)).toEqual(bpdu);
      }),
    );
    expect(readBpdu(written({ kind: 'notification' }), 0, 7)).toEqual({ kind: 'notification' });
  });

  it('of 1998 has two flags and comes from designated ports', () => {
    const [bpdu] = fc.sample(rapid, { seed: 1, numRuns: 1 });
    if (bpdu === undefined || bpdu.kind === 'notification') throw new Error('expected a rapid BPDU');
    const times = { messageAge: 1, maxAge: 20, helloTime: 2, forwardDelay: 15 };
    const all = {
      topologyChange: true,
      acknowledgment: true,
      proposal: true,
      agreement: true,
      learning: true,
      forwarding: true,
    };
    const view = written({ ...bpdu, kind: 'configuration', times, flags: all });
    expect(view.byteLength).toBe(38);
    expect(view.getUint8(7)).toBe(0x81);
    expect(readBpdu(view, 0, 38)).toMatchObject({ kind: 'configuration', role: 'designated', times });
  });

  it('that is cut short, of another protocol, of no known type or too old is none', () => {
    const whole = written({
      kind: 'configuration',
      role: 'designated',
      flags: {
        topologyChange: false,
        acknowledgment: false,
        proposal: false,
        agreement: false,
        learning: false,
        forwarding: false,
      },
      vector: {
        root: { priority: 0, mac: 1 as MacAddress },
        cost: 0,
        bridge: { priority: 0, mac: 1 as MacAddress },
        port: 1,
      },
      times: { messageAge: 1, maxAge: 20, helloTime: 2, forwardDelay: 15 },
    });
    expect(readBpdu(whole, 0, 38)).not.toBeNull();
    expect(readBpdu(whole, 0, 37)).toBeNull();
    for (const [at, byte] of [
      [0, 0xaa],
      [4, 1],
      [6, 0x81],
      [30, 20],
    ] as const) {
      const changed = new DataView(whole.buffer.slice(0));
      changed.setUint8(at, byte);
      expect(readBpdu(changed, 0, 38), `byte ${at}`).toBeNull();
    }
  });

  it('made of any bytes never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        readBpdu(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
      }),
    );
  });
});
