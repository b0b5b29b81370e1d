import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Stack } from '../../src/5-session/index.ts';
import { Simulation } from '../../src/time/index.ts';
import { runCommand } from './commands.ts';
import { Tun } from './tun.ts';

const folder = mkdtempSync(join(tmpdir(), 'packetdrill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function machine() {
  const stack = new Stack({ sim: new Simulation(), name: 'dut' });
  const notes: string[] = [];
  const tun = new Tun(stack, 1500);
  return { stack, tun, folder, notes, counters: null, note: (text: string) => notes.push(text) };
}

const run = (text: string, on = machine()) => {
  runCommand(on, { line: 1, text });
  return on;
};

describe('commands of scripts', () => {
  test('set the tunables of the stack, by either name, one or several at once', () => {
    const { stack } = run(
      'sysctl -q net.ipv4.tcp_timestamps=0 net/ipv4/tcp_fin_timeout=7\n' +
        'set_sysctls.py /proc/sys/net/ipv4/tcp_syn_retries=0x3 \\\n /proc/sys/net/ipv4/tcp_retries2=4',
    );
    const values = ['tcp_timestamps', 'tcp_fin_timeout', 'tcp_syn_retries', 'tcp_retries2'] as const;
    expect(values.map((name) => stack.sysctl.get(`net.ipv4.${name}`))).toEqual([0, 7, 3, 4]);
  });

  test('set those that are several numbers, computed by the shell', () => {
    const { stack } = run('sysctl -q net.ipv4.tcp_rmem="4096 540000 $((15*1024*1024))"');
    expect(stack.sysctl.get('net.ipv4.tcp_rmem.default')).toBe(540_000);
    expect(stack.sysctl.get('net.ipv4.tcp_rmem.max')).toBe(15_728_640);
  });

  test('may turn off what the stack does not have, and not turn it on', () => {
    expect(() => run('sysctl -q net.ipv4.tcp_fack=0')).not.toThrow();
    expect(() => run('sysctl -q net.ipv4.tcp_fack=1')).toThrow('sysctl net.ipv4.tcp_fack=1');
  });

  test('are tried one after the other where `||` is between them', () => {
    const { stack } = run('sysctl -q net.ipv4.tcp_nonsense=1 || sysctl -q net.ipv4.tcp_fin_timeout=9');
    expect(stack.sysctl.get('net.ipv4.tcp_fin_timeout')).toBe(9);
    run('sysctl -q net.ipv4.tcp_retries2=4 || reboot now');
  });

  test('find a counter that has grown since nstat was called', () => {
    const on = run('nstat > /dev/null');
    expect(() => run('nstat | grep TcpExtTCPFastOpenActive', on)).toThrow(
      'TcpExtTCPFastOpenActive has not grown',
    );
    on.stack.tcp.counters.ext.TCPFastOpenActive++;
    run('nstat | grep TcpExtTCPFastOpenActive > /dev/null', on);
    expect(() => run('nstat | grep TcpExtNonsense', on)).toThrow('the counter TcpExtNonsense');
  });

  test('a file of defaults is read; what is unknown in it is noted', () => {
    writeFileSync(
      join(folder, 'defaults.sh'),
      '#!/bin/bash\n# comment\nip tcp_metrics flush all > /dev/null 2>&1\n' +
        'sysctl -q net.ipv4.tcp_fin_timeout=11 > /dev/null\nsysctl -q net.ipv4.tcp_nonsense=1\nreboot now\n',
    );
    const { stack, notes } = run('./defaults.sh');
    expect(stack.sysctl.get('net.ipv4.tcp_fin_timeout')).toBe(11);
    expect(notes).toEqual(['unknown: net.ipv4.tcp_nonsense=1', 'passed over: reboot now']);
  });

  test('that change nothing here are taken', () => {
    for (const text of ['/tmp/sysctl_restore_77.sh', 'ethtool -K tun0 tso off gso off', 'nstat > /dev/null'])
      expect(() => run(text)).not.toThrow();
  });

  test('a queue that holds nothing lets nothing out', () => {
    const blocked = run('tc qdisc replace dev tun0 root pfifo limit 0');
    expect(blocked.tun.blocked).toBe(true);
    expect(run('tc qdisc replace dev tun0 root pfifo', blocked).tun.blocked).toBe(false);
  });

  test.each([
    'tc qdisc replace dev tun0 root fq',
    'ip route flush all',
    'echo 1 > /proc/sys/x',
    'rm -rf /tmp/x',
  ])('%s is unsupported', (text) => {
    expect(() => run(text)).toThrow(`the command '${text}'`);
  });
});
