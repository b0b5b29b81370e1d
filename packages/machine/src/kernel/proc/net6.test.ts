import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, start, twoMachines } from '../../../test/lab.ts';

const at6 = (address: string, port: number) =>
  ({ family: 10, address, port, flowInfo: 0, scopeId: 0 }) as const;

/** A machine with a listener for both versions, a connection to it by each, one listener for IPv6 alone, and UDP sockets. */
async function busy() {
  const bench = new Bench();
  const { alice } = twoMachines(bench);
  alice.configure({ ipv6: { addresses: { eth0: '2001:db8::1/64' } } });
  start(alice, async (sys) => {
    const listener = await sys.socket(10, 1, 0);
    await sys.bind(listener, at6('::', 8080));
    await sys.listen(listener, 5);
    const mapped = await sys.socket(2, 1, 0);
    await sys.bind(mapped, { family: 2, address: '127.0.0.1', port: 50_000 });
    await sys.connect(mapped, { family: 2, address: '127.0.0.1', port: 8080 });
    await sys.accept4(listener, 0);
    const six = await sys.socket(10, 1, 0);
    await sys.bind(six, at6('::1', 50_001));
    await sys.connect(six, at6('::1', 8080));
    const udp = await sys.socket(10, 2, 0);
    await sys.bind(udp, at6('2001:db8::1', 53_000));
    const peer = await sys.socket(10, 2, 0);
    await sys.bind(peer, at6('::1', 53_001));
    await sys.connect(peer, at6('::1', 9));
    await sys.nanosleep(seconds(100));
    return 0;
  });
  await bench.run(seconds(5));
  return async (line: string): Promise<string[]> => {
    const process = alice.run(line, { uid: 0 });
    await bench.run(bench.sim.now + milliseconds(10));
    return process.terminal.text.split('\n');
  };
}

const REST = '00000000:00000000 00:00000000 00000000  1000        0';

describe('/proc/net', () => {
  it('has the addresses of IPv6 by interface, length, scope and flags', async () => {
    const said = await busy();
    expect(await said('cat /proc/net/if_inet6')).toEqual([
      '00000000000000000000000000000001 01 80 10 80       lo',
      '20010db8000000000000000000000001 02 40 00 80     eth0',
      'fe80000000000000000000fffe000001 02 40 20 80     eth0',
      '',
    ]);
  });

  it('has the sockets of AF_INET6 in the form of Linux, IPv4 addresses mapped', async () => {
    const said = await busy();
    const [any, one] = ['0'.repeat(32), `${'0'.repeat(24)}01000000`];
    const mapped = '0000000000000000FFFF00000100007F';
    const tcp = await said('cat /proc/net/tcp6');
    expect(tcp[0]).toBe(
      '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    );
    expect(tcp[1]).toBe(
      `   0: ${any}:1F90 ${any}:0000 0A 00000000:00000001 00:00000000 00000000  1000        0 20000 1 0000000000000000`,
    );
    expect(tcp.slice(2).map((line) => line.slice(6, 84))).toEqual([
      `${mapped}:1F90 ${mapped}:C350 01`,
      `${one}:C351 ${one}:1F90 01`,
      `${one}:1F90 ${one}:C351 01`,
      '',
    ]);
    const own = (await said('cat /proc/net/tcp')).slice(1).map((line) => line.slice(6, 36));
    expect(own).toEqual(['0100007F:C350 0100007F:1F90 01', '']);
    const udp = await said('cat /proc/net/udp6');
    expect(udp[0]).toMatch(/^ {2}sl {2}local_address .* timeout inode ref pointer drops$/);
    expect(udp[1]).toMatch(
      new RegExp(`^    0: B80D0120000000000000000001000000:CF08 ${any}:0000 07 ${REST} \\d+ 2 0{16} 0$`),
    );
    expect(udp[2]).toMatch(new RegExp(`^    1: ${one}:CF09 ${one}:0009 01 ${REST} \\d+ 2 0{16} 0$`));
  });
});

describe('netstat', () => {
  it('lists sockets of both versions, what a mapped address stands for as IPv4', async () => {
    const said = await busy();
    expect((await said('netstat -antu')).slice(2)).toEqual([
      'tcp        0      0 127.0.0.1:50000         127.0.0.1:8080          ESTABLISHED',
      'tcp6       1      0 :::8080                 :::*                    LISTEN     ',
      'tcp6       0      0 127.0.0.1:8080          127.0.0.1:50000         ESTABLISHED',
      'tcp6       0      0 ::1:50001               ::1:8080                ESTABLISHED',
      'tcp6       0      0 ::1:8080                ::1:50001               ESTABLISHED',
      'udp6       0      0 2001:db8::1:53000       :::*                               ',
      'udp6       0      0 ::1:53001               ::1:9                   ESTABLISHED',
      '',
    ]);
    expect((await said('netstat -ant4')).slice(2)).toEqual([
      'tcp        0      0 127.0.0.1:50000         127.0.0.1:8080          ESTABLISHED',
      '',
    ]);
    expect((await said('netstat -anu6')).slice(2)).toHaveLength(3);
  });
});
