import { describe, expect, it } from 'vitest';
import { SYSCTL_DEFAULTS, Sysctl } from './sysctl.ts';

describe('the tunables of a machine', () => {
  it('have Linux’s defaults until they are set, each machine for itself', () => {
    const one = new Sysctl();
    const other = new Sysctl();
    expect(one.set('net.ipv4.ip_forward', 1)).toBe(true);
    expect([one.get('net.ipv4.ip_forward'), other.get('net.ipv4.ip_forward')]).toEqual([1, 0]);
    expect(Object.fromEntries(one.entries())).toEqual({ ...SYSCTL_DEFAULTS, 'net.ipv4.ip_forward': 1 });
  });

  it('can be set to 0', () => {
    const one = new Sysctl();
    one.set('net.ipv4.ip_default_ttl', 0);
    expect(one.get('net.ipv4.ip_default_ttl')).toBe(0);
  });

  it('of an unknown name are refused', () => {
    const one = new Sysctl();
    expect(one.set('net.ipv4.nonsense', 1)).toBe(false);
    expect(one.set('toString', 1)).toBe(false);
  });
});
