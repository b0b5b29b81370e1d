import { describe, expect, test } from 'vitest';
import { AF_INET6, SOCK_DGRAM, type Socket } from '../src/5-session/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { u16, u32 } from './frames.ts';
import { bytes6, hex, Ipv6Script, icmp6, key6, THEM, THEM_GLOBAL, US, US_GLOBAL } from './ipv6-station.ts';
import { socketOf, to6 } from './ipv6-world.ts';

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const REDIRECT = 137;

const MAC = [2, 0, 0, 0, 0, 2];
const OTHER_MAC = [2, 0, 0, 0, 0, 9];
const ZERO = [0, 0, 0, 0];
const sourceMac = (mac: readonly number[]): number[] => [1, 1, ...mac];
const targetMac = (mac: readonly number[]): number[] => [2, 1, ...mac];
const SOLICITED_NODE = 'ff02::1:ff00:1';

const prefix = (
  text: string,
  {
    length = 64,
    flags = 0xc0,
    valid = 7200,
    preferred = 3600,
  }: Partial<Record<'length' | 'flags' | 'valid' | 'preferred', number>> = {},
): number[] => [3, 4, length, flags, ...u32(valid), ...u32(preferred), ...ZERO, ...bytes6(text)];

/** A router advertisement's body: hop limit, flags, lifetime in seconds, reachable and retransmission time in ms, options. */
const router = (
  options: readonly number[] = [],
  { hopLimit = 0, lifetime = 1800, reachable = 0, retrans = 0 } = {},
): number[] => [hopLimit, 0, ...u16(lifetime), ...u32(reachable), ...u32(retrans), ...options];

const advertise = (script: Ipv6Script, body: readonly number[], from = THEM, hopLimit = 255): void =>
  script.sayNd(ROUTER_ADVERTISEMENT, body, { from, to: 'ff02::1', hopLimit });

const solicit = (target: string): number[] => [...ZERO, ...bytes6(target), ...sourceMac(MAC)];

/** The stack sends a datagram. @returns destination MAC addresses of what went out to the port. */
function send(script: Ipv6Script, to: string, scope = 0): string[] {
  const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
  socket.send(Uint8Array.of(1), 0, to6(to, 9, scope), 0);
  script.wait(0.1);
  return script.them.arrived.flatMap(({ bytes }) => (bytes[20] === 17 ? [hex(bytes.subarray(0, 6))] : []));
}

const addresses = (script: Ipv6Script): string[] =>
  script.us.addresses6.map(({ address, length }) => `${address.text}/${length}`);

/** What is known of the link that the machine is on, and of its neighbours there. */
const link = (script: Ipv6Script) => {
  const by = script.us.ip6.interfaces.at(-1);
  if (by?.neighbours == null) throw new Error('eth0');
  return { by, parameters: by.neighbours.parameters, neighbours: [...by.neighbours.entries()] };
};
const stateOf = (script: Ipv6Script, text: string) =>
  link(script).neighbours.find(({ address }) => address.text === text)?.state;

describe('a solicitation', () => {
  test('is answered by who has the address: solicited, overriding, with the MAC address', () => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, solicit(US_GLOBAL), { from: THEM_GLOBAL, to: SOLICITED_NODE });
    expect(script.heard()).toMatchObject([
      {
        type: ADVERTISEMENT,
        hopLimit: 255,
        source: key6(US_GLOBAL),
        destination: key6(THEM_GLOBAL),
        toMac: '020000000002',
        info: 0x6000_0000,
        rest: [...bytes6(US_GLOBAL), ...targetMac([2, 0, 0, 0, 0, 1])],
      },
    ]);
  });

  test('has its sender remembered, who is told that a router is one', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    script.answers = false;
    script.heard();
    script.sayNd(SOLICITATION, solicit(US_GLOBAL), { from: THEM_GLOBAL, to: SOLICITED_NODE });
    expect(script.heard()).toMatchObject([{ type: ADVERTISEMENT, info: 0xe000_0000 }]);
    expect(send(script, THEM_GLOBAL)).toEqual(['020000000002']);
  });

  test('of one who has no address yet is answered to all nodes', () => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, [...ZERO, ...bytes6(US_GLOBAL)], { from: '::', to: SOLICITED_NODE });
    expect(script.heard()).toMatchObject([
      {
        type: ADVERTISEMENT,
        destination: key6('ff02::1'),
        info: 0x2000_0000,
        rest: [...bytes6(US_GLOBAL), ...targetMac([2, 0, 0, 0, 0, 1])],
      },
    ]);
  });

  test('to the address itself is answered without a MAC address, and so without overriding', () => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, solicit(US_GLOBAL), { from: THEM_GLOBAL, to: US_GLOBAL });
    expect(script.heard()).toMatchObject([
      { type: ADVERTISEMENT, info: 0x4000_0000, rest: bytes6(US_GLOBAL) },
    ]);
  });

  test('without a MAC address has its sender asked for, and then answered', () => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, [...ZERO, ...bytes6(US_GLOBAL)], { from: THEM_GLOBAL, to: US_GLOBAL });
    expect(script.heard().map(({ type }) => type)).toEqual([SOLICITATION, ADVERTISEMENT]);
  });

  test.each([
    ['what is known of its sender when that has another MAC address', OTHER_MAC, 'DELAY'],
    ['nothing when its MAC address is the one that is known', MAC, 'REACHABLE'],
  ])('changes %s', (_what, mac, state) => {
    const script = new Ipv6Script();
    send(script, THEM_GLOBAL);
    const body = [...ZERO, ...bytes6(US_GLOBAL), ...sourceMac(mac)];
    script.sayNd(SOLICITATION, body, { from: THEM_GLOBAL, to: SOLICITED_NODE });
    expect(stateOf(script, THEM_GLOBAL)).toBe(state);
    script.them.arrived.length = 0;
    expect(send(script, THEM_GLOBAL)).toEqual([hex(mac)]);
  });

  test('about somebody else is not answered', () => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, solicit('2001:db8::77'), { from: THEM_GLOBAL, to: 'ff02::1' });
    expect(script.heard()).toEqual([]);
  });

  test('says nothing of whether its sender is a router', () => {
    const script = new Ipv6Script();
    advertise(script, router());
    script.sayNd(SOLICITATION, solicit(US), { to: SOLICITED_NODE });
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
  });

  test('may have options that are unknown or for other messages, and anything in its reserved field', () => {
    const script = new Ipv6Script();
    const others = [253, 1, 0, 0, ...ZERO, 5, 1, 0, 0, ...u32(1400)];
    const body = [1, 2, 3, 4, ...bytes6(US_GLOBAL), ...others, ...sourceMac(MAC)];
    script.sayNd(SOLICITATION, body, { from: THEM_GLOBAL, to: SOLICITED_NODE });
    expect(script.heard().map(({ type }) => type)).toEqual([ADVERTISEMENT]);
  });

  test.each([
    ['that a router has passed on', { hopLimit: 254 }, solicit(US_GLOBAL)],
    ['with a code', { code: 1 }, solicit(US_GLOBAL)],
    ['about a group', {}, solicit('ff02::1')],
    ['with an option of no length', {}, [...ZERO, ...bytes6(US_GLOBAL), 1, 0, ...MAC]],
    ['cut off', {}, ZERO],
    ['from no address, with a MAC address', { from: '::', to: SOLICITED_NODE }, solicit(US_GLOBAL)],
    [
      'from no address, not to the solicited-node group',
      { from: '::', to: 'ff02::1' },
      [...ZERO, ...bytes6(US_GLOBAL)],
    ],
  ])('%s is dropped', (_what, given, body) => {
    const script = new Ipv6Script();
    script.sayNd(SOLICITATION, body, { from: THEM_GLOBAL, to: US_GLOBAL, ...given });
    expect(script.heard()).toEqual([]);
    expect(script.drops().filter((reason) => reason.startsWith('ndisc.'))).toHaveLength(1);
  });
});

describe('a neighbour', () => {
  test('is asked for three times, a second apart, and then given up', () => {
    const script = new Ipv6Script();
    script.answers = false;
    send(script, THEM_GLOBAL);
    script.wait(5);
    const asked = script.heard().filter(({ type }) => type === SOLICITATION);
    expect(asked).toHaveLength(3);
    // From the address of the packet that waits, with our MAC address.
    expect(asked[0]).toMatchObject({
      hopLimit: 255,
      source: key6(US_GLOBAL),
      destination: key6('ff02::1:ff00:2'),
      rest: [...bytes6(THEM_GLOBAL), ...sourceMac([2, 0, 0, 0, 0, 1])],
    });
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBe(1e9);
  });

  test('is asked for at intervals of RetransTimer, as a router has told it', () => {
    const script = new Ipv6Script();
    advertise(script, router([], { retrans: 3000 }));
    script.answers = false;
    send(script, THEM_GLOBAL);
    script.wait(8);
    const times = script.heard().flatMap(({ type, at }) => (type === SOLICITATION ? [at] : []));
    const [first = 0] = times;
    expect(times).toEqual([first, first + 3e9, first + 6e9]);
  });

  test('counts as reachable for a time about that which a router tells, from then on', () => {
    const script = new Ipv6Script();
    send(script, THEM_GLOBAL);
    advertise(script, router([], { reachable: 1000 }));
    script.wait(60);
    send(script, THEM_GLOBAL);
    script.sayNd(ADVERTISEMENT, [0x60, 0, 0, 0, ...bytes6(THEM_GLOBAL)], {
      from: THEM_GLOBAL,
      to: US_GLOBAL,
    });
    script.wait(0.49);
    expect(stateOf(script, THEM_GLOBAL)).toBe('REACHABLE');
    script.wait(1.02);
    expect(stateOf(script, THEM_GLOBAL)).not.toBe('REACHABLE');
  });

  test('that nobody asked for is not remembered by its advertisement', () => {
    const script = new Ipv6Script();
    script.answers = false;
    script.sayNd(ADVERTISEMENT, [0x20, 0, 0, 0, ...bytes6(THEM_GLOBAL), ...targetMac(MAC)], {
      to: 'ff02::1',
    });
    expect(send(script, THEM_GLOBAL)).toEqual([]);
  });

  test('that is in use and of whom nothing was heard is asked itself, after five seconds', () => {
    const script = new Ipv6Script();
    send(script, THEM_GLOBAL);
    script.wait(60);
    script.heard();
    send(script, THEM_GLOBAL);
    const probes = () => script.heard().filter(({ type }) => type === SOLICITATION);
    script.wait(4);
    expect(probes()).toEqual([]);
    script.wait(2);
    expect(probes()).toMatchObject([{ destination: key6(THEM_GLOBAL), toMac: '020000000002' }]);
  });
});

describe('an advertisement', () => {
  const news = (flags: number, mac: readonly number[], target = THEM_GLOBAL): number[] => [
    ...[flags, 0, 0, 0],
    ...bytes6(target),
    ...mac,
  ];

  test.each([
    ['that a router has passed on', { hopLimit: 254 }, 0x20, THEM_GLOBAL],
    ['with a code', { code: 1 }, 0x20, THEM_GLOBAL],
    ['about a group', {}, 0x20, 'ff02::9'],
    ['that says it was asked for, to a group', {}, 0x60, THEM_GLOBAL],
  ])('%s counts for nothing', (_what, given, flags, target) => {
    const script = new Ipv6Script();
    send(script, THEM_GLOBAL);
    const to = { from: THEM_GLOBAL, to: 'ff02::1', ...given };
    script.sayNd(ADVERTISEMENT, news(flags, targetMac(OTHER_MAC), target), to);
    expect(script.drops().filter((reason) => reason.startsWith('ndisc.'))).toHaveLength(1);
    script.them.arrived.length = 0;
    expect(send(script, THEM_GLOBAL)).toEqual(['020000000002']);
  });

  /** Tells of a neighbour: to us alone if it says that we asked, else to all nodes. */
  const tell = (script: Ipv6Script, flags: number, mac: readonly number[], from = THEM_GLOBAL): void =>
    script.sayNd(ADVERTISEMENT, news(flags, mac, from), {
      from,
      to: (flags & 0x40) === 0 ? 'ff02::1' : US_GLOBAL,
    });
  const [PLAIN, OVERRIDE, SOLICITED, ROUTER] = [0, 0x20, 0x40, 0x80];
  const knownOf = (script: Ipv6Script) => {
    const { state, mac } =
      link(script).neighbours.find(({ address }) => address.text === THEM_GLOBAL) ?? expect.fail('unknown');
    return [state, mac];
  };
  const [KNOWN, OTHER] = [0x0200_0000_0002, 0x0200_0000_0009];

  test.each([
    ['plain', PLAIN, 'DELAY'],
    ['overriding', OVERRIDE, 'DELAY'],
    ['solicited', SOLICITED, 'REACHABLE'],
    ['solicited and overriding', SOLICITED | OVERRIDE, 'REACHABLE'],
  ])(
    'that is %s tells the MAC address of one that is asked for, who gets what waited',
    (_what, flags, state) => {
      const script = new Ipv6Script();
      script.answers = false;
      expect(send(script, THEM_GLOBAL)).toEqual([]);
      tell(script, flags, targetMac(MAC));
      expect(knownOf(script)).toEqual([state, KNOWN]);
      expect(script.them.arrived.filter(({ bytes }) => bytes[20] === 17)).toHaveLength(1);
    },
  );

  test('without a MAC address tells nothing of one that is asked for', () => {
    const script = new Ipv6Script();
    script.answers = false;
    send(script, THEM_GLOBAL);
    tell(script, SOLICITED | OVERRIDE, []);
    expect(stateOf(script, THEM_GLOBAL)).toBe('INCOMPLETE');
  });

  test('tells nothing of one that has been given up', () => {
    const script = new Ipv6Script();
    script.answers = false;
    send(script, THEM_GLOBAL);
    script.wait(5);
    tell(script, SOLICITED | OVERRIDE, targetMac(MAC));
    expect(stateOf(script, THEM_GLOBAL)).toBe('FAILED');
  });

  describe('of a neighbour that is known', () => {
    const [SAME, NEW, NONE] = [targetMac(MAC), targetMac(OTHER_MAC), []];
    test.each([
      ['REACHABLE', 'another MAC address, plain', PLAIN, NEW, 'STALE', KNOWN],
      ['REACHABLE', 'another MAC address, solicited', SOLICITED, NEW, 'STALE', KNOWN],
      ['REACHABLE', 'another MAC address, overriding', OVERRIDE, NEW, 'STALE', OTHER],
      [
        'REACHABLE',
        'another MAC address, overriding, solicited',
        OVERRIDE | SOLICITED,
        NEW,
        'REACHABLE',
        OTHER,
      ],
      ['REACHABLE', 'the same, plain', PLAIN, SAME, 'REACHABLE', KNOWN],
      ['REACHABLE', 'the same, overriding', OVERRIDE, SAME, 'REACHABLE', KNOWN],
      ['REACHABLE', 'none, overriding', OVERRIDE, NONE, 'REACHABLE', KNOWN],
      ['STALE', 'another MAC address, solicited', SOLICITED, NEW, 'STALE', KNOWN],
      ['STALE', 'another MAC address, overriding', OVERRIDE, NEW, 'STALE', OTHER],
      ['STALE', 'another MAC address, overriding, solicited', OVERRIDE | SOLICITED, NEW, 'REACHABLE', OTHER],
      ['STALE', 'the same, overriding', OVERRIDE, SAME, 'STALE', KNOWN],
      ['STALE', 'the same, solicited', SOLICITED, SAME, 'REACHABLE', KNOWN],
      ['STALE', 'none, solicited', SOLICITED, NONE, 'REACHABLE', KNOWN],
    ])('as %s, with %s', (before, _what, flags, mac, state, then) => {
      const script = new Ipv6Script();
      send(script, THEM_GLOBAL);
      if (before === 'STALE') script.wait(60);
      expect(stateOf(script, THEM_GLOBAL)).toBe(before);
      tell(script, flags, mac);
      expect(knownOf(script)).toEqual([state, then]);
    });
  });

  test('about an address of ours is counted as a conflict, unless it has our MAC address', () => {
    const script = new Ipv6Script();
    const conflicts = () => script.us.tracer.drops.get('ndisc.address-conflict');
    script.sayNd(ADVERTISEMENT, news(OVERRIDE, targetMac([2, 0, 0, 0, 0, 1]), US_GLOBAL), { to: 'ff02::1' });
    expect(conflicts()).toBe(undefined);
    script.sayNd(ADVERTISEMENT, news(OVERRIDE, targetMac(MAC), US_GLOBAL), { to: 'ff02::1' });
    expect(conflicts()).toBe(1);
  });

  test.each([
    ['says nothing, unless it may change what is known', PLAIN, OTHER_MAC, true],
    ['says it is one, by its flag', ROUTER | OVERRIDE, OTHER_MAC, true],
    ['says it is none, with the MAC address that is known', PLAIN, MAC, false],
    ['says it is none, with another one that overrides', OVERRIDE, OTHER_MAC, false],
  ])('of a router %s', (_what, flags, mac, still) => {
    const script = new Ipv6Script();
    advertise(script, router(sourceMac(MAC)));
    tell(script, flags, targetMac(mac), THEM);
    expect(script.us.routes6.some(({ length }) => length === 0)).toBe(still);
  });

  test('of a router that is being asked for says whether it is one', () => {
    const script = new Ipv6Script();
    script.answers = false;
    advertise(script, router());
    send(script, '2001:db8:9::9');
    tell(script, PLAIN, targetMac(MAC), THEM);
    expect(script.us.routes6.some(({ length }) => length === 0)).toBe(false);
  });
});

describe('duplicate address detection', () => {
  const NEW = '2001:db8::5';
  const NEW_GROUP = { from: '::', to: 'ff02::1:ff00:5' };
  const NOT_TAKEN = { tentative: true, failed: true };
  const lineOf = (script: Ipv6Script, text: string) =>
    script.us.addresses6.find(({ address }) => address.text === text);
  /** Which addresses were asked for since the last time. */
  const questions = (script: Ipv6Script) =>
    script.heard().filter(({ type, source }) => type === SOLICITATION && source === key6('::'));

  /** A machine that has begun to check another address. */
  function checking(transmits = 1) {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.eth0.dad_transmits', transmits);
    script.us.addAddress('eth0', `${NEW}/64`);
    return { script, line: () => lineOf(script, NEW), begun: script.sim.now };
  }

  /** Lets time pass until an address is asked for. */
  function nextQuestion(script: Ipv6Script) {
    for (let i = 0; i < 100; i++) {
      const [asked] = questions(script);
      if (asked !== undefined) return asked;
      script.wait(0.01);
    }
    throw new Error('nothing is asked');
  }

  test('asks after a random wait, as often as dad_transmits says, and waits a second for the last answer', () => {
    const { script, line, begun } = checking(3);
    script.wait(10);
    const times = questions(script).map(({ at }) => at);
    const [first = 0] = times;
    expect(first).toBeGreaterThan(begun);
    expect(times).toEqual([first, first + 1e9, first + 2e9]);
    expect(line()).toMatchObject({ tentative: false });
    const once = checking();
    nextQuestion(once.script);
    once.script.wait(0.95);
    expect(once.line()).toMatchObject({ tentative: true });
    once.script.wait(0.1);
    expect(once.line()).toMatchObject({ tentative: false });
  });

  test('asks at intervals of RetransTimer, as a router has told it', () => {
    const { script, line } = checking(2);
    advertise(script, router([], { retrans: 3000 }));
    const { at } = nextQuestion(script);
    script.wait(5.9);
    expect(questions(script)).toMatchObject([{ at: at + 3e9 }]);
    expect(line()).toMatchObject({ tentative: true });
    script.wait(0.2);
    expect(line()).toMatchObject({ tentative: false });
  });

  test.each([0, 1, 5])(
    'asks within router_solicitation_delay, of %i s, for each address at its own time',
    (delay) => {
      const script = new Ipv6Script();
      script.us.sysctl.set('net.ipv6.conf.eth0.router_solicitation_delay', delay);
      const begun = script.sim.now;
      for (let i = 10; i < 30; i++) script.us.addAddress('eth0', `2001:db8::${i}/64`);
      script.wait(10);
      const waits = questions(script).map(({ at }) => (at - begun) / 1e9);
      expect(waits).toHaveLength(20);
      expect(Math.max(...waits)).toBeLessThanOrEqual(delay);
      expect(Math.max(...waits)).toBeGreaterThanOrEqual(delay / 2);
      expect(new Set(waits).size).toBe(delay === 0 ? 1 : 20);
    },
  );

  test.each(['dad_transmits', 'accept_dad'])('is left out where %s is 0', (setting) => {
    const script = new Ipv6Script();
    script.us.sysctl.set(`net.ipv6.conf.eth0.${setting}`, 0);
    script.us.addAddress('eth0', `${NEW}/64`);
    expect(lineOf(script, NEW)).toMatchObject({ tentative: false });
    script.wait(3);
    expect(questions(script)).toEqual([]);
  });

  test('begins anew with the line, or when a setting of the interface changes', () => {
    const { script, line } = checking();
    for (let i = 0; i < 20; i++) {
      script.wait(0.1);
      script.us.sysctl.set('net.ipv6.conf.eth0.hop_limit', 64);
    }
    expect(line()).toMatchObject({ tentative: true });
    script.heard();
    nextQuestion(script);
    script.wait(0.95);
    expect(line()).toMatchObject({ tentative: true });
    script.wait(0.1);
    expect(line()).toMatchObject({ tentative: false });
  });

  test('lets nobody use the address meanwhile', () => {
    const { script, line } = checking();
    const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
    expect(socket.bind(to6(NEW, 9), { privileged: true })).toBe(-ERRNO.EADDRNOTAVAIL);
    script.say({ to: NEW, next: 58, payload: icmp6(128, [0, 7, 0, 1], { to: NEW }) });
    expect(script.heard().filter(({ type }) => type === 129)).toEqual([]);
    script.wait(3);
    expect(line()).toMatchObject({ tentative: false });
  });

  test('does not take its own question, come back, for that of another (RFC 7527)', () => {
    const { script, line } = checking();
    script.sayNd(SOLICITATION, [...ZERO, ...nextQuestion(script).rest], NEW_GROUP);
    script.wait(3);
    expect(line()).toMatchObject({ tentative: false, failed: false });
  });

  test.each([
    ['with a nonce of its own', [14, 1, 1, 2, 3, 4, 5, 6]],
    ['without one', []],
  ])('fails by a question of another %s', (_what, nonce) => {
    const { script, line } = checking();
    nextQuestion(script);
    script.sayNd(SOLICITATION, [...ZERO, ...bytes6(NEW), ...nonce], NEW_GROUP);
    expect(line()).toMatchObject(NOT_TAKEN);
  });

  test('asks each time with another nonce', () => {
    const { script } = checking(3);
    script.wait(5);
    expect(new Set(questions(script).map(({ rest }) => `${rest}`)).size).toBe(3);
  });

  test.each([
    ['a question without a nonce', SOLICITATION, [...ZERO, ...bytes6(NEW)], NEW_GROUP],
    [
      'an advertisement',
      ADVERTISEMENT,
      [0x20, 0, 0, 0, ...bytes6(NEW), ...targetMac(MAC)],
      { to: 'ff02::1' },
    ],
  ])('fails by %s even before its own first question, and asks no more', (_what, type, body, given) => {
    const { script, line } = checking();
    script.sayNd(type, body, given);
    expect(line()).toMatchObject(NOT_TAKEN);
    script.us.sysctl.set('net.ipv6.conf.eth0.hop_limit', 63);
    script.wait(3);
    expect(line()).toMatchObject(NOT_TAKEN);
    expect(questions(script)).toEqual([]);
    // Whoever looks after the machine sees it.
    expect(script.us.tracer.drops.get('ndisc.address-conflict')).toBe(1);
    expect(script.record.events).toContainEqual(
      expect.objectContaining({ table: 'address', key: `${NEW}/64`, value: 'eth0 dadfailed' }),
    );
  });

  test('asks once from no address, to the solicited-node group, having joined it', () => {
    const script = new Ipv6Script({ settle: false });
    script.wait(3);
    expect(questions(script)).toMatchObject([
      { destination: key6(SOLICITED_NODE), hopLimit: 255, rest: expect.arrayContaining(bytes6(US)) },
    ]);
    expect(lineOf(script, US)).toMatchObject({ tentative: false });
  });

  test.each([
    ['another one asks for it as well', SOLICITATION, '::', SOLICITED_NODE, [...ZERO, ...bytes6(US)]],
    [
      'another one says that it has it',
      ADVERTISEMENT,
      THEM,
      'ff02::1',
      [0x20, 0, 0, 0, ...bytes6(US), ...targetMac(MAC)],
    ],
  ])('fails when %s', (_what, type, from, to, body) => {
    const script = new Ipv6Script({ settle: false });
    nextQuestion(script);
    script.sayNd(type, body, { from, to });
    script.wait(3);
    expect(lineOf(script, US)).toMatchObject(NOT_TAKEN);
    script.heard();
    script.sayNd(SOLICITATION, solicit(US), { from: THEM, to: SOLICITED_NODE });
    expect(script.heard()).toEqual([]);
  });

  test('an address that is still being asked for answers nobody, whose question does not count against it', () => {
    const { script, line } = checking();
    script.sayNd(SOLICITATION, solicit(NEW), { from: THEM_GLOBAL, to: 'ff02::1:ff00:5' });
    expect(script.heard().filter(({ type }) => type === ADVERTISEMENT)).toEqual([]);
    script.wait(3);
    expect(line()).toMatchObject({ tentative: false });
  });

  test('a link-local address that is still being asked for asks for nobody: another one of the link does', () => {
    const script = new Ipv6Script({ settle: false });
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    script.us.addAddress('eth0', `${US_GLOBAL}/64`, false);
    script.say({ from: '2001:db8:9::9', to: '2001:db8::77', next: 58, payload: icmp6(128, [0, 7, 0, 1]) });
    expect(script.heard()).toMatchObject([{ type: SOLICITATION, source: key6(US_GLOBAL) }]);
  });

  test('is done for a link-local address each time that the interface comes up', () => {
    const script = new Ipv6Script();
    script.us.setLinkUp('eth0', false);
    expect(lineOf(script, US)).toBe(undefined);
    script.us.setLinkUp('eth0', true);
    expect(lineOf(script, US)).toMatchObject({ tentative: true });
    script.wait(3);
    expect(questions(script)).toHaveLength(1);
    expect(lineOf(script, US)).toMatchObject({ tentative: false });
  });
});

describe('routers', () => {
  test('are asked for until one has answered, ever more seldom', () => {
    const script = new Ipv6Script({ settle: false });
    script.wait(30);
    const asked = script.heard().filter(({ type }) => type === ROUTER_SOLICITATION);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked[0]).toMatchObject({ destination: key6('ff02::2'), hopLimit: 255, source: key6(US) });
    advertise(script, router());
    script.wait(60);
    expect(script.heard().filter(({ type }) => type === ROUTER_SOLICITATION)).toEqual([]);
  });

  test('are asked for after four seconds, and each time after twice as long, about', () => {
    const script = new Ipv6Script({ settle: false });
    const gaps = (time: number): number[] => {
      script.wait(time);
      const times = script
        .heard()
        .flatMap(({ type, at }) => (type === ROUTER_SOLICITATION ? [at / 1e9] : []));
      return times.slice(1).map((at, i) => at - (times[i] ?? 0));
    };
    for (const [i, gap] of gaps(70).entries()) {
      expect(Math.abs(gap / (4 * 2 ** i) - 1)).toBeLessThan(0.1);
      expect(gap).not.toBe(4 * 2 ** i);
    }
    // Who is no default router does not end it.
    advertise(script, router([], { lifetime: 0 }));
    const last = gaps(40_000).at(-1) ?? 0;
    expect(Math.abs(last / 3600 - 1)).toBeLessThan(0.1);
  });

  test('are told the MAC address of who asks, which is nobody without a link-local address', () => {
    const script = new Ipv6Script({ settle: false });
    const asked = () => {
      script.wait(3);
      return script.heard().flatMap(({ type, rest }) => (type === ROUTER_SOLICITATION ? [rest] : []));
    };
    expect(asked()).toEqual([sourceMac([2, 0, 0, 0, 0, 1])]);
    script.us.sysctl.set('net.ipv6.conf.eth0.addr_gen_mode', 1);
    for (const up of [false, true]) script.us.setLinkUp('eth0', up);
    expect(asked()).toEqual([]);
  });

  test('are default routers for longer when they say so again', () => {
    const script = new Ipv6Script();
    advertise(script, router([], { lifetime: 100 }));
    script.wait(60);
    advertise(script, router([], { lifetime: 100 }));
    script.wait(60);
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
  });

  test('tell their MAC address', () => {
    const script = new Ipv6Script();
    script.answers = false;
    advertise(script, router(sourceMac(OTHER_MAC)));
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000009']);
  });

  test('tell the hop limit and the times of neighbour discovery, where they say something', () => {
    const script = new Ipv6Script();
    advertise(script, router([], { hopLimit: 17, reachable: 60_000, retrans: 3000 }));
    advertise(script, router());
    const { by, parameters } = link(script);
    expect(by.hopLimit).toBe(17);
    expect(parameters).toMatchObject({ baseReachableTime: 60e9, retransTime: 3e9 });
  });

  test('tell no MTU below 1280 or above that of the link', () => {
    const script = new Ipv6Script();
    for (const mtu of [1279, 1501]) advertise(script, router([5, 1, 0, 0, ...u32(mtu)]));
    expect(link(script).by.routerMtu).toBe(Number.POSITIVE_INFINITY);
  });

  test('are default routers for their lifetime, and no longer when they say 0', () => {
    const script = new Ipv6Script();
    advertise(script, router([], { lifetime: 100 }));
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
    script.them.arrived.length = 0;
    script.wait(101);
    expect(send(script, '2001:db8:9::9')).toEqual([]);
    advertise(script, router());
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
    script.them.arrived.length = 0;
    advertise(script, router([], { lifetime: 0 }));
    expect(send(script, '2001:db8:9::9')).toEqual([]);
  });

  test.each([
    [1, []],
    [2, ['020000000002']],
  ])('are none for a machine that becomes a router itself, unless accept_ra is 2: %s', (accepts, heard) => {
    const script = new Ipv6Script();
    advertise(script, router());
    script.us.sysctl.set('net.ipv6.conf.eth0.accept_ra', accepts);
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    expect(send(script, '2001:db8:9::9')).toEqual(heard);
  });

  test('that are silent are passed over while there is another', () => {
    const script = new Ipv6Script();
    script.answers = false;
    advertise(script, router());
    advertise(script, router(sourceMac(OTHER_MAC)), 'fe80::9');
    expect(send(script, '2001:db8:9::9')).toEqual([]);
    script.wait(5);
    expect(send(script, '2001:db8:9::9')).toEqual([hex(OTHER_MAC)]);
  });

  test('that say so no more in an advertisement of their address are none', () => {
    const script = new Ipv6Script();
    advertise(script, router());
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
    script.them.arrived.length = 0;
    script.sayNd(ADVERTISEMENT, [0x20, 0, 0, 0, ...bytes6(THEM), ...targetMac(MAC)], { to: 'ff02::1' });
    expect(send(script, '2001:db8:9::9')).toEqual([]);
  });

  test('tell the hop limit and the MTU of the link', () => {
    const script = new Ipv6Script();
    advertise(script, router([5, 1, 0, 0, ...u32(1400)], { hopLimit: 17 }));
    send(script, THEM_GLOBAL);
    const datagram = script.them.arrived.find(({ bytes }) => bytes[20] === 17);
    expect(datagram?.bytes[21]).toBe(17);
    script.them.arrived.length = 0;
    const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
    socket.send(new Uint8Array(1400), 0, to6(THEM_GLOBAL, 9), 0);
    script.wait(0.1);
    expect(Math.max(...script.them.arrived.map(({ bytes }) => bytes.length - 14))).toBe(1400);
  });

  test.each([
    ['from an address that is not link-local', THEM_GLOBAL, 255],
    ['that another router has passed on', THEM, 254],
  ])('their advertisements %s are dropped', (_what, from, hopLimit) => {
    const script = new Ipv6Script();
    advertise(script, router([...prefix('2001:db8:5::')]), from, hopLimit);
    expect(send(script, '2001:db8:9::9')).toEqual([]);
    expect(script.drops().some((reason) => reason.startsWith('ndisc.'))).toBe(true);
  });
});

describe('a prefix', () => {
  const made = '2001:db8:5::ff:fe00:1/64';
  const address = '2001:db8:5::ff:fe00:1';

  const onLink = (script: Ipv6Script, text: string) =>
    script.us.routes6.some(({ destination }) => destination.text === text);

  /** @returns how many changes of addresses there have been since. */
  function addressChanges(script: Ipv6Script): () => number {
    const count = () =>
      script.record.events.filter((event) => event.kind === 'table' && event.table === 'address').length;
    const before = count();
    return () => count() - before;
  }

  test('makes an address of the interface identifier, which is checked like any other', () => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::')));
    script.wait(3);
    expect(addresses(script)).toContain(made);
    const asked = script.heard().filter(({ type }) => type === SOLICITATION);
    expect(asked.some(({ source }) => source === key6('::'))).toBe(true);
  });

  test.each([
    ['without the autonomous flag', { flags: 0x80 }],
    ['preferred for longer than it is valid', { preferred: 9000 }],
    ['valid for no time', { valid: 0, preferred: 0 }],
    ['of another length than 64', { length: 48 }],
  ])('%s makes none', (_what, given) => {
    const script = new Ipv6Script();
    const changes = addressChanges(script);
    advertise(script, router(prefix('2001:db8:5::', given)));
    script.wait(3);
    expect(changes()).toBe(0);
  });

  test('makes none where autoconf is 0', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.eth0.autoconf', 0);
    const changes = addressChanges(script);
    advertise(script, router(prefix('2001:db8:5::')));
    expect(changes()).toBe(0);
  });

  test.each(['fe80:0:0:5::', 'ff05::'])(
    'of link-local addresses or groups makes none, nor is it on the link: %s',
    (text) => {
      const script = new Ipv6Script();
      const changes = addressChanges(script);
      const routes = script.us.routes6.length;
      advertise(script, router(prefix(text), { lifetime: 0 }));
      expect([changes(), script.us.routes6.length]).toEqual([0, routes]);
    },
  );

  test('leaves an address alone that was given by hand', () => {
    const script = new Ipv6Script();
    script.us.addAddress('eth0', made, false);
    const changes = addressChanges(script);
    advertise(script, router(prefix('2001:db8:5::', { valid: 100, preferred: 50 })));
    script.wait(200);
    expect(changes()).toBe(0);
  });

  test('is on the link when it says so, and else behind the router', () => {
    const script = new Ipv6Script();
    script.answers = false;
    advertise(script, router([...prefix('2001:db8:5::', { flags: 0x80 })], { lifetime: 0 }));
    send(script, '2001:db8:5::77');
    expect(script.heard().filter(({ type }) => type === SOLICITATION)).toMatchObject([
      { destination: key6('ff02::1:ff00:77') },
    ]);
    const other = new Ipv6Script();
    advertise(other, router([...prefix('2001:db8:5::', { flags: 0x40 })]));
    expect(send(other, '2001:db8:5::77')).toEqual(['020000000002']);
  });

  test('is on the link for its lifetime, for longer when it is told of again, no longer when they say 0', () => {
    const script = new Ipv6Script();
    const tell = (text: string, valid: number) =>
      advertise(script, router(prefix(text, { flags: 0x80, valid, preferred: 0 }), { lifetime: 0 }));
    tell('2001:db8:5::', 100);
    tell('2001:db8:6::', 0xffff_ffff);
    script.wait(60);
    tell('2001:db8:5::', 100);
    script.wait(60);
    expect(onLink(script, '2001:db8:5::')).toBe(true);
    script.wait(50);
    expect(onLink(script, '2001:db8:5::')).toBe(false);
    tell('2001:db8:5::', 100);
    tell('2001:db8:5::', 0);
    expect(onLink(script, '2001:db8:5::')).toBe(false);
    script.wait(100_000);
    expect(onLink(script, '2001:db8:6::')).toBe(true);
  });

  test('is on the link still when it is told of without saying so', () => {
    const script = new Ipv6Script();
    for (const flags of [0x80, 0]) advertise(script, router(prefix('2001:db8:5::', { flags })));
    expect(onLink(script, '2001:db8:5::')).toBe(true);
  });

  test('is as long as it says: what stands behind counts not, and nothing is longer than an address', () => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::77')));
    expect(onLink(script, '2001:db8:5::')).toBe(true);
    expect(addresses(script)).toContain(made);
    const routes = script.us.routes6.length;
    advertise(script, router(prefix('2001:db8:6::', { length: 129 })));
    expect(script.us.routes6).toHaveLength(routes);
  });

  test('is one of few thousand: somebody who tells of ever more fills no memory', () => {
    const script = new Ipv6Script();
    for (let i = 0; i < 250; i++) {
      const many = Array.from({ length: 20 }, (_, k) => prefix(`2001:db8:${i.toString(16)}:${k}::`)).flat();
      advertise(script, router(many, { lifetime: 0 }));
    }
    expect(script.us.routes6.length).toBeLessThan(4100);
    expect(script.us.addresses6.length).toBeLessThan(20);
  });

  test('has its address taken for nothing new when it is preferred no longer; what goes on keeps it', () => {
    const script = new Ipv6Script();
    expect(script.us.addRoute({ destination: 'default', via: THEM, interface: 'eth0' })).toBe(0);
    advertise(script, router(prefix('2001:db8:5::', { flags: 0x40, valid: 100, preferred: 50 })));
    script.wait(3);
    const connect = () => {
      const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
      expect(socket.connect(to6('2001:db8:5::9', 9))).toBe(0);
      return socket;
    };
    const sources = (...sockets: Socket[]) => {
      script.them.arrived.length = 0;
      for (const socket of sockets) expect(socket.send(Uint8Array.of(1), 0, null, 0)).toBe(1);
      script.wait(0.1);
      const datagrams = script.them.arrived.filter(({ bytes }) => bytes[20] === 17);
      return datagrams.map(({ bytes }) => Array.from(bytes.subarray(22, 38)));
    };
    const old = connect();
    expect(sources(old, connect())).toEqual([bytes6(address), bytes6(address)]);
    script.wait(50);
    expect(sources(old, connect())).toEqual([bytes6(address), bytes6(US_GLOBAL)]);
    script.heard();
    script.say({ to: address, next: 58, payload: icmp6(128, [0, 7, 0, 1], { to: address }) });
    expect(script.told()).toMatchObject([{ type: 129, source: key6(address) }]);
  });

  test('ends with its lifetime, and so does the address: it is not ours any more', () => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::', { valid: 100, preferred: 50 })));
    script.wait(90);
    expect(addresses(script)).toContain(made);
    script.wait(20);
    expect(addresses(script)).not.toContain(made);
    script.heard();
    script.say({ to: address, next: 58, payload: icmp6(128, [0, 7, 0, 1], { to: address }) });
    script.sayNd(SOLICITATION, solicit(address), { from: THEM_GLOBAL, to: 'ff02::1:ff00:1' });
    expect(script.told()).toEqual([]);
    const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
    expect(socket.bind(to6(address, 9), { privileged: true })).toBe(-ERRNO.EADDRNOTAVAIL);
  });

  test('valid without an end gives an address without one', () => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::', { valid: 0xffff_ffff, preferred: 0xffff_ffff })));
    const end = Number.POSITIVE_INFINITY;
    expect(script.us.addresses6).toContainEqual(
      expect.objectContaining({ dynamic: true, preferredUntil: end, validUntil: end }),
    );
  });

  test('cannot be made to end in less than two hours by a message that anybody could send', () => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::', { valid: 100_000, preferred: 50_000 })));
    script.wait(3);
    advertise(script, router(prefix('2001:db8:5::', { valid: 10, preferred: 10 })));
    script.wait(7000);
    expect(addresses(script)).toContain(made);
    script.wait(300);
    expect(addresses(script)).not.toContain(made);
  });

  test.each([
    ['more than two hours', 100_000, 10_000, 10_000],
    ['more than is left', 1000, 3000, 3000],
    ['less than is left of less than two hours: it is ignored', 5000, 10, 5000],
  ])('may be told of anew with a lifetime of %s', (_what, before, after, end) => {
    const script = new Ipv6Script();
    advertise(script, router(prefix('2001:db8:5::', { valid: before, preferred: 900 })));
    advertise(script, router(prefix('2001:db8:5::', { valid: after, preferred: 5 })));
    const line = script.us.addresses6.find(({ address }) => `${address.text}/64` === made);
    expect((line?.preferredUntil ?? 0) - script.sim.now).toBeLessThan(6e9);
    script.wait(end - 10);
    expect(addresses(script)).toContain(made);
    script.wait(20);
    expect(addresses(script)).not.toContain(made);
  });
});

test('a machine that becomes a router asks for others no more', () => {
  const script = new Ipv6Script();
  script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
  script.heard();
  script.wait(100);
  expect(script.heard().filter(({ type }) => type === ROUTER_SOLICITATION)).toEqual([]);
});

describe('a redirect', () => {
  const better = 'fe80::9';
  const redirect = (target: string, destination: string): number[] => [
    ...ZERO,
    ...bytes6(target),
    ...bytes6(destination),
    ...targetMac(OTHER_MAC),
  ];

  test('of the router that is used is followed, for that destination alone', () => {
    const script = new Ipv6Script();
    advertise(script, router());
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { to: US });
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000009']);
    script.them.arrived.length = 0;
    expect(send(script, '2001:db8:9::8')).toEqual(['020000000002']);
  });

  function redirected(): Ipv6Script {
    const script = new Ipv6Script();
    advertise(script, router());
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { to: US });
    return script;
  }
  /** To which MAC addresses a datagram goes. */
  const next = (script: Ipv6Script): string[] => {
    script.them.arrived.length = 0;
    return send(script, '2001:db8:9::9');
  };

  test('is an exception to its route: no route of its own, gone with it, not with news that renew it', () => {
    const script = redirected();
    const [route] = script.us.routes6.filter(({ length }) => length === 0);
    expect(script.us.routes6.filter(({ length }) => length === 128)).toEqual([]);
    script.wait(100);
    advertise(script, router());
    expect(next(script)).toEqual(['020000000009']);
    expect(route === undefined ? -1 : script.us.ip6.routes.remove(route)).toBe(0);
    advertise(script, router());
    expect(next(script)).toEqual(['020000000002']);
  });

  test('is followed for five minutes', () => {
    const script = redirected();
    script.wait(299);
    expect(next(script)).toEqual(['020000000009']);
    script.wait(2);
    expect(next(script)).toEqual(['020000000002']);
  });

  test('to a router that is silent is given up when that is found out', () => {
    const script = redirected();
    // It is asked itself five seconds after the first packet, and everybody for it before the next one (RFC 4861 section 7.3.3).
    const seen = Array.from({ length: 4 }, () => {
      const went = next(script);
      script.wait(5);
      return went;
    });
    expect(seen).toEqual([['020000000009'], ['020000000009'], [], ['020000000002']]);
  });

  test('to one that says it is no router is given up (RFC 4861 section 7.2.5)', () => {
    const script = redirected();
    script.sayNd(ADVERTISEMENT, [0x20, 0, 0, 0, ...bytes6(better), ...targetMac(OTHER_MAC)], {
      from: better,
      to: 'ff02::1',
    });
    expect(next(script)).toEqual(['020000000002']);
  });

  test('may come from the router that another one has named', () => {
    const script = redirected();
    const third = [2, 0, 0, 0, 0, 7];
    const body = [...ZERO, ...bytes6('fe80::7'), ...bytes6('2001:db8:9::9'), ...targetMac(third)];
    script.sayNd(REDIRECT, body, { from: better, to: US });
    expect(next(script)).toEqual(['020000000007']);
    // That other one may think again, too.
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { to: US });
    expect(next(script)).toEqual(['020000000009']);
  });

  test.each([
    ['of somebody else', { from: 'fe80::7' }, better, '2001:db8:9::9'],
    ['that a router has passed on', { hopLimit: 64 }, better, '2001:db8:9::9'],
    ['with a code', { code: 1 }, better, '2001:db8:9::9'],
    ['to a router that is not link-local', {}, THEM_GLOBAL, '2001:db8:9::9'],
    ['about a group', {}, better, 'ff02::9'],
  ])('%s is not', (_what, given, target, destination) => {
    const script = new Ipv6Script();
    advertise(script, router());
    const rest = script.drops().length;
    script.sayNd(REDIRECT, redirect(target, destination), { to: US, ...given });
    expect(script.drops()).toHaveLength(rest + 1);
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
  });

  test('from an address that is not link-local is not, though the route goes by it', () => {
    const script = new Ipv6Script();
    expect(script.us.addRoute({ destination: 'default', via: THEM_GLOBAL })).toBe(0);
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { from: THEM_GLOBAL, to: US_GLOBAL });
    expect(script.drops()).toContain('ndisc.redirect-ignored');
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
  });

  test('that is cut off is not', () => {
    const script = new Ipv6Script();
    advertise(script, router());
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9').slice(0, 28), { to: US });
    expect(script.drops()).toContain('ndisc.truncated');
  });

  test('to the destination itself puts that on the link', () => {
    const script = new Ipv6Script();
    advertise(script, router());
    script.sayNd(REDIRECT, redirect('2001:db8:9::9', '2001:db8:9::9'), { to: US });
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000009']);
  });

  test.each([
    ['one that is not known', [], 'STALE', OTHER_MAC],
    ['one that has another MAC address', MAC, 'STALE', OTHER_MAC],
    ['one that has the same', OTHER_MAC, 'REACHABLE', OTHER_MAC],
  ])('tells the MAC address of the router to use: of %s', (_what, known, state, mac) => {
    const script = new Ipv6Script();
    advertise(script, router());
    if (known.length > 0) {
      send(script, better, 2);
      script.sayNd(ADVERTISEMENT, [0xe0, 0, 0, 0, ...bytes6(better), ...targetMac(known)], { from: better });
      expect(stateOf(script, better)).toBe('REACHABLE');
    }
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { to: US });
    expect(stateOf(script, better)).toBe(state);
    script.them.arrived.length = 0;
    expect(send(script, '2001:db8:9::9')).toEqual([hex(mac)]);
  });

  test('is not for a router to follow', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    expect(script.us.addRoute({ destination: 'default', via: THEM, interface: 'eth0' })).toBe(0);
    script.sayNd(REDIRECT, redirect(better, '2001:db8:9::9'), { to: US });
    expect(send(script, '2001:db8:9::9')).toEqual(['020000000002']);
  });
});
