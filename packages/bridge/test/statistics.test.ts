import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { Meeting } from './support/meeting.ts';

const FILES = { PROC_NET_SNMP: 'snmp', PROC_NET_SNMP6: 'snmp6', PROC_NET_NETSTAT: 'netstat' };

describeKernel('what a machine of ours has counted, read by programs of Linux', () => {
  let met: Meeting;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'netarium-statistics-'));
    met = new Meeting();
    met.kernel.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
    met.kernel.ip(`addr add fd77::1/64 dev ${met.tap.device} nodad`);
    met.now(() => met.box.machine.configure({ ipv6: { addresses: { eth0: 'fd77::2/64' } } }));
    await met.kernel.ping(3, '-6', 'fd77::2');
    await met.kernel.ping(2, '10.77.0.2');
    met.now(() => {
      const socket = met.box.stack.datagram({ address: '::', port: 0 });
      socket.send('x', { address: 'fd77::1', port: 9 });
      socket.close();
    });
    await met.until(() => met.box.stack.icmp6.counters.InDestUnreachs === 1);
  });
  afterAll(async () => {
    await met.close();
    rmSync(folder, { recursive: true });
  });

  test.each(['nstat -a', 'nstat -az', "nstat -az 'Icmp6*'", "nstat -a 'Ip6Out*' 'Udp6*'"])(
    "%s says what iproute2's says of the same files",
    async (line) => {
      const files = Object.values(FILES).map((file) => `cat /proc/net/${file}`);
      // All at one moment.
      const running = met.now(() => [...files, line].map((command) => met.box.start(command)));
      const [snmp = '', snmp6 = '', netstat = '', ours] = await Promise.all(
        running.map(async ({ exit, terminal }) => {
          await exit;
          return terminal.text.replaceAll('\r\n', '\n');
        }),
      );
      const env: Record<string, string | undefined> = {
        ...process.env,
        NSTAT_HISTORY: join(folder, 'history'),
      };
      for (const [i, name] of Object.keys(FILES).entries()) {
        const path = join(folder, name);
        writeFileSync(path, [snmp, snmp6, netstat][i] ?? '');
        env[name] = path;
      }
      const [program = '', ...options] = line.replaceAll("'", '').split(' ');
      const theirs = execFileSync(program, options, { encoding: 'utf8', env });
      expect(ours).toBe(theirs);
      expect(theirs.split('\n').length).toBeGreaterThan(3);
    },
  );

  test('the groups of an interface are those that the kernel has joined on its own', async () => {
    const groups = (text: string) =>
      [...text.matchAll(/inet6 (\S+)/g)].map(([, group = '']) =>
        group.replace(/ff[\da-f]{2}:[\da-f]{4}$/, 'X'),
      );
    const kernel = groups(met.kernel.ip(`-6 maddr show dev ${met.tap.device}`));
    const ours = groups((await met.command('ip -6 maddr show dev eth0')).text);
    // Both have a link-local and a global address; ours end in different bits.
    expect(ours.length).toBe(kernel.length);
    expect(ours.slice(-2)).toEqual(kernel.slice(-2));
  });
}, ['nstat']);
