import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { milliseconds, seconds } from '../time/index.ts';
import type { AsyncSocket } from './async-socket.ts';
import { drive, turnsOf } from './async-turns.ts';
import * as linux from './constants.ts';
import type { Stack } from './stack.ts';
import { SystemError } from './system-error.ts';

async function connected(client: Stack, server: Stack): Promise<[AsyncSocket, AsyncSocket]> {
  const listener = server.listen({ port: 9000 });
  const [here, there] = await Promise.all([
    client.connect({ address: '10.0.0.2', port: 9000, noDelay: true }),
    listener.accept(),
  ]);
  listener.close();
  return [here, there];
}

describe('sockets with promises', () => {
  test('a server takes connections as they come, until it is closed', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const listener = server.listen({ port: 0 });
      const { port } = listener.localAddress;
      const served: string[] = [];
      const serving = (async () => {
        for await (const connection of listener) {
          served.push(new TextDecoder().decode(await connection.readAll()));
          connection.close();
        }
      })();
      for (const name of ['하나', '둘', '셋']) {
        const socket = await client.connect({ address: '10.0.0.2', port });
        await socket.write(name);
        socket.end();
        expect(await socket.read()).toBeNull();
        socket.close();
      }
      listener.close();
      await serving;
      return served;
    };
    expect(await drive(sim, work())).toEqual(['하나', '둘', '셋']);
  });

  test('virtual time does not move while a program still computes between two calls', async () => {
    const { sim, client, server } = twoStacks(1, { delay: milliseconds(1) });
    const work = async () => {
      const [here, there] = await connected(client, server);
      const before = sim.now;
      for (let i = 0; i < 30; i++) await null;
      expect(sim.now).toBe(before);
      await here.write('ping');
      expect((await there.read())?.length).toBe(4);
      return sim.now - before;
    };
    expect(await drive(sim, work())).toBe(milliseconds(1));
    expect(turnsOf(sim).busy).toBe(false);
  });

  test('closing a socket ends what waits on it with EBADF', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const [here] = await connected(client, server);
      const waiting = here.read();
      here.close();
      await waiting;
    };
    await expect(drive(sim, work())).rejects.toMatchObject({ code: 'EBADF', syscall: 'read' });
  });

  test('a read gives up after SO_RCVTIMEO of virtual time', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const [here] = await connected(client, server);
      const timeval = new Uint8Array(16);
      timeval[0] = 3;
      here.socket.setOption(linux.SOL_SOCKET, linux.SO_RCVTIMEO, timeval);
      const before = sim.now;
      await expect(here.read()).rejects.toMatchObject({ code: 'EAGAIN' });
      return sim.now - before;
    };
    expect(await drive(sim, work())).toBe(seconds(3));
  });

  test('a reset is thrown to the reader, and to the writer as EPIPE', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const [here, there] = await connected(client, server);
      there.socket.setOption(linux.SOL_SOCKET, linux.SO_LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
      there.close();
      await expect(here.read()).rejects.toMatchObject({ message: 'read ECONNRESET' });
      await expect(here.write('x')).rejects.toMatchObject({ message: 'write EPIPE' });
      expect(await here.read()).toBeNull();
    };
    await drive(sim, work());
  });

  test('readInto fills memory of the program, as far as there is something, to the end of the stream', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const [here, there] = await connected(client, server);
      const into = new Uint8Array(4);
      const waiting = there.readInto(into);
      await here.write('abcdef');
      here.end();
      const got: string[] = [];
      for (let count = await waiting; count !== null; count = await there.readInto(into))
        got.push(new TextDecoder().decode(into.subarray(0, count)));
      there.close();
      return got;
    };
    expect(await drive(sim, work())).toEqual(['abcd', 'ef']);
  });

  test('what cannot be bound is thrown with address and port', () => {
    const { server } = twoStacks();
    server.listen({ port: 9000 });
    const listen = () => server.listen({ address: '10.0.0.2', port: 9000 });
    expect(listen).toThrow(SystemError);
    expect(listen).toThrow('EADDRINUSE 10.0.0.2:9000');
    expect(() => server.datagram({ address: '192.0.2.1', port: 1 })).toThrow(
      'bind EADDRNOTAVAIL 192.0.2.1:1',
    );
  });

  test('a program that waits for what can never come is told so', async () => {
    const { sim, client, server } = twoStacks();
    const work = async () => {
      const [here] = await connected(client, server);
      await here.read();
    };
    await expect(drive(sim, work())).rejects.toThrow('nothing is left to happen');
  });

  test('a thousand exchanges of two programs take the time of their round trips', async () => {
    const { sim, client, server } = twoStacks(1, { delay: milliseconds(1) });
    const work = async () => {
      const [here, there] = await connected(client, server);
      const answering = (async () => {
        for await (const chunk of there) await there.write(chunk);
      })();
      const before = sim.now;
      for (let i = 0; i < 1000; i++) {
        await here.write(`${i}`);
        expect(new TextDecoder().decode((await here.read()) ?? new Uint8Array())).toBe(`${i}`);
      }
      here.end();
      await answering;
      return sim.now - before;
    };
    expect(await drive(sim, work())).toBe(milliseconds(2001));
  });
});
