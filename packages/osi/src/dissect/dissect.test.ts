import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ethernet, icmp, tcp, text, u32, udp } from '../../test/frames.ts';
import { bitPattern, conversations, dissect, type Field, fieldLine, findField, summarize } from './index.ts';

const DATAGRAM = ethernet(udp(text('hi there')));

function walk(fields: readonly Field[], visit: (field: Field) => void): void {
  for (const field of fields) {
    visit(field);
    walk(field.children, visit);
  }
}

describe('dissect', () => {
  it('names the protocols from the outside in, each with its layer', () => {
    const layers = dissect(DATAGRAM).protocols.map(({ name, layer }) => [name, layer]);
    expect(layers).toEqual([
      ['eth', 2],
      ['ip', 3],
      ['udp', 4],
      ['data', 7],
    ]);
  });

  it('gives the exact bits of a field inside a byte, drawn as Wireshark draws it', () => {
    const flag = findField(dissect(DATAGRAM).protocols, 'ip.flags.df') as Field;
    expect(flag).toMatchObject({ bitOffset: 20 * 8 + 1, bitLength: 1, value: 1, text: 'Set' });
    expect(fieldLine(DATAGRAM, flag)).toBe(".1.. .... = Don't fragment: Set");
    expect(bitPattern(DATAGRAM, flag, flag.within ?? flag)).toBe('.1.. ....');
  });

  it('says that a checksum is wrong, and which would be right', () => {
    const frame = DATAGRAM.slice();
    frame[42] = 0x48;
    const checksum = findField(dissect(frame).protocols, 'udp.checksum');
    expect(checksum?.text).toMatch(/^0x\w{4} incorrect, should be 0x\w{4}$/);
    expect(findField(dissect(frame).protocols, 'udp.checksum.status')?.text).toBe('Bad');
  });

  it('puts the packet that an ICMP error quotes inside the error', () => {
    const tree = dissect(ethernet(icmp(3, 3, u32(0), udp(text('hi there')))));
    expect(tree.protocols.map(({ name }) => name)).toEqual(['eth', 'ip', 'icmp']);
    const inside = tree.protocols[2]?.children.filter((child) => 'layer' in child).map(({ name }) => name);
    expect(inside).toEqual(['ip', 'udp', 'data']);
  });

  it('ends where a frame was cut, and says why', () => {
    const tree = dissect(DATAGRAM.subarray(0, 36));
    expect(tree.malformed).toEqual({
      protocol: 'UDP',
      bitOffset: 36 * 8,
      reason: 'Destination Port needs 2 bytes at byte 36, but only 0 are there',
    });
    expect(tree.protocols.at(-1)).toMatchObject({ name: '_ws.malformed', label: '[Malformed Packet: UDP]' });
  });

  it('says what is impossible about a length', () => {
    const frame = DATAGRAM.slice();
    frame[14] = 0x44;
    expect(dissect(frame).malformed?.reason).toBe(
      'Header Length says 16 bytes, but an IPv4 header has at least 20',
    );
  });

  it('never throws, and no field lies outside the frame, whatever the bytes', () => {
    const frames = [
      DATAGRAM,
      ethernet(tcp(text('hello'), { tcpOptions: [2, 4, 5, 180] })),
      ethernet(icmp(3, 3, u32(0), udp(text('hi')))),
    ];
    const damaged = fc
      .tuple(
        fc.constantFrom(...frames),
        fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(100),
      )
      .map(([frame, changes, length]) => {
        const copy = frame.slice(0, length);
        for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), damaged), (bytes) => {
        const tree = dissect(bytes);
        walk(tree.protocols, ({ bitOffset, bitLength }) => {
          expect(bitOffset).toBeGreaterThanOrEqual(0);
          expect(bitLength).toBeGreaterThanOrEqual(0);
          expect(bitOffset + bitLength).toBeLessThanOrEqual(bytes.length * 8);
        });
        expect(summarize(tree).info).toBeTypeOf('string');
        conversations([{ time: 0, bytes }]);
      }),
      { numRuns: 3000, seed: 3 },
    );
  });
});

describe('conversations', () => {
  const back = { from: '10.0.0.2', to: '10.0.0.1', source: 9000, destination: 52344 };
  const frames = [
    tcp([], { flags: 2, seq: 4_294_967_290, ack: 0, tcpOptions: [3, 3, 7, 1] }),
    tcp([], { ...back, flags: 0x12, seq: 500, ack: 4_294_967_291, tcpOptions: [3, 3, 7, 1] }),
    tcp(text('0123456789'), { seq: 4_294_967_291, ack: 501, window: 502 }),
    tcp(text('0123456789'), { seq: 4_294_967_291, ack: 501, window: 502 }),
  ].map((packet, i) => ({ time: i * 1_000_000_000, bytes: ethernet(packet) }));

  it('count from each end’s first number, across the wrap to 0', () => {
    const views = conversations(frames);
    expect(views.map(({ tcp }) => [tcp?.seq, tcp?.nextSeq, tcp?.ack])).toEqual([
      [0, 1, 0],
      [0, 1, 1],
      [1, 11, 1],
      [1, 11, 1],
    ]);
  });

  it('scale the window by what the handshake agreed on', () => {
    const third = frames[2] as (typeof frames)[number];
    const tree = dissect(third.bytes, conversations(frames)[2]?.context);
    expect(findField(tree.protocols, 'tcp.window_size')?.value).toBe(502 * 128);
  });

  it('tell a segment that came again', () => {
    expect(conversations(frames).map(({ tcp }) => tcp?.hints)).toEqual([[], [], [], ['retransmission']]);
  });

  it('sum a frame up as Wireshark’s packet list does', () => {
    const views = conversations(frames);
    const infos = frames.map(({ bytes }, i) => summarize(dissect(bytes, views[i]?.context), views[i]).info);
    expect(infos).toEqual([
      '52344 → 9000 [SYN] Seq=0 Win=64240 Len=0 WS=128',
      '9000 → 52344 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 WS=128',
      '52344 → 9000 [ACK] Seq=1 Ack=1 Win=64256 Len=10',
      '[TCP Retransmission] 52344 → 9000 [ACK] Seq=1 Ack=1 Win=64256 Len=10',
    ]);
  });
});
