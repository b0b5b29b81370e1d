import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { type AsyncSystemCalls, type Machine, typescriptProgram } from '../src/index.ts';
import { Bench, bytes, twoMachines } from './lab.ts';

const SERVER = { family: 2, address: '10.0.0.2', port: 9000 } as const;

/** Runs a command to its end and gives what it printed; a moment of virtual time passes. */
async function output(bench: Bench, machine: Machine, line: string): Promise<string> {
  const process = machine.run(line, { uid: 0 });
  await bench.run(bench.sim.now + milliseconds(5));
  expect(process.ended, `${line} has ended`).toBe(true);
  return process.terminal.text;
}

/** The lines of `netstat -ant` without its two heads: `local remote state`, ephemeral ports as `*`. */
async function connections(bench: Bench, machine: Machine): Promise<string[]> {
  const lines = (await output(bench, machine, 'netstat -ant')).trimEnd().split('\n').slice(2);
  return lines.map((line) => {
    const [, , , local = '', remote = '', state] = line.trim().split(/\s+/);
    return `${local} ${remote} ${state}`.replace(/:(3[2-9]|[45]\d|60)\d{3}\b/g, ':*');
  });
}

/** A program that does the next step of a list each time its terminal gets a line. */
function stepwise(...steps: ((sys: AsyncSystemCalls, fd: number) => Promise<number>)[]) {
  return typescriptProgram(async (sys) => {
    let fd = await sys.socket(2, 1, 0);
    for (const step of steps) {
      fd = await step(sys, fd);
      if (fd < 0) return 1;
      await sys.read(0, 100);
    }
    return 0;
  });
}

describe('netstat -ant', () => {
  it('shows each state of both ends at its moment, from LISTEN to TIME_WAIT', async () => {
    const bench = new Bench();
    const { alice, bob } = twoMachines(bench);
    let listener = -1;
    bob.install(
      'server',
      stepwise(
        async (sys, fd) => {
          listener = fd;
          await sys.bind(fd, { family: 2, address: '0.0.0.0', port: 9000 });
          await sys.listen(fd, 5);
          const accepted = await sys.accept4(fd, 0);
          return typeof accepted === 'number' ? accepted : accepted.fd;
        },
        async (sys, fd) => {
          await sys.close(fd);
          return listener;
        },
      ),
    );
    alice.install(
      'client',
      stepwise(
        async (_sys, fd) => fd,
        async (sys, fd) => {
          await sys.connect(fd, SERVER);
          return fd;
        },
        async (sys, fd) => {
          await sys.close(fd);
          return 0;
        },
      ),
    );
    const client = alice.spawn(['client']);
    await bench.run(milliseconds(10));
    expect(await connections(bench, bob)).toEqual([]);

    const server = bob.spawn(['server']);
    await bench.run(milliseconds(20));
    expect(await connections(bench, bob)).toEqual(['0.0.0.0:9000 0.0.0.0:* LISTEN']);

    client.terminal.enter('connect');
    await bench.run(bench.sim.now + milliseconds(10));
    expect(await connections(bench, alice)).toEqual(['10.0.0.1:* 10.0.0.2:9000 ESTABLISHED']);
    expect(await connections(bench, bob)).toEqual([
      '0.0.0.0:9000 0.0.0.0:* LISTEN',
      '10.0.0.2:9000 10.0.0.1:* ESTABLISHED',
    ]);

    client.terminal.enter('close');
    // Long enough for an acknowledgment of FIN that is delayed.
    await bench.run(bench.sim.now + milliseconds(300));
    expect(await connections(bench, alice)).toEqual(['10.0.0.1:* 10.0.0.2:9000 FIN_WAIT2']);
    expect((await connections(bench, bob))[1]).toBe('10.0.0.2:9000 10.0.0.1:* CLOSE_WAIT');

    server.terminal.enter('close');
    await bench.run(bench.sim.now + milliseconds(10));
    expect(await connections(bench, alice)).toEqual(['10.0.0.1:* 10.0.0.2:9000 TIME_WAIT']);
    expect(await connections(bench, bob)).toEqual(['0.0.0.0:9000 0.0.0.0:* LISTEN']);

    await bench.run(bench.sim.now + seconds(61));
    expect(await connections(bench, alice)).toEqual([]);
  });

  it('shows SYN_SENT while nobody answers', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    alice.install(
      'client',
      typescriptProgram(async (sys) => {
        const fd = await sys.socket(2, 1, 0);
        return -(await sys.connect(fd, { family: 2, address: '10.0.0.77', port: 80 }));
      }),
    );
    const client = alice.spawn(['client']);
    await bench.run(seconds(1));
    expect(await connections(bench, alice)).toEqual(['10.0.0.1:* 10.0.0.77:80 SYN_SENT']);
    await bench.run();
    // No route to host: ARP got no answer.
    expect(client.status).toBe(113);
  });

  it('has the columns of net-tools, byte for byte', async () => {
    const bench = new Bench();
    const { bob } = twoMachines(bench);
    bob.install(
      'server',
      typescriptProgram(async (sys) => {
        const fd = await sys.socket(2, 1, 0);
        await sys.bind(fd, { family: 2, address: '127.0.0.1', port: 8080 });
        await sys.listen(fd, 5);
        const client = await sys.socket(2, 1, 0);
        await sys.bind(client, { family: 2, address: '127.0.0.1', port: 50_000 });
        await sys.connect(client, { family: 2, address: '127.0.0.1', port: 8080 });
        await sys.sendto(client, bytes('0123456789'), 0, null);
        const udp = await sys.socket(2, 2, 0);
        await sys.bind(udp, { family: 2, address: '0.0.0.0', port: 53_000 });
        await sys.accept4(fd, 0);
        await sys.read(0, 1);
        return 0;
      }),
    );
    bob.spawn(['server']);
    await bench.run(milliseconds(100));
    expect(await output(bench, bob, 'netstat -ant')).toBe(
      [
        'Active Internet connections (servers and established)',
        'Proto Recv-Q Send-Q Local Address           Foreign Address         State      ',
        'tcp        0      0 127.0.0.1:8080          0.0.0.0:*               LISTEN     ',
        'tcp        0      0 127.0.0.1:50000         127.0.0.1:8080          ESTABLISHED',
        'tcp       10      0 127.0.0.1:8080          127.0.0.1:50000         ESTABLISHED',
        '',
      ].join('\n'),
    );
    expect(await output(bench, bob, 'netstat -anup')).toBe(
      [
        'Active Internet connections (servers and established)',
        'Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    ',
        'udp        0      0 0.0.0.0:53000           0.0.0.0:*                           100/server          ',
        '',
      ].join('\n'),
    );
    expect(await output(bench, bob, 'netstat -antp')).toMatch(
      /tcp {8}0 {6}0 127\.0\.0\.1:8080 {10}0\.0\.0\.0:\* {15}LISTEN {6}100\/server {10}\n.*\n.*ESTABLISHED 100\/server/,
    );
    expect(await output(bench, bob, 'netstat -lt')).toContain(
      'tcp        0      0 localhost:http-alt      0.0.0.0:*               LISTEN     \n',
    );
  });
});
