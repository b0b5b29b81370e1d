import { drive, type Stack, SystemError } from '@netarium/osi/5-session';
import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, test } from 'vitest';
import { twoStacks } from './two-stacks.ts';

const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));

async function failure(promise: Promise<unknown>): Promise<SystemError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SystemError);
  return error as SystemError;
}

async function echo(server: Stack, port: number): Promise<void> {
  const listener = server.listen({ port });
  const connection = await listener.accept();
  for await (const chunk of connection) await connection.write(chunk);
  connection.close();
  listener.close();
}

async function conversation(from: Stack, to: Stack, address: string): Promise<string> {
  const served = echo(to, 9000);
  const socket = await from.connect({ address, port: 9000 });
  await socket.write('안녕하세요, 서버님!');
  socket.end();
  const answer = new TextDecoder().decode(await socket.readAll());
  socket.close();
  await served;
  return answer;
}

describe('two machines on one cable', () => {
  test('a stream carries Korean text there and back', async () => {
    const { sim, client, server } = twoStacks(1, { delay: milliseconds(1) });
    expect(await drive(sim, conversation(client, server, '10.0.0.2'))).toBe('안녕하세요, 서버님!');
  });

  test('a machine talks to itself by 127.0.0.1 and by its own address', async () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '0.0.0.0']) {
      const { sim, client, record } = twoStacks();
      expect(await drive(sim, conversation(client, client, address))).toBe('안녕하세요, 서버님!');
      expect(record.events.some((event) => event.kind === 'frame-sent' && event.port === 'eth0')).toBe(false);
    }
  });

  test('a megabyte arrives as it was sent, both ways at once', async () => {
    const { sim, client, server } = twoStacks(3, { delay: milliseconds(2), bandwidth: 1e9 });
    const data = new Uint8Array(1 << 20);
    sim.randomFor('test').fill(data);
    const work = async () => {
      const served = echo(server, 9000);
      const socket = await client.connect({ address: '10.0.0.2', port: 9000 });
      const answer = socket.readAll();
      await socket.write(data);
      socket.end();
      const back = await answer;
      socket.close();
      await served;
      return back;
    };
    expect(Buffer.compare(await drive(sim, work()), data)).toBe(0);
  });

  test('datagrams keep their boundaries, and fragments are put together', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const there = server.datagram({ port: 5353 });
      const here = client.datagram();
      const large = new Uint8Array(65_507).map((_, i) => i * 7);
      here.send('하나', { address: '10.0.0.2', port: 5353 });
      here.send('', { address: '10.0.0.2', port: 5353 });
      here.send(large, { address: '10.0.0.2', port: 5353 });
      const one = await there.receive();
      const two = await there.receive();
      const three = await there.receive();
      expect(text(one.data)).toBe('하나');
      expect(two.data).toHaveLength(0);
      expect(Buffer.compare(three.data, large)).toBe(0);
      expect(one.from).toEqual({ family: 2, address: '10.0.0.1', port: here.localAddress.port });
      there.send('둘', one.from);
      expect(text((await here.receive()).data)).toBe('둘');
    };
    await drive(sim, work());
  });

  test('connecting to a port where nobody listens is refused after one round trip', async () => {
    const { sim, client } = twoStacks(1, { delay: milliseconds(5) });
    const error = await drive(sim, failure(client.connect({ address: '10.0.0.2', port: 9000 })));
    expect(error.message).toBe('connect ECONNREFUSED 10.0.0.2:9000');
    expect(error).toMatchObject({ code: 'ECONNREFUSED', errno: -111, syscall: 'connect', port: 9000 });
    expect(sim.now).toBe(milliseconds(20));
  });

  test('connecting to a silent address of the own network fails with EHOSTUNREACH when ARP gives up', async () => {
    const { sim, client } = twoStacks();
    const error = await drive(sim, failure(client.connect({ address: '10.0.0.99', port: 80 })));
    expect(error.code).toBe('EHOSTUNREACH');
    expect(sim.now).toBeGreaterThanOrEqual(seconds(3));
    expect(sim.now).toBeLessThan(seconds(4));
  });

  test('connecting where packets vanish fails with ETIMEDOUT after Linux’s ten repetitions of SYN', async () => {
    const { sim, client, server } = twoStacks();
    server.sysctl.set('net.ipv4.ip_forward', 0);
    client.addRoute({ destination: 'default', via: '10.0.0.2' });
    const error = await drive(sim, failure(client.connect({ address: '192.0.2.1', port: 80 })));
    expect(error.message).toBe('connect ETIMEDOUT 192.0.2.1:80');
    // 4 × 1, then 1 + 2 + 4 + 8 + 16 + 32 + 64 seconds (tcp_syn_linear_timeouts, tcp_syn_retries)
    expect(sim.now).toBeGreaterThanOrEqual(seconds(131));
    expect(sim.now).toBeLessThan(seconds(140));
  });

  test('a connect with a timeout gives up in virtual time', async () => {
    const { sim, client } = twoStacks();
    client.addRoute({ destination: 'default', via: '10.0.0.2' });
    const work = client.connect({ address: '192.0.2.1', port: 80, timeout: seconds(2) });
    const error = await drive(sim, failure(work));
    expect(error.code).toBe('ETIMEDOUT');
    expect(sim.now).toBe(seconds(2));
  });

  test('without a route connect and send fail at once with ENETUNREACH', async () => {
    const { sim, client } = twoStacks();
    const error = await drive(sim, failure(client.connect({ address: '192.0.2.1', port: 80 })));
    expect(error.code).toBe('ENETUNREACH');
    expect(() => client.datagram().send('x', { address: '192.0.2.1', port: 80 })).toThrow(/ENETUNREACH/);
    expect(sim.now).toBe(0);
  });

  test('one seed gives the same frames, another one other ports and sequence numbers', async () => {
    const run = async (seed: number) => {
      const { sim, client, server, record } = twoStacks(seed, { delay: milliseconds(1) });
      await drive(sim, conversation(client, server, '10.0.0.2'));
      sim.run();
      const frames: string[] = [];
      for (const event of record.events) {
        if (event.kind === 'frame-sent')
          frames.push(`${event.time} ${Buffer.from(record.bytes(event)).toString('hex')}`);
      }
      return frames;
    };
    const first = await run(7);
    expect(first.length).toBeGreaterThan(8);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });
});
