import { describe, expect, test } from 'vitest';
import { Ipv6World } from '../../../test/ipv6-world.ts';
import { seconds } from '../../time/index.ts';
import { parseIpv6 } from './text.ts';

const address = (text: string) => parseIpv6(text)!;
const FAR = address('2001:db8:9::1');

/** A machine with an interface that has 2001:db8:1::1. */
function machine() {
  const world = new Ipv6World();
  const [us, other] = [world.machine('us'), world.machine('other')];
  world.link(us, other);
  expect(us.addAddress('eth0', '2001:db8:1::1/64', false)).toBe(0);
  const run = (time: number) => world.sim.run(world.sim.now + seconds(time));
  run(3);
  const link = us.interface('eth0')!;
  const source = (to = FAR) => us.ip6.sourceFor(to)?.text ?? null;
  return { us, link, run, source, now: () => world.sim.now };
}

describe('where a packet goes, and from which address', () => {
  test('is decided anew when routes change', () => {
    const { us, source } = machine();
    expect(source()).toBe(null);
    expect(us.addRoute({ destination: 'default', via: '2001:db8:1::2' })).toBe(0);
    expect(source()).toBe('2001:db8:1::1');
    const [route] = us.routes6.filter(({ length }) => length === 0);
    expect(us.ip6.routes.remove(route!)).toBe(0);
    expect(source()).toBe(null);
  });

  test('is decided anew when addresses change', () => {
    const { us, source } = machine();
    us.addRoute({ destination: 'default', via: '2001:db8:1::2' });
    expect([source(), us.ip6.isLocal(FAR)]).toEqual(['2001:db8:1::1', false]);
    us.addAddress('eth0', '2001:db8:9::2/64', false);
    expect(source()).toBe('2001:db8:9::2');
    us.removeAddress('eth0', '2001:db8:9::2/64');
    expect(source()).toBe('2001:db8:1::1');
    us.addAddress('eth0', '2001:db8:9::1/128', false);
    expect(source()).toBe(FAR.text);
  });

  test('an address of ours is sent to from itself, even when it is deprecated', () => {
    const { us, link, source, now } = machine();
    const own = { address: address('2001:db8:1::7'), length: 64, preferredUntil: now() };
    expect(typeof us.ip6.addLine(link, own)).toBe('object');
    expect([source(own.address), us.ip6.sourceFor(own.address, 'eth0')?.text]).toEqual([
      own.address.text,
      own.address.text,
    ]);
  });

  test('an address that is deprecated makes way for another one', () => {
    const { us, link, run, source, now } = machine();
    us.addRoute({ destination: 'default', via: '2001:db8:1::2' });
    const line = { address: address('2001:db8:9::2'), length: 64 };
    const added = us.ip6.addLine(link, { ...line, preferredUntil: now() + seconds(10) });
    if (typeof added === 'number') throw new Error(`${added}`);
    expect(source()).toBe('2001:db8:9::2');
    run(9);
    expect(source()).toBe('2001:db8:9::2');
    run(1);
    expect(source()).toBe('2001:db8:1::1');
    us.ip6.addresses.renew(added, now() + seconds(10), Number.POSITIVE_INFINITY);
    expect(source()).toBe('2001:db8:9::2');
  });

  test('depends on the interface when that is down', () => {
    const { us, link, source } = machine();
    us.addRoute({ destination: 'default', via: '2001:db8:1::2' });
    expect(source()).toBe('2001:db8:1::1');
    us.setLinkUp(link.name, false);
    expect(source()).toBe(null);
  });
});
