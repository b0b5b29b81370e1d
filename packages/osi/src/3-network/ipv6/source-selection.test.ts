import { describe, expect, it } from 'vitest';
import { World } from '../../../test/network-world.ts';
import { seconds } from '../../time/index.ts';
import { AddressTable6 } from './addresses.ts';
import { selectSource } from './source-selection.ts';
import { parseIpv6, parseIpv6Prefix } from './text.ts';

type Given =
  | string
  | {
      readonly prefix: string;
      readonly link?: number;
      readonly deprecated?: true;
      readonly tentative?: true;
    };

/** The source for `destination` by the first of two links, in whatever order the addresses were added. */
function choose(destination: string, ...given: readonly Given[]): string {
  const chosen = [given, given.toReversed()].map((order) => {
    const world = new World();
    const host = world.host('a');
    const links = [host.port(), host.port()];
    const table = new AddressTable6(world.sim, host.tracer, { tableChanged() {} });
    for (const each of order) {
      const { prefix, link = 0, deprecated, tentative } = typeof each === 'string' ? { prefix: each } : each;
      const { address, length } = parseIpv6Prefix(prefix)!;
      const on = address.text === '::1' ? host.net.lo : links[link]!;
      table.add(on, { address, length, tentative, ...(deprecated && { preferredUntil: seconds(0) }) });
    }
    const to = parseIpv6(destination)!;
    return selectSource(table, links[0]!, destination.startsWith('fe80') ? to.inZone(2) : to)?.address.inZone(
      0,
    ).text;
  });
  expect(chosen[1], 'the order in which they were added').toBe(chosen[0]);
  return chosen[0] ?? 'none';
}

describe('the source of a packet over IPv6 (RFC 6724 section 5)', () => {
  it('rule 2: the smallest scope that reaches', () => {
    expect(choose('2001:db8:9::1', 'fe80::1/64', '2001:db8::1/64')).toBe('2001:db8::1');
    expect(choose('fe80::9', 'fe80::1/64', '2001:db8::1/64')).toBe('fe80::1');
    expect(choose('ff02::9', 'fe80::1/64', '2001:db8::1/64')).toBe('fe80::1');
    expect(choose('ff0e::9', 'fe80::1/64', '2001:db8::1/64')).toBe('2001:db8::1');
    expect(choose('fec0::9', 'fec0::1/1', 'fe00::1/64')).toBe('fec0::1');
    expect(choose('f000::9', 'fec0::1/64', '2001:db8::1/64')).toBe('2001:db8::1');
  });

  it('rule 2: the largest scope, if none reaches', () => {
    expect(choose('f000::9', 'fe80::1/64', 'fec0::1/1')).toBe('fec0::1');
  });

  it('rule 3: no deprecated one, unless its scope is better', () => {
    const deprecated = { prefix: '2001:db8::1/64', deprecated: true } as const;
    expect(choose('2001:db8::9', deprecated, '2001:db8:7::1/64')).toBe('2001:db8:7::1');
    expect(choose('2001:db8::9', deprecated, 'fe80::1/64')).toBe('2001:db8::1');
    expect(choose('2001:db8::9', deprecated, { prefix: '2001:db8:7::1/64', link: 1 })).toBe('2001:db8:7::1');
  });

  it('rule 5: one of the interface that it leaves by, whatever its label', () => {
    expect(choose('2001:db8:9::1', '2001:db8::1/64', { prefix: '2001:db8:9::2/64', link: 1 })).toBe(
      '2001:db8::1',
    );
    expect(choose('2002:a::9', '2001:db8::1/64', { prefix: '2002:b::1/64', link: 1 })).toBe('2001:db8::1');
  });

  it.each([
    ['IPv4, mapped', '::ffff:10.0.0.9', '::ffff:192.0.2.1', '::5:6:7:8'],
    ['IPv4, compatible', '::9', '::8:8', '::5:6:7:8'],
    ['Teredo', '2001::9', '2001:0:1::1', '2001:db8::1'],
    ['6to4', '2002:a::9', '2002:b::1', '2001:db8::1'],
    ['6bone', '3ffe::9', '3ffe:1::1', '3fff::1'],
    ['unique local', 'fd00::9', 'fd77::1', 'f000::1'],
    ['all others', '2003::9', '3000::1', '2002:b::1'],
  ])(
    'rule 6: one with the label of the destination, of %s, whatever they have in common',
    (_what, to, own, other) => {
      expect(choose(to, `${own}/1`, `${other}/64`)).toBe(own);
    },
  );

  it('that of overlay identifiers (ORCHID) for such alone, as Linux has it', () => {
    expect(choose('2002:c000:201::1', '2001:10::1/64', 'fd00::1/64')).toBe('fd00::1');
    expect(choose('2001:db8::9', '2001:10::1/64', 'fd00::1/64')).toBe('fd00::1');
    expect(choose('2001:10::9', '2001:10::1/64', '2001:db8::1/64')).toBe('2001:10::1');
  });

  it('rule 8: the longest prefix in common, counted no further than its own', () => {
    expect(choose('2001:db8:1::9', '2001:db8::1/64', '2001:db8:1::1/64')).toBe('2001:db8:1::1');
    // Both have their 32 bits in common with it: the first stays.
    const [first, second] = ['2001:db8:4::1/32', '2001:db8:1::1/32'];
    const world = new World();
    const host = world.host('a');
    const link = host.port();
    const table = new AddressTable6(world.sim, host.tracer, { tableChanged() {} });
    for (const prefix of [first, second]) table.add(link, parseIpv6Prefix(prefix!)!);
    expect(selectSource(table, link, parseIpv6('2001:db8:1::9')!)?.address.text).toBe('2001:db8:4::1');
  });

  it('none that is still being asked for, and on a link none of another link', () => {
    expect(choose('2001:db8::9', { prefix: '2001:db8::1/64', tentative: true })).toBe('none');
    expect(choose('fe80::9', { prefix: '2001:db8::1/64', link: 1 })).toBe('none');
    expect(choose('ff02::9', { prefix: '2001:db8::1/64', link: 1 })).toBe('none');
    expect(choose('2001:db8:9::1', { prefix: 'fe80::1/64', link: 1 })).toBe('none');
    expect(choose('::1', '::1/128', '2001:db8::1/64')).toBe('::1');
  });
});
