import { AF_INET, SOCK_STREAM } from '@netarium/osi/5-session';
import { seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, twoMachines } from '../../../test/lab.ts';
import { type Machine, STUDENT } from '../../index.ts';

/** linux/socket.h, linux/tcp.h. */
const IPPROTO_TCP = 6;
const TCP_FASTOPEN = 23;
const MSG_FASTOPEN = 0x2000_0000;

/** alice, who has connected to port 80 of bob twice with data in its SYN. */
async function acquainted(): Promise<(line: string, uid?: number) => Promise<string>> {
  const bench = new Bench();
  const { alice, bob } = twoMachines(bench);
  bob.stack.sysctl.set('net.ipv4.tcp_fastopen', 3);
  start(
    bob,
    async (sys) => {
      const fd = await sys.socket(AF_INET, SOCK_STREAM, 0);
      await sys.setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, Uint8Array.of(5, 0, 0, 0));
      await sys.bind(fd, { family: AF_INET, address: '0.0.0.0', port: 80 });
      await sys.listen(fd, 5);
      await sys.accept4(fd, 0);
      await sys.accept4(fd, 0);
      return 0;
    },
    { uid: 0 },
  );
  start(alice, async (sys) => {
    for (let i = 0; i < 2; i++) {
      const fd = await sys.socket(AF_INET, SOCK_STREAM, 0);
      await sys.sendto(fd, bytes('hello'), MSG_FASTOPEN, { family: AF_INET, address: '10.0.0.2', port: 80 });
      await sys.close(fd);
    }
    return 0;
  });
  await bench.run(seconds(1));
  return (line, uid = 0) => said(bench, alice, line, uid);
}

async function said(bench: Bench, machine: Machine, line: string, uid: number): Promise<string> {
  const process = machine.run(line, { uid });
  await bench.run(bench.sim.now + seconds(1));
  return process.terminal.text.replaceAll('\r', '') + (process.status === 0 ? '' : `[${process.status}]`);
}

const LINE = /^10\.0\.0\.2 age \d\.\d{3}sec fo_mss 1460 fo_cookie [\da-f]{16} source 10\.0\.0\.1\n$/;
const NOBODY = 'RTNETLINK answers: No such process\n[2]';

describe('ip tcp_metrics', () => {
  it('shows what TCP remembers of destinations, all or some', async () => {
    const run = await acquainted();
    for (const what of ['', ' show', ' list 10.0.0.2', ' show address 10.0.0.0/24', ' show all']) {
      expect(await run(`ip tcp_metrics${what}`, STUDENT.uid)).toMatch(LINE);
    }
    expect(await run('ip tcpmetrics show 10.1.0.0/16')).toBe('');
    expect(await run('ip tcp_metrics show 10.0.0.3')).toBe(NOBODY);
    expect(await run('ip tcp_metrics show 2001:db8::/32')).toBe('');
  });

  it('forgets one destination: for root alone', async () => {
    const run = await acquainted();
    expect(await run('ip tcp_metrics delete 10.0.0.2', STUDENT.uid)).toBe(
      'RTNETLINK answers: Operation not permitted\n[2]',
    );
    expect(await run('ip tcp_metrics delete 10.0.0.3')).toBe(NOBODY);
    expect(await run('ip tcp_metrics delete 10.0.0.2')).toBe('');
    expect(await run('ip tcp_metrics')).toBe('');
    expect(await run('ip tcp_metrics delete 10.0.0.2')).toBe(NOBODY);
  });

  it('flushes all, a prefix or one', async () => {
    const all = await acquainted();
    expect(await all('ip tcp_metrics flush 10.1.0.0/16')).toBe('Nothing to flush.\n');
    expect(await all('ip tcp_metrics flush')).toBe('');
    expect(await all('ip tcp_metrics')).toBe('');
    expect(await all('ip tcp_metrics flush')).toBe('');
    const some = await acquainted();
    expect(await some('ip tcp_metrics flush 10.0.0.0/8')).toBe('');
    expect(await some('ip tcp_metrics flush 10.0.0.2')).toBe(NOBODY);
  });

  it('refuses in the words of iproute2', async () => {
    const run = await acquainted();
    expect(await run('ip tcp_metrics delete')).toBe('Error: argument "address" is required\n[255]');
    expect(await run('ip tcp_metrics show foo')).toBe(
      'Error: any valid prefix is expected rather than "foo".\n[1]',
    );
    expect(await run('ip tcp_metrics del 1.2.3.0/24')).toBe(
      'Error: a specific IP address is expected rather than "1.2.3.0/24"\n[1]',
    );
    expect(await run('ip tcp_metrics foo')).toBe(
      'Command "foo" is unknown, try "ip tcp_metrics help".\n[255]',
    );
  });
});
