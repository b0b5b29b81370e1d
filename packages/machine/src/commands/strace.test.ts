import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, twoMachines } from '../../test/lab.ts';

describe('strace -p', () => {
  it('prints the system calls of a running process as strace does', async () => {
    const bench = new Bench();
    const { alice, bob } = twoMachines(bench);
    const server = start(bob, async (sys) => {
      await sys.read(0, 10);
      const fd = await sys.socket(2, 1, 0);
      await sys.setsockopt(fd, 1, 2, Uint8Array.of(1, 0, 0, 0));
      await sys.bind(fd, { family: 2, address: '0.0.0.0', port: 9000 });
      await sys.listen(fd, 5);
      const accepted = await sys.accept4(fd, 0o2000000);
      if (typeof accepted === 'number') return 1;
      const got = await sys.recvfrom(accepted.fd, 1024, 0);
      if (typeof got === 'object') await sys.sendto(accepted.fd, got.data, 0, null);
      await sys.close(99);
      await sys.poll([{ fd: accepted.fd, events: 1 }], milliseconds(5));
      return 7;
    });
    await bench.run(milliseconds(1));
    const strace = bob.run(`strace -p ${server.pid}`);
    await bench.run(milliseconds(2));
    server.terminal.enter('go');
    await bench.run(milliseconds(3));
    const client = start(alice, async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      await sys.bind(fd, { family: 2, address: '10.0.0.1', port: 50_000 });
      await sys.connect(fd, { family: 2, address: '10.0.0.2', port: 9000 });
      await sys.sendto(fd, bytes('안녕'), 0, null);
      await sys.read(0, 10);
      return 0;
    });
    await bench.run(seconds(1));
    expect(strace.terminal.text).toBe(
      [
        `strace: Process ${server.pid} attached`,
        'read(0,  <unfinished ...>',
        '<... read resumed>"go\\n", 10)           = 3',
        'socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3',
        'setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
        'bind(3, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
        'listen(3, 5)                            = 0',
        'accept4(3,  <unfinished ...>',
        '<... accept4 resumed>{sa_family=AF_INET, sin_port=htons(50000), sin_addr=inet_addr("10.0.0.1")}, [16], SOCK_CLOEXEC) = 4',
        'recvfrom(4, "\\354\\225\\210\\353\\205\\225", 1024, 0, NULL, NULL) = 6',
        'sendto(4, "\\354\\225\\210\\353\\205\\225", 6, 0, NULL, 0) = 6',
        'close(99)                               = -1 EBADF (Bad file descriptor)',
        'poll([{fd=4, events=POLLIN}], 1, 5 <unfinished ...>',
        '<... poll resumed>)                     = 0 (Timeout)',
        'exit_group(7)                           = ?',
        '+++ exited with 7 +++',
        '',
      ].join('\n'),
    );
    expect([strace.status, server.status, client.ended]).toEqual([0, 7, false]);
  });

  it('shows signals, and how they ended the process', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const sleeper = alice.run('sleep 100');
    await bench.run(milliseconds(1));
    const strace = alice.run(`strace -p ${sleeper.pid}`);
    await bench.run(milliseconds(2));
    const kill = alice.run(`kill -INT ${sleeper.pid}`);
    await bench.run();
    expect(kill.status).toBe(0);
    expect(sleeper.status).toBe(130);
    expect(strace.terminal.text.split('\n').slice(1)).toEqual([
      'nanosleep({tv_sec=100, tv_nsec=0}, NULL <unfinished ...>',
      `--- SIGINT {si_signo=SIGINT, si_code=SI_USER, si_pid=${kill.pid}, si_uid=1000} ---`,
      '+++ killed by SIGINT +++',
      '',
    ]);
  });

  it('-f says which thread each line is about', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const sleeper = alice.run('sleep 1');
    await bench.run(milliseconds(1));
    const strace = alice.run(`strace -f -p ${sleeper.pid}`);
    await bench.run();
    const [, ...lines] = strace.terminal.text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toMatch(new RegExp(`^\\[pid {1,4}${sleeper.pid}\\] `));
  });

  it('lets go of the process on Ctrl-C', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const sleeper = alice.run('sleep 3');
    await bench.run(milliseconds(1));
    const strace = alice.run(`strace -p ${sleeper.pid}`);
    await bench.run(milliseconds(2));
    strace.terminal.interrupt();
    await bench.run();
    expect(strace.terminal.text).toBe(
      [
        `strace: Process ${sleeper.pid} attached`,
        'nanosleep({tv_sec=3, tv_nsec=0}, NULL <unfinished ...>',
        `^Cstrace: Process ${sleeper.pid} detached`,
        '',
      ].join('\n'),
    );
    expect(sleeper.status).toBe(0);
  });

  it('is refused for the processes of others, and for those that do not exist', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const other = alice.run('sleep 1', { uid: 0 });
    await bench.run(milliseconds(1));
    const refused = alice.run(`strace -p ${other.pid}`);
    const none = alice.run('strace -p 9999');
    await bench.run();
    expect(refused.terminal.text).toBe(
      `strace: attach: ptrace(PTRACE_SEIZE, ${other.pid}): Operation not permitted\n`,
    );
    expect(none.terminal.text).toBe('strace: attach: ptrace(PTRACE_SEIZE, 9999): No such process\n');
  });
});
