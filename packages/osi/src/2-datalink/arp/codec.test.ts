import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MacAddress, parseMac } from '../ethernet/mac-address.ts';
import {
  ARP_REPLY,
  ARP_REQUEST,
  checkArp,
  readOperation,
  readSenderAddress,
  readSenderMac,
  readTargetAddress,
  readTargetMac,
  writeArp,
} from './codec.ts';

const anyMac = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffffn }).map((n) => Number(n) as MacAddress);
const anyAddress = fc.integer({ min: 0, max: 0xffffffff });

describe('an ARP packet', () => {
  it('has the layout of RFC 826', () => {
    const view = new DataView(new ArrayBuffer(28));
    const [sender, target] = [parseMac('02:00:00:00:00:01')!, parseMac('02:00:00:00:00:02')!];
    writeArp(view, 0, ARP_REPLY, sender, 0x0a000001, target, 0x0a000002);
    expect(Buffer.from(view.buffer).toString('hex')).toBe(
      '0001' + '0800' + '06' + '04' + '0002' + '020000000001' + '0a000001' + '020000000002' + '0a000002',
    );
  });

  it('is read as it was written', () => {
    const operation = fc.constantFrom(ARP_REQUEST, ARP_REPLY);
    fc.assert(
      fc.property(operation, anyMac, anyAddress, anyMac, anyAddress, (op, sha, spa, tha, tpa) => {
        const view = new DataView(new ArrayBuffer(40));
        writeArp(view, 5, op, sha, spa, tha, tpa);
        expect(checkArp(view, 5, 40)).toBe(null);
        expect([readOperation(view, 5), readSenderMac(view, 5), readSenderAddress(view, 5)]).toEqual([
          op,
          sha,
          spa,
        ]);
        expect([readTargetMac(view, 5), readTargetAddress(view, 5)]).toEqual([tha, tpa]);
      }),
    );
  });

  it('of other hardware, protocol, operation or length is refused by name', () => {
    const view = new DataView(new ArrayBuffer(28));
    const write = () => writeArp(view, 0, ARP_REQUEST, 1 as MacAddress, 1, 2 as MacAddress, 2);
    const cases: [string, () => void][] = [
      ['arp.hardware-type', () => view.setUint16(0, 6)],
      ['arp.hardware-type', () => view.setUint8(4, 8)],
      ['arp.protocol-type', () => view.setUint16(2, 0x86dd)],
      ['arp.protocol-type', () => view.setUint8(5, 16)],
      ['arp.operation', () => view.setUint16(6, 3)],
    ];
    for (const [reason, spoil] of cases) {
      write();
      spoil();
      expect(checkArp(view, 0, 28)).toBe(reason);
    }
    write();
    expect(checkArp(view, 0, 27)).toBe('arp.truncated');
  });

  it('of any bytes is accepted or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const reason = checkArp(new DataView(bytes.buffer), 0, bytes.length);
        expect(reason === null || reason.startsWith('arp.')).toBe(true);
      }),
    );
  });
});
