import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anAddress } from '../../../test/arbitraries.ts';
import { macFromNumber } from '../../2-datalink/index.ts';
import {
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_REDIRECT,
  ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION,
} from '../icmpv6/codec.ts';
import { writeIpv6Address } from '../ipv6/address.ts';
import {
  checkNd,
  findNdOption,
  isNeighbourDiscovery,
  ND_MTU,
  ND_PREFIX,
  ND_SOURCE_LINK_ADDRESS,
  ND_TARGET_LINK_ADDRESS,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  readCurrentHopLimit,
  readLinkAddress,
  readNdFlags,
  readNdMtu,
  readPreferredLifetime,
  readPrefix,
  readPrefixBits,
  readPrefixFlags,
  readReachableTime,
  readRedirected,
  readRetransTimer,
  readRouterFlags,
  readRouterLifetime,
  readTarget,
  readValidLifetime,
  writeLinkAddress,
  writeNdMtu,
  writeNeighbour,
  writePrefix,
  writeRouterAdvertisement,
} from './codec.ts';

const view = new DataView(new ArrayBuffer(128));
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const mac = fc.integer({ min: 0, max: 0xffff_ffff_ffff }).map(macFromNumber);

describe('messages of neighbour discovery are read as they were written', () => {
  test('an advertisement', () => {
    fc.assert(
      fc.property(anAddress, fc.nat(7), mac, (target, bits, address) => {
        writeNeighbour(view, 2, ND_NEIGHBOUR_ADVERTISEMENT, bits << 5, target);
        writeLinkAddress(view, 26, ND_TARGET_LINK_ADDRESS, address);
        expect(checkNd(view, 2, 34)).toBe(null);
        expect(readNdFlags(view, 2)).toBe(bits << 5);
        expect(readTarget(view, 2, 0).equals(target)).toBe(true);
        expect(readLinkAddress(view, 2, 34, ND_TARGET_LINK_ADDRESS)).toBe(address);
        expect(readLinkAddress(view, 2, 34, ND_SOURCE_LINK_ADDRESS)).toBe(null);
      }),
    );
  });

  test("a router's, with its options in any number", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(255), fc.nat(255), u16, u32, u32),
        anAddress,
        u32,
        u32,
        (head, prefix, valid, mtu) => {
          writeRouterAdvertisement(view, 0, ...head);
          writeNdMtu(view, 16, mtu);
          writePrefix(view, 24, prefix, 64, PREFIX_ON_LINK | PREFIX_AUTONOMOUS, valid, 1);
          writePrefix(view, 56, prefix, 48, 0, 2, valid);
          expect(checkNd(view, 0, 88)).toBe(null);
          expect([
            readCurrentHopLimit(view, 0),
            readRouterFlags(view, 0),
            readRouterLifetime(view, 0),
            readReachableTime(view, 0),
            readRetransTimer(view, 0),
          ]).toEqual(head);
          expect(readNdMtu(view, findNdOption(view, 0, 88, ND_MTU))).toBe(mtu);
          const first = findNdOption(view, 0, 88, ND_PREFIX);
          const second = findNdOption(view, 0, 88, ND_PREFIX, first + 32);
          expect([first, second]).toEqual([24, 56]);
          expect(readPrefix(view, first).inZone(0).equals(prefix)).toBe(true);
          expect([readPrefixBits(view, first), readPrefixFlags(view, first)]).toEqual([64, 0xc0]);
          expect([readValidLifetime(view, first), readPreferredLifetime(view, second)]).toEqual([
            valid,
            valid,
          ]);
        },
      ),
    );
  });

  test('a redirect', () => {
    fc.assert(
      fc.property(anAddress, anAddress, (target, destination) => {
        view.setUint8(0, ND_REDIRECT);
        writeIpv6Address(view, 8, target);
        writeIpv6Address(view, 24, destination);
        expect(checkNd(view, 0, 40)).toBe(null);
        expect(readTarget(view, 0, 0).equals(target)).toBe(true);
        expect(readRedirected(view, 0, 0).equals(destination)).toBe(true);
      }),
    );
  });
});

test('options of no length or behind the end are refused (RFC 4861 section 6.1)', () => {
  view.setUint8(0, ND_ROUTER_SOLICITATION);
  view.setUint16(8, 0x0100);
  expect(checkNd(view, 0, 16)).toBe('ndisc.option-length');
  view.setUint16(8, 0x0102);
  expect(checkNd(view, 0, 16)).toBe('ndisc.option-length');
  expect(checkNd(view, 0, 9)).toBe('ndisc.option-length');
  expect(checkNd(view, 0, 7)).toBe('ndisc.truncated');
  view.setUint8(0, ND_ROUTER_ADVERTISEMENT);
  expect(checkNd(view, 0, 15)).toBe('ndisc.truncated');
  expect(isNeighbourDiscovery(132)).toBe(false);
});
