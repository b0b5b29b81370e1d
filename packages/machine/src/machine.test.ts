import { milliseconds } from '@netarium/osi/time';
import { ERRNO } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text, twoMachines } from '../test/lab.ts';

const PORT = 9000;

/** `bob` answers one client with what it sends; `alice` sends a text and keeps the answer. */
function echo(bench: Bench, message: string) {
  const { alice, bob } = twoMachines(bench);
  const heard: string[] = [];
  const server = start(bob, async (sys) => {
    const fd = await sys.socket(2, 1, 0);
    await sys.bind(fd, { family: 2, address: '0.0.0.0', port: PORT });
    await sys.listen(fd, 1);
    const accepted = await sys.accept4(fd, 0);
    if (typeof accepted === 'number') return 1;
    for (;;) {
      const got = await sys.recvfrom(accepted.fd, 65_536, 0);
      if (typeof got === 'number') return 2;
      if (got.data.length === 0) return 0;
      await sys.sendto(accepted.fd, got.data, 0, null);
    }
  });
  const client = start(alice, async (sys) => {
    await sys.nanosleep(milliseconds(1));
    const fd = await sys.socket(2, 1, 0);
    const connected = await sys.connect(fd, { family: 2, address: '10.0.0.2', port: PORT });
    if (connected < 0) return -connected;
    const data = bytes(message);
    const sending = sys.sendto(fd, data, 0, null).then(() => sys.shutdown(fd, 1));
    for (;;) {
      const got = await sys.recvfrom(fd, 65_536, 0);
      if (typeof got === 'number') return -got;
      if (got.data.length === 0) break;
      heard.push(text(got.data));
    }
    await sending;
    return 0;
  });
  return { alice, bob, server, client, heard };
}

describe('two machines', () => {
  it('talk over TCP, and each frame of data leads to the system call that wrote it', async () => {
    const bench = new Bench();
    const { client, server, heard } = echo(bench, '안녕하세요');
    await bench.run(milliseconds(500));
    expect([client.status, server.status, heard.join('')]).toEqual([0, 0, '안녕하세요']);
    const withData = bench.record.events.filter(
      (event) => event.kind === 'frame-sent' && event.origins.length > 0,
    );
    const origins = withData.flatMap((event) => (event.kind === 'frame-sent' ? event.origins : []));
    expect(new Set(origins.map((id) => bench.record.get(id)?.kind))).toEqual(new Set(['system-call']));
    const callers = origins
      .map((id) => bench.record.get(id))
      .map((event) => event?.kind === 'system-call' && `${event.node} ${event.name}`);
    expect(new Set(callers)).toEqual(new Set(['alice sendto', 'bob sendto']));
  });

  it('connect returns because of a frame, and the SYN was sent because of connect', async () => {
    const bench = new Bench();
    echo(bench, 'x');
    await bench.run(milliseconds(500));
    const { record } = bench;
    const connect = record.events.find((event) => event.kind === 'system-call' && event.name === 'connect');
    const returned = record.events.find(
      (event) => event.kind === 'system-call-returned' && event.call === connect?.id,
    );
    expect(record.get(returned?.cause ?? 0)?.kind).toBe('frame-received');
    const syn = record.events.find((event) => event.kind === 'frame-sent' && event.reason === 'tcp.syn');
    expect(record.get(syn?.cause ?? 0)).toMatchObject({ kind: 'system-call', name: 'connect' });
  });

  it('send more than fits into the buffers, in both directions at once', async () => {
    const bench = new Bench();
    const message = 'x'.repeat(3_000_000);
    const { client, heard } = echo(bench, message);
    await bench.run(milliseconds(60_000));
    expect(client.status).toBe(0);
    expect(heard.join('') === message).toBe(true);
  });

  it('record the same for the same seed', async () => {
    const run = async (seed: number) => {
      const bench = new Bench(seed);
      echo(bench, 'same');
      await bench.run(milliseconds(500));
      return bench.record.events.map((event) => JSON.stringify(event));
    };
    expect(await run(3)).toEqual(await run(3));
  });

  it('a connection to a port where nobody listens is refused', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const client = start(alice, async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      return -(await sys.connect(fd, { family: 2, address: '10.0.0.2', port: 1 }));
    });
    await bench.run();
    expect(client.status).toBe(ERRNO.ECONNREFUSED);
  });

  it('a process that is killed closes its connections: the peer reads the end', async () => {
    const bench = new Bench();
    const { alice, bob } = twoMachines(bench);
    let end: unknown;
    const server = start(bob, async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      await sys.bind(fd, { family: 2, address: '0.0.0.0', port: PORT });
      await sys.listen(fd, 1);
      const accepted = await sys.accept4(fd, 0);
      if (typeof accepted === 'number') return 1;
      const got = await sys.recvfrom(accepted.fd, 10, 0);
      end = typeof got === 'number' ? got : got.data.length;
      return 0;
    });
    await bench.run(milliseconds(1));
    const client = start(alice, async (sys) => {
      const fd = await sys.socket(2, 1, 0);
      await sys.connect(fd, { family: 2, address: '10.0.0.2', port: PORT });
      await sys.nanosleep(1e12);
      return 0;
    });
    await bench.run(milliseconds(10));
    client.kill(9);
    await bench.run(milliseconds(500));
    expect([end, server.status]).toEqual([0, 0]);
  });
});

describe('a machine', () => {
  it('gives ports below 1024 to root only', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const bindTo80 = async (uid: number) => {
      const process = start(
        alice,
        async (sys) => {
          const fd = await sys.socket(2, 1, 0);
          return -(await sys.bind(fd, { family: 2, address: '0.0.0.0', port: 80 }));
        },
        { uid },
      );
      await bench.run();
      return process.status;
    };
    expect([await bindTo80(1000), await bindTo80(0)]).toEqual([ERRNO.EACCES, 0]);
  });

  it('says what is wrong with its settings', () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    expect(() => alice.configure({ addresses: { eth7: ['10.0.0.1/24'] } })).toThrow(
      'alice: address 10.0.0.1/24 for eth7: No such device',
    );
    expect(() => alice.configure({ gateway: '9.9.9.9' })).toThrow(
      'alice: route to default: Network is unreachable',
    );
    expect(() => alice.configure({ sysctl: { 'net.nothing': 1 } })).toThrow(
      'alice: there is no sysctl net.nothing',
    );
    expect(() => alice.addPort('eth1', { mac: 'xyz' })).toThrow('expected six octets');
  });

  it('changes its tunables through /proc/sys, for root only', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const write = async (uid: number) => {
      const process = start(
        alice,
        async (sys) => {
          const fd = await sys.open('/proc/sys/net/ipv4/ip_forward', 1, 0);
          if (fd < 0) return -fd;
          await sys.write(fd, bytes('1\n'));
          return 0;
        },
        { uid },
      );
      await bench.run();
      return process.status;
    };
    expect([await write(1000), alice.stack.sysctl.get('net.ipv4.ip_forward')]).toEqual([ERRNO.EACCES, 0]);
    expect([await write(0), alice.stack.sysctl.get('net.ipv4.ip_forward')]).toEqual([0, 1]);
  });
});
