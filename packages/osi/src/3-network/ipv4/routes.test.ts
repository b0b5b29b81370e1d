import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip, World } from '../../../test/network-world.ts';
import { ERRNO } from '../../trace/index.ts';
import { type Ipv4Address, ipv4FromNumber, netmask } from '../address.ts';
import { type Route, RouteTable } from './routes.ts';

const host = new World().host('a');
const links = [host.port(), host.port()];
const nobody = { tableChanged: () => {} };

function route(text: string, more: Partial<Route> = {}): Route {
  const [address, length] = text.split('/');
  return {
    destination: ip(address!),
    length: Number(length),
    gateway: null,
    link: links[0]!,
    metric: 0,
    source: null,
    protocol: 'static',
    ...more,
  };
}

/** Longest prefix, least metric, oldest: by trying all. */
function bruteForce(routes: readonly Route[], destination: Ipv4Address): Route | null {
  let best: Route | null = null;
  for (const candidate of routes) {
    if ((destination & netmask(candidate.length)) >>> 0 !== candidate.destination) continue;
    const better =
      best === null ||
      candidate.length > best.length ||
      (candidate.length === best.length && candidate.metric < best.metric);
    if (better) best = candidate;
  }
  return best;
}

// Few distinct bits, so that prefixes nest and collide.
const anyAddress = fc
  .tuple(fc.constantFrom(0, 10, 172, 192), fc.nat(3), fc.constantFrom(0, 128, 255), fc.nat(7))
  .map(([a, b, c, d]) => ipv4FromNumber(a * 2 ** 24 + b * 2 ** 16 + c * 256 + d));
const anyRoute = fc
  .tuple(anyAddress, fc.integer({ min: 0, max: 32 }), fc.nat(2))
  .map(([address, length, metric]): Route => {
    const destination = ipv4FromNumber(address & netmask(length));
    return { ...route('0.0.0.0/0'), destination, length, metric };
  });

describe('the route table', () => {
  it('finds what trying all routes finds, while routes come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyRoute, fc.boolean()), { maxLength: 40 }),
        fc.array(anyAddress, { minLength: 1, maxLength: 20 }),
        (changes, addresses) => {
          const table = new RouteTable(host.tracer, nobody);
          const kept: Route[] = [];
          for (const [next, remove] of changes) {
            if (remove && kept.length > 0) {
              const [gone] = kept.splice(next.destination % kept.length, 1);
              expect(table.remove(gone!)).toBe(0);
            } else if (table.add(next) === 0) kept.push(next);
            for (const address of addresses) expect(table.lookup(address)).toBe(bruteForce(kept, address));
          }
          expect([...table.entries()]).toEqual(kept);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('prefers the longer prefix, then the lesser metric', () => {
    const table = new RouteTable(host.tracer, nobody);
    const [all, ten, slow, exact] = [
      route('0.0.0.0/0'),
      route('10.0.0.0/8', { metric: 5 }),
      route('10.0.0.0/8', { metric: 100 }),
      route('10.0.0.7/32'),
    ];
    for (const line of [all, slow, ten, exact]) expect(table.add(line!)).toBe(0);
    expect(table.lookup(ip('8.8.8.8'))).toBe(all);
    expect(table.lookup(ip('10.9.9.9'))).toBe(ten);
    expect(table.lookup(ip('10.0.0.7'))).toBe(exact);
    table.remove(ten!);
    expect(table.lookup(ip('10.9.9.9'))).toBe(slow);
  });

  it('looks among the routes of one link when asked to', () => {
    const table = new RouteTable(host.tracer, nobody);
    const byFirst = route('10.0.0.0/24');
    const bySecond = route('0.0.0.0/0', { link: links[1]! });
    table.add(byFirst);
    table.add(bySecond);
    expect(table.lookup(ip('10.0.0.1'), links[1])).toBe(bySecond);
    expect(table.lookup(ip('11.0.0.1'), links[0])).toBe(null);
  });

  it('refuses a second route of one prefix and metric, and bits behind the prefix', () => {
    const table = new RouteTable(host.tracer, nobody);
    expect(table.add(route('10.0.0.0/8'))).toBe(0);
    expect(table.add(route('10.0.0.0/8', { link: links[1]! }))).toBe(-ERRNO.EEXIST);
    expect(table.add(route('10.0.0.1/8'))).toBe(-ERRNO.EINVAL);
    expect(table.remove(route('10.0.0.0/8'))).toBe(-ERRNO.ESRCH);
  });

  it('without any route finds none', () => {
    expect(new RouteTable(host.tracer, nobody).lookup(ip('10.0.0.1'))).toBe(null);
  });
});
