import { describe, expect, it } from 'vitest';
import { ip, type TestHost, World } from '../../../test/network-world.ts';
import { ERRNO } from '../../trace/index.ts';
import { formatIpv4, parseIpv4Prefix } from '../address.ts';
import { RT_SCOPE_HOST, RT_SCOPE_LINK } from './local-address.ts';

const prefix = (text: string) => parseIpv4Prefix(text)!;

function host(...addresses: string[]) {
  const world = new World();
  const a = world.host('a');
  const eth = a.port(...addresses);
  const add = (text: string, details = {}) => a.net.ip.addAddress(eth, prefix(text), details);
  const remove = (text: string, promote = false) => a.net.ip.removeAddress(eth, prefix(text), promote);
  return { a, eth, add, remove };
}

const lines = (a: TestHost): string[] =>
  a.net.ip.addresses
    .entries()
    .filter(({ link }) => !link.loopback)
    .map((line) => `${formatIpv4(line.address)}/${line.length}${line.secondary ? ' secondary' : ''}`);

const networks = (a: TestHost): string[] =>
  a.net.ip.routes
    .entries()
    .map(
      (route) =>
        `${formatIpv4(route.destination)} from ${formatIpv4(route.source ?? route.gateway ?? ip('0.0.0.0'))}`,
    );

describe('several addresses of one link', () => {
  it('the second of a network is secondary: packets go from the first', () => {
    const { a } = host('10.0.0.9/24', '10.0.0.5/24', '10.1.0.1/24');
    expect(lines(a)).toEqual(['10.0.0.9/24', '10.1.0.1/24', '10.0.0.5/24 secondary']);
    expect(networks(a)).toEqual(['10.0.0.0 from 10.0.0.9', '10.1.0.0 from 10.1.0.1']);
    expect(formatIpv4(a.net.ip.sourceFor(ip('10.0.0.5'))!)).toBe('10.0.0.5');
    expect(formatIpv4(a.net.ip.sourceFor(ip('10.0.0.77'))!)).toBe('10.0.0.9');
  });

  it('another length of prefix is another network', () => {
    const { a } = host('10.0.0.9/24', '10.0.0.5/16');
    expect(lines(a)).toEqual(['10.0.0.9/24', '10.0.0.5/16']);
  });

  it('the secondary ones go with the primary one, and the route to their network', () => {
    const { a, remove } = host('10.0.0.9/24', '10.0.0.5/24', '10.0.0.6/24', '10.1.0.1/24');
    expect(remove('10.0.0.9/24')).toBe(0);
    expect(lines(a)).toEqual(['10.1.0.1/24']);
    expect(networks(a)).toEqual(['10.1.0.0 from 10.1.0.1']);
  });

  it('with promote_secondaries the first of them takes its place', () => {
    const { a, remove } = host('10.0.0.9/24', '10.0.0.5/24', '10.0.0.6/24', '10.1.0.1/24');
    expect(remove('10.0.0.9/24', true)).toBe(0);
    expect(lines(a)).toEqual(['10.1.0.1/24', '10.0.0.5/24', '10.0.0.6/24 secondary']);
    expect(networks(a)).toEqual(['10.1.0.0 from 10.1.0.1', '10.0.0.0 from 10.0.0.5']);
  });

  it('a secondary one goes alone', () => {
    const { a, remove } = host('10.0.0.9/24', '10.0.0.5/24');
    expect(remove('10.0.0.5/24')).toBe(0);
    expect(networks(a)).toEqual(['10.0.0.0 from 10.0.0.9']);
  });

  it('one that reaches less far than the way needs is not sent from', () => {
    const { a, add } = host();
    expect(add('10.9.0.1/32', { scope: RT_SCOPE_LINK })).toBe(0);
    expect(add('10.0.0.1/24')).toBe(0);
    expect(add('10.9.0.2/32', { scope: RT_SCOPE_HOST })).toBe(0);
    a.route('0.0.0.0/0', '10.0.0.254');
    expect(lines(a)).toEqual(['10.9.0.2/32', '10.9.0.1/32', '10.0.0.1/24']);
    expect(formatIpv4(a.net.ip.sourceFor(ip('8.8.8.8'))!)).toBe('10.0.0.1');
  });

  it('two of one network with different scopes are refused', () => {
    const { add } = host('10.0.0.1/24');
    expect(add('10.0.0.2/24', { scope: RT_SCOPE_LINK })).toBe(-ERRNO.EINVAL);
  });

  it('two links in one network have a route each: the first is taken while it is there', () => {
    const { a, eth } = host('10.0.0.1/24');
    const other = a.port('10.0.0.2/24');
    expect(networks(a)).toEqual(['10.0.0.0 from 10.0.0.1', '10.0.0.0 from 10.0.0.2']);
    expect(a.net.ip.routes.lookup(ip('10.0.0.9'))?.link).toBe(eth);
    eth.setUp(false);
    expect(a.net.ip.routes.lookup(ip('10.0.0.9'))?.link).toBe(other);
  });

  it('without its last one a link has no routes any more', () => {
    const { a, remove } = host('10.0.0.1/24');
    a.route('0.0.0.0/0', '10.0.0.254');
    expect(remove('10.0.0.1/24')).toBe(0);
    expect(networks(a)).toEqual([]);
  });
});
