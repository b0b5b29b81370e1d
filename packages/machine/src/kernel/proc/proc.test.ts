import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, twoMachines } from '../../../test/lab.ts';
import type { Machine } from '../../index.ts';

/** What `cat` prints of a file. */
async function read(bench: Bench, machine: Machine, path: string): Promise<string> {
  const cat = machine.run(`cat ${path}`, { uid: 0 });
  await bench.run(bench.sim.now + milliseconds(5));
  return cat.terminal.text;
}

/** A machine with a listener, a connection to itself with unread data, and an UDP socket. */
async function busy() {
  const bench = new Bench();
  const { alice } = twoMachines(bench);
  const process = start(alice, async (sys) => {
    const listener = await sys.socket(2, 1, 0);
    await sys.bind(listener, { family: 2, address: '127.0.0.1', port: 8080 });
    await sys.listen(listener, 5);
    const client = await sys.socket(2, 1, 0);
    await sys.bind(client, { family: 2, address: '127.0.0.1', port: 50_000 });
    await sys.connect(client, { family: 2, address: '127.0.0.1', port: 8080 });
    await sys.accept4(listener, 0);
    await sys.sendto(client, bytes('0123456789'), 0, null);
    const udp = await sys.socket(2, 2, 0);
    await sys.bind(udp, { family: 2, address: '10.0.0.1', port: 53_000 });
    await sys.nanosleep(seconds(100));
    return 0;
  });
  await bench.run(milliseconds(500));
  return { bench, alice, process };
}

describe('/proc/net', () => {
  it('has the sockets of TCP and UDP in the form of Linux', async () => {
    const { bench, alice } = await busy();
    const tcp = (await read(bench, alice, '/proc/net/tcp')).split('\n');
    expect(tcp.map((line) => line.trimEnd())).toEqual([
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 20000 1 0000000000000000',
      '   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 20001 1 0000000000000000',
      '   2: 0100007F:1F90 0100007F:C350 01 00000000:0000000A 00:00000000 00000000  1000        0 20002 1 0000000000000000',
      '',
    ]);
    expect(new Set(tcp.slice(0, -1).map(({ length }) => length))).toEqual(new Set([149]));
    const udp = (await read(bench, alice, '/proc/net/udp')).split('\n');
    expect(udp[1]?.trimEnd()).toBe(
      '    0: 0100000A:CF08 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 20003 2 0000000000000000 0',
    );
  });

  it('has counters as a line of names and a line of numbers', async () => {
    const { bench, alice } = await busy();
    const lines = (await read(bench, alice, '/proc/net/snmp')).split('\n');
    const tcp = lines.filter((line) => line.startsWith('Tcp: '));
    const names = tcp[0]?.split(' ') ?? [];
    const values = tcp[1]?.split(' ') ?? [];
    expect(values).toHaveLength(names.length);
    const counter = (name: string) => Number(values[names.indexOf(name)]);
    expect([counter('ActiveOpens'), counter('PassiveOpens'), counter('CurrEstab')]).toEqual([1, 1, 2]);
  });
});

describe('/proc/<pid>', () => {
  it('tells a process by its command line, status and descriptors', async () => {
    const { bench, alice, process } = await busy();
    expect(await read(bench, alice, `/proc/${process.pid}/cmdline`)).toBe('test\0');
    const status = await read(bench, alice, `/proc/${process.pid}/status`);
    expect(status).toContain('Name:\ttest\n');
    expect(status).toContain('State:\tS (sleeping)\n');
    expect(status).toContain('Uid:\t1000\t1000\t1000\t1000\n');
    const ls = alice.run(`ls /proc/${process.pid}/fd`, { uid: 0 });
    await bench.run(bench.sim.now + milliseconds(5));
    expect(ls.terminal.text).toBe('0  1  2  3  4  5  6\n');
  });

  it('goes with the process', async () => {
    const { bench, alice, process } = await busy();
    process.kill(9);
    expect(await read(bench, alice, `/proc/${process.pid}/comm`)).toBe(
      `cat: /proc/${process.pid}/comm: No such file or directory\n`,
    );
  });
});
