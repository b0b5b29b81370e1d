import { describe, expect, it } from 'vitest';
import { AF_INET, AF_INET6, AI, EAI, findAddresses } from './address-info.ts';
import { inOrder } from './address-order.ts';

const FILES = {
  hosts: '127.0.0.1 localhost\n10.0.0.2 www web # the server\n2001:db8::2 www\n::1 localhost\n',
  services: 'http 80/tcp www\ndomain 53/tcp\ndomain 53/udp\n',
  hostname: 'here',
};
const MACHINE = {
  interfaceNamed: (name: string) => (name === 'eth0' ? 2 : undefined),
  configured: { ipv4: true, ipv6: false },
};

function find(node: string | null, service: string | null, wishes: object = {}) {
  const question = { node, service, family: 0, type: 0, protocol: 0, flags: 0, ...wishes };
  const found = findAddresses(question, FILES, MACHINE);
  if (typeof found === 'number') return found;
  return {
    places: found.places.map(({ address, scopeId }) => (scopeId === 0 ? address : `${address}%${scopeId}`)),
    uses: found.uses.map(({ type, protocol, port }) => `${type} ${protocol} ${port}`),
  };
}

describe('getaddrinfo(3)', () => {
  it('gives each address of a name for streams, datagrams and raw sockets', () => {
    expect(find('WEB.', '8000')).toEqual({
      places: ['10.0.0.2'],
      uses: ['1 6 8000', '2 17 8000', '3 0 8000'],
    });
    expect(find('www', null, { type: 1 })).toEqual({ places: ['10.0.0.2', '2001:db8::2'], uses: ['1 6 0'] });
    expect(find('here', null, { type: 2 })).toEqual({ places: ['127.0.0.1'], uses: ['2 17 0'] });
  });

  it('knows services by name, where their protocol is wanted', () => {
    expect(find('10.0.0.2', 'domain')).toMatchObject({ uses: ['1 6 53', '2 17 53'] });
    expect(find('10.0.0.2', 'www', { type: 1 })).toMatchObject({ uses: ['1 6 80'] });
    expect(find('10.0.0.2', 'http', { type: 2 })).toBe(EAI.service);
    expect(find('10.0.0.2', 'http', { flags: AI.numericService })).toBe(EAI.noName);
    expect(find('10.0.0.2', '80', { type: 3, protocol: 1 })).toBe(EAI.service);
    expect(find('10.0.0.2', null, { type: 3, protocol: 1 })).toMatchObject({ uses: ['3 1 0'] });
  });

  it('reads addresses as inet_aton and inet_pton do, with the name or number of an interface', () => {
    const one = (node: string, wishes: object = {}) => {
      const found = find(node, null, { type: 1, ...wishes });
      return typeof found === 'number' ? found : found.places[0];
    };
    expect(
      ['127.1', '0x7f.0.0.01', '1', '::ffff:1.2.3.4', 'FE80::1%eth0', 'fe80::1%3'].map((text) => one(text)),
    ).toEqual(['127.0.0.1', '127.0.0.1', '0.0.0.1', '::ffff:1.2.3.4', 'fe80::1%2', 'fe80::1%3']);
    expect(['256.1.1.1', '1.2.3.4.5', '09.1.1.1', '::1::2', 'nobody'].map((text) => one(text))).toEqual(
      Array(5).fill(EAI.again),
    );
    expect(one('nobody', { flags: AI.numericHost })).toBe(EAI.noName);
    expect(one('fe80::1%nope')).toBe(EAI.noName);
    expect(one('::1', { family: AF_INET })).toBe(EAI.addressFamily);
    expect(one('10.0.0.2', { family: AF_INET6 })).toBe(EAI.addressFamily);
    expect(one('10.0.0.2', { family: AF_INET6, flags: AI.mapped })).toBe('::ffff:10.0.0.2');
  });

  it('takes ::1 of hosts(5) for 127.0.0.1 where IPv4 is wanted, as glibc does', () => {
    expect(find('localhost', null, { type: 1 })).toMatchObject({ places: ['127.0.0.1', '::1'] });
    expect(find('localhost', null, { type: 1, family: AF_INET })).toMatchObject({
      places: ['127.0.0.1', '127.0.0.1'],
    });
    expect(find('localhost', null, { type: 1, family: AF_INET6 })).toMatchObject({ places: ['::1'] });
  });

  it('keeps to a family, and with AI_ADDRCONFIG to those the machine has', () => {
    expect(find('www', null, { type: 1, family: AF_INET6 })).toMatchObject({ places: ['2001:db8::2'] });
    expect(find('www', null, { type: 1, flags: AI.configured })).toMatchObject({ places: ['10.0.0.2'] });
    expect(find('www', null, { family: AF_INET6, flags: AI.configured })).toBe(EAI.noName);
    expect(find('www', null, { type: 1, family: AF_INET6, flags: AI.mapped | AI.all })).toMatchObject({
      places: ['::ffff:10.0.0.2', '2001:db8::2'],
    });
  });

  it('refuses what cannot be meant', () => {
    expect(find(null, null)).toBe(EAI.noName);
    expect(find(null, '80', { flags: AI.canonicalName })).toBe(EAI.badFlags);
    expect(find('www', null, { flags: 0x1000 })).toBe(EAI.badFlags);
    expect(find('www', null, { family: 99 })).toBe(EAI.family);
    expect(find('www', null, { type: 77 })).toBe(EAI.socketType);
    expect(find('www', null, { protocol: 99, type: 0 })).toMatchObject({ uses: ['3 99 0'] });
  });
});

describe('the order of addresses', () => {
  const place = (address: string) => ({
    family: address.includes(':') ? (10 as const) : (2 as const),
    address,
    scopeId: 0,
  });
  const order = (pairs: Record<string, string | null>, more: Record<string, object> = {}) =>
    inOrder(
      Object.entries(pairs).map(([to, from]) => ({
        place: place(to),
        source: from === null ? null : place(from),
        ...more[to],
      })),
    ).map((each) => each.place.address);
  /** Whatever the order in which they were found. */
  const either = (pairs: Record<string, string | null>, more: Record<string, object> = {}) => {
    const backwards = order(Object.fromEntries(Object.entries(pairs).toReversed()), more);
    expect(order(pairs, more)).toEqual(backwards);
    return backwards[0];
  };

  const ours = { '2001:db8::2': '2001:db8::1' };
  /** Of which rule 9 alone says less than of `ours`. */
  const far = { '2003::2': '3000::1' };

  it.each<[string, string, Record<string, string | null>]>([
    ['1: what can be reached', '10.0.0.2', { '10.0.0.2': '10.0.0.1', '2001:db8::2': null }],
    ['2: a source of the same scope', '2001:db8::2', { 'fe80::2': '2001:db8::1', ...ours }],
    [
      '5: a source with the same label',
      '2002:a::2',
      { '2002:a::2': '2002:a::1', '2001:db8::2': '2002:a::1' },
    ],
    ['6: the higher precedence', '2001:db8::2', { '10.0.0.2': '10.0.0.1', ...ours }],
    ['6, before the smaller scope', '2001:db8::2', { '169.254.0.2': '169.254.0.1', ...ours }],
    ['8: the smaller scope', 'fec0::2', { 'fec0::2': 'fec0:8000::1', ...ours }],
    ['9: more in common with the source', '2001:db8::2', { ...ours, ...far }],
    ['9, in the second half, too', '2001:db8::2', { ...ours, '2001:db8::8:2': '2001:db8::1' }],
  ])('rule %s', (_, first, pairs) => {
    expect(either(pairs)).toBe(first);
  });

  it.each<[string, string, Record<string, string>]>([
    ['::1', '::1', { '::1': '::1', 'fe80::2': 'fe80::2' }],
    ['6to4', '2001:db8::2', { '2001:db8::2': '2001:db9::1', '2002:a::2': '2002:a::1' }],
    ['IPv4, compatible', '2001:db8::2', { '2001:db8::2': '2001:db9::1', '::2:2': '::2:1' }],
    ['IPv4', '2001:db8::2', { '2001:db8::2': '2001:db9::1', '10.0.0.2': '10.0.0.2' }],
  ])('%s has a precedence of its own', (_, first, pairs) => {
    expect(either(pairs)).toBe(first);
  });

  it.each<[string, string, Record<string, string>]>([
    ['Teredo', '2003::2', { '2001:1::2': '2001::1', ...far }],
    ['6to4', '2001:db8::2', { '2003::2': '2002::1', '2001:db8::2': '3000::1' }],
    ['unique local', '2003::2', { 'f800::2': 'fd00::1', ...far }],
    ['IPv4, compatible', '2003::2', { '::5:6:7:8': '::1:1', ...far }],
    ['site-local', 'ff08::2', { 'fec0::2': '2001:db8::1', 'ff08::2': '2001:db8::1' }],
  ])('%s has a label of its own', (_, first, pairs) => {
    expect(either(pairs)).toBe(first);
  });

  it.each<[string, string, Record<string, string>]>([
    ['127.0.0.0/8', '127.0.0.2', { '127.0.0.2': '127.0.0.1', '10.0.0.1': '10.0.0.1' }],
    ['169.254.0.0/16', '169.254.0.2', { '169.254.0.2': '169.254.0.1', '10.0.0.1': '10.0.0.1' }],
    ['::1', '::1', { '::1': 'fe80::1', 'fec0::2': 'fe80::1' }],
    ['fe80::/10', 'fe80::2', { 'fe80::2': 'fe80:0:8000::1', ...ours }],
    ['a group', 'ff05::2', { 'ff05::2': 'fec0::1', 'ff08::2': 'fec0::1' }],
  ])('%s has a scope of its own', (_, first, pairs) => {
    expect(either(pairs)).toBe(first);
  });

  it('rule 3: no deprecated source', () => {
    const pairs = { '2001:db8:1::2': '2001:db8:1::1', '2001:db8:2::2': '2001:db8:2::1' };
    expect(either(pairs, { '2001:db8:1::2': { deprecated: true } })).toBe('2001:db8:2::2');
    // After rule 2, before rule 5.
    const [scope, label] = [{ 'fe80::2': '2001:db8::1' }, { '2002:a::2': '2001:db8::1' }];
    expect(either({ ...ours, ...scope }, { '2001:db8::2': { deprecated: true } })).toBe('2001:db8::2');
    expect(either({ ...ours, ...label }, { '2001:db8::2': { deprecated: true } })).toBe('2002:a::2');
  });

  it('rule 9 counts for IPv4 within a network alone', () => {
    const pairs = { '10.0.0.66': '10.0.0.65', '10.0.0.2': '10.0.0.65' };
    const within = { '10.0.0.66': { length: 24 }, '10.0.0.2': { length: 24 } };
    expect(either(pairs, within)).toBe('10.0.0.66');
    const beyond = { '10.0.0.66': { length: 31 }, '10.0.0.2': { length: 31 } };
    expect(order(pairs, beyond)).toEqual(['10.0.0.66', '10.0.0.2']);
    expect(order({ '10.0.0.2': '10.0.0.65', '10.0.0.66': '10.0.0.65' }, beyond)).toEqual([
      '10.0.0.2',
      '10.0.0.66',
    ]);
  });

  it('rule 9 compares addresses of one family alone', () => {
    const mapped = { '::ffff:10.0.0.2': '::ffff:10.0.0.1' };
    const pairs = { '10.0.0.9': '10.0.0.1', ...mapped };
    expect(order(pairs)).toEqual(['10.0.0.9', '::ffff:10.0.0.2']);
    expect(order({ ...mapped, ...pairs })).toEqual(['::ffff:10.0.0.2', '10.0.0.9']);
  });

  it('prefers IPv6 where both can be reached, and what can be reached to what cannot', () => {
    expect(order({ '10.0.0.2': '10.0.0.1', '2001:db8::2': '2001:db8::1' })).toEqual([
      '2001:db8::2',
      '10.0.0.2',
    ]);
    expect(order({ '2001:db8::2': null, '10.0.0.2': '10.0.0.1' })).toEqual(['10.0.0.2', '2001:db8::2']);
    expect(order({ '127.0.0.1': '127.0.0.1', '::1': '::1' })).toEqual(['::1', '127.0.0.1']);
  });

  it('puts 0.0.0.0 before ::, whose source has another label', () => {
    expect(order({ '::': '::1', '0.0.0.0': '127.0.0.1' })).toEqual(['0.0.0.0', '::']);
  });

  it('wants a source of the same scope, and then one that has more in common', () => {
    expect(order({ '2001:db8::2': 'fe80::1', 'fe80::2': 'fe80::1' })).toEqual(['fe80::2', '2001:db8::2']);
    expect(order({ '2001:db9::2': '2001:db8::1', '2001:db8::2': '2001:db8::1' })).toEqual([
      '2001:db8::2',
      '2001:db9::2',
    ]);
    expect(order({ '10.0.0.3': '10.0.0.1', '10.0.0.2': '10.0.0.1' })).toEqual(['10.0.0.3', '10.0.0.2']);
  });
});
