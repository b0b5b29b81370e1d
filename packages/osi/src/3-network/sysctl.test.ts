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
    one.set('net.ipv4.tcp_sack', 0);
    expect(one.get('net.ipv4.tcp_sack')).toBe(0);
  });

  it.each([
    ['net.ipv4.ip_default_ttl', 1, 255],
    ['net.ipv6.conf.eth0.hop_limit', 1, 255],
    ['net.ipv4.igmp_qrv', 1, 0x7fff_ffff],
    ['net.ipv6.mld_qrv', 1, 0x7fff_ffff],
  ])('%s takes %i to %i, as in Linux', (name, least, most) => {
    const one = new Sysctl();
    const takes = (value: number) => one.setText(name, String(value));
    expect([least - 1, least, most, most + 1].map(takes)).toEqual([false, true, true, false]);
  });

  it('of an unknown name are refused', () => {
    const one = new Sysctl();
    expect(one.set('net.ipv4.nonsense', 1)).toBe(false);
    expect(one.set('toString', 1)).toBe(false);
  });
});
