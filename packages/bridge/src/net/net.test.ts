import { once } from 'node:events';
import { Lab, type LinkOptions } from 'netarium';
import { describe, expect, test } from 'vitest';
import { createNet, type NetSocket } from './index.ts';

function twoHosts(link: LinkOptions = {}, record = false) {
  const lab = new Lab({ seed: 3, record });
  const here = lab.host('client', { addresses: { eth0: '10.0.0.1/24' } });
  const there = lab.host('server', { addresses: { eth0: '10.0.0.2/24' } });
  const cable = lab.link(here, there, { delay: '5ms', ...link });
  return { lab, cable, client: createNet(here), server: createNet(there) };
}

/** A client's and a server's end of one connection. */
async function pair(nets: ReturnType<typeof twoHosts>, settings = {}): Promise<[NetSocket, NetSocket]> {
  const server = nets.server.createServer(settings).listen(9000);
  const accepted = once(server, 'connection');
  const here = nets.client.connect({ port: 9000, host: '10.0.0.2', ...settings });
  const [there] = await accepted;
  if (here.connecting) await once(here, 'connect');
  server.close();
  return [here, there];
}

describe('a socket', () => {
  test('connects, is echoed, and ends', async () => {
    const { lab, client, server } = twoHosts();
    const events: string[] = [];
    const work = async () => {
      const echo = server.createServer((socket) => socket.pipe(socket));
      echo.listen(9000, '0.0.0.0');
      await once(echo, 'listening');
      expect(echo.address()).toEqual({ address: '0.0.0.0', family: 'IPv4', port: 9000 });
      const socket = client.connect(9000, '10.0.0.2', () => events.push('callback'));
      expect(socket.readyState).toBe('opening');
      for (const name of ['connect', 'ready', 'end', 'finish', 'close']) {
        socket.on(name, () => events.push(name));
      }
      socket.setEncoding('utf8');
      let answer = '';
      socket.on('data', (text: string) => {
        answer += text;
        if (answer === '안녕하세요') socket.end();
      });
      socket.write('안녕');
      socket.write('하세요');
      await once(socket, 'close');
      echo.close();
      await once(echo, 'close');
      expect([socket.bytesWritten, socket.bytesRead]).toEqual([15, 15]);
    };
    await lab.finish(work());
    expect(events).toEqual(['callback', 'connect', 'ready', 'finish', 'end', 'close']);
  });

  test('knows both addresses, also after the end', async () => {
    const nets = twoHosts();
    const work = async () => {
      const [here, there] = await pair(nets);
      expect(here.address()).toMatchObject({ address: '10.0.0.1', family: 'IPv4' });
      expect([here.remoteAddress, here.remotePort, here.remoteFamily]).toEqual(['10.0.0.2', 9000, 'IPv4']);
      expect([there.localPort, there.remotePort]).toEqual([9000, here.localPort]);
      here.destroy();
      there.resume();
      await Promise.all([once(here, 'close'), once(there, 'close')]);
      expect(there.remoteAddress).toBe('10.0.0.1');
    };
    await nets.lab.finish(work());
  });

  test('is refused with an error of the shape that Node gives it', async () => {
    const { lab, client } = twoHosts();
    const closed: boolean[] = [];
    const work = async () => {
      const socket = client.connect({ port: 81, host: '10.0.0.2' });
      socket.on('close', (hadError: boolean) => closed.push(hadError));
      const [error] = await once(socket, 'error');
      expect(error.message).toBe('connect ECONNREFUSED 10.0.0.2:81');
      expect({ ...error }).toEqual({
        errno: -111,
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '10.0.0.2',
        port: 81,
      });
      await new Promise(setImmediate);
    };
    await lab.finish(work());
    expect(closed).toEqual([true]);
  });

  test('that is reset is told so, while it reads and while it does not', async () => {
    const nets = twoHosts();
    const work = async () => {
      for (const reads of [true, false]) {
        const [here, there] = await pair(nets);
        if (reads) here.resume();
        else here.pause();
        there.resetAndDestroy();
        const [error] = await once(here, 'error');
        expect(error).toMatchObject({ message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' });
      }
    };
    await nets.lab.finish(work());
  });

  test('holds a writer back until the peer reads: write gives false, and drain comes', async () => {
    const nets = twoHosts({ bandwidth: '100 Mbit' });
    const total = 20 * 1024 * 1024;
    const work = async () => {
      const [here, there] = await pair(nets);
      let drains = 0;
      const chunk = Buffer.alloc(65_536, 7);
      let left = total;
      const pump = () => {
        while (left > 0) {
          left -= chunk.length;
          if (!here.write(chunk)) return;
        }
        here.end();
      };
      here.on('drain', () => {
        drains++;
        pump();
      });
      there.pause();
      pump();
      expect(left).toBeGreaterThan(0);
      let received = 0;
      for await (const bytes of there) received += bytes.length;
      expect(received).toBe(total);
      expect(drains).toBeGreaterThan(10);
      expect(here.bytesWritten).toBe(total);
    };
    await nets.lab.finish(work());
  });

  test('ends its own side when the peer has ended, unless it may stay half open', async () => {
    const nets = twoHosts();
    const work = async () => {
      const [here, there] = await pair(nets, { allowHalfOpen: true });
      here.end('question');
      const question: Buffer[] = [];
      there.on('data', (bytes) => question.push(bytes));
      await once(there, 'end');
      expect(there.writable).toBe(true);
      there.end(`answer to ${Buffer.concat(question)}`);
      here.setEncoding('utf8');
      const [answer] = await once(here, 'data');
      expect(answer).toBe('answer to question');

      const [one, other] = await pair(nets);
      one.end();
      other.resume();
      const late = new Promise((told) => {
        other.on('end', () => {
          other.write('just in time');
          setImmediate(() => other.write('late', told));
        });
      });
      expect(String((await once(one, 'data'))[0])).toBe('just in time');
      const error = await late;
      expect(error).toMatchObject({
        code: 'EPIPE',
        message: 'This socket has been ended by the other party',
      });
    };
    await nets.lab.finish(work());
  });

  test('times out after silence of virtual time, which activity begins anew', async () => {
    const nets = twoHosts();
    const work = async () => {
      const [here, there] = await pair(nets);
      const { sim } = nets.lab;
      const before = sim.now;
      here.setTimeout(30_000);
      there.setTimeout(10_000, () => there.write('still here'));
      here.resume();
      there.resume();
      await once(here, 'data');
      const spoken = sim.now;
      expect((spoken - before) / 1e9).toBeCloseTo(10, 1);
      there.setTimeout(0);
      await once(here, 'timeout');
      expect((sim.now - spoken) / 1e9).toBeCloseTo(30, 3);
      expect(here.destroyed).toBe(false);
    };
    await nets.lab.finish(work());
  });

  test('finds machines of the lab by their names, and says when there is none', async () => {
    const { lab, client, server } = twoHosts();
    const work = async () => {
      server.createServer((socket) => socket.end('hello')).listen(9000);
      const socket = client.connect({ port: 9000, host: 'server' });
      const looked = once(socket, 'lookup');
      await once(socket, 'data');
      expect(await looked).toEqual([null, '10.0.0.2', 4, 'server']);
      const [error] = await once(client.connect(9000, 'nobody'), 'error');
      expect(error).toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nobody' });
    };
    await lab.finish(work());
  });

  test('that is destroyed while it connects says nothing but close', async () => {
    const { lab, client } = twoHosts();
    const work = async () => {
      const socket = client.connect(9000, '10.0.0.2');
      socket.on('connect', () => expect.unreachable());
      socket.destroy();
      expect(await once(socket, 'close')).toEqual([false]);
    };
    await lab.finish(work());
  });
});

describe('the class of sockets', () => {
  test('is one for all machines, as in a program with one node:net, and may be extended', async () => {
    const { lab, client, server } = twoHosts();
    class Greeter extends client.Socket {
      greet(): boolean {
        return this.write('hello');
      }
    }
    const work = async () => {
      const listener = server.createServer().listen(9000);
      const greeter = new Greeter({ noDelay: true });
      greeter.connect(9000, '10.0.0.2').greet();
      const [accepted] = await once(listener, 'connection');
      expect(accepted).toBeInstanceOf(server.Socket);
      expect(greeter).toBeInstanceOf(Greeter);
      expect(greeter).toBeInstanceOf(client.Socket);
      expect(String((await once(accepted, 'data'))[0])).toBe('hello');
    };
    await lab.finish(work());
  });
});

describe('a server', () => {
  test('whose port is taken is told so', async () => {
    const { lab, server } = twoHosts();
    const work = async () => {
      server.createServer().listen(9000);
      const [error] = await once(server.createServer().listen(9000), 'error');
      expect(error.message).toBe('listen EADDRINUSE: address already in use 0.0.0.0:9000');
      expect(error).toMatchObject({ code: 'EADDRINUSE', errno: -98, syscall: 'listen', port: 9000 });
    };
    await lab.finish(work());
  });

  test('closes when its last connection has ended, and counts them until then', async () => {
    const { lab, client, server } = twoHosts();
    const order: string[] = [];
    const work = async () => {
      const listener = server.createServer((socket) => socket.resume()).listen(9000);
      const sockets = [];
      for (let i = 0; i < 3; i++) {
        sockets.push(client.connect(9000, '10.0.0.2'));
        const [accepted] = await once(listener, 'connection');
        accepted.on('close', () => order.push('end'));
      }
      const count = await new Promise((done) => listener.getConnections((_error, n) => done(n)));
      listener.close(() => order.push('closed'));
      expect(listener.listening).toBe(false);
      for (const socket of sockets) socket.end();
      await once(listener, 'close');
      return count;
    };
    expect(await lab.finish(work())).toBe(3);
    expect(order).toEqual(['end', 'end', 'end', 'closed']);
  });

  test('with maxConnections drops those that are too many', async () => {
    const { lab, client, server } = twoHosts();
    const work = async () => {
      const listener = server.createServer((socket) => socket.resume()).listen(9000);
      listener.maxConnections = 1;
      const first = client.connect(9000, '10.0.0.2');
      await once(first, 'connect');
      const second = client.connect(9000, '10.0.0.2');
      const [dropped] = await once(listener, 'drop');
      expect(dropped).toMatchObject({ localPort: 9000, remoteAddress: '10.0.0.1' });
      second.resume();
      await once(second, 'close');
      expect(first.destroyed).toBe(false);
    };
    await lab.finish(work());
  });
});

describe('a run', () => {
  test('is the same again, loss and all, and each segment leads to the line that wrote it', async () => {
    const run = async () => {
      const nets = twoHosts({ loss: 0.05, jitter: '3ms', bandwidth: '10 Mbit' }, true);
      const work = async () => {
        const [here, there] = await pair(nets);
        there.on('data', (bytes) => there.write(bytes));
        let received = 0;
        here.on('data', (bytes) => {
          received += bytes.length;
          if (received === 200_000) here.end();
        });
        here.write(Buffer.alloc(200_000, 1));
        await once(here, 'close');
      };
      await nets.lab.finish(work());
      return nets.lab.record;
    };
    const [first, second] = [await run(), await run()];
    expect(first.size).toBeGreaterThan(1000);
    expect(second.events).toEqual(first.events);
    const written = first.events.find((event) => event.kind === 'frame-sent' && event.origins.length > 0);
    const [origin = 0] = written?.kind === 'frame-sent' ? written.origins : [];
    expect(first.get(origin)).toMatchObject({ kind: 'system-call', name: 'write' });
    const call = first.get(origin);
    expect(call?.kind === 'system-call' && call.where?.file).toMatch(/net\.test\.ts$/);
  });

  test('is not disturbed by a listener that throws', async () => {
    const nets = twoHosts();
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      await nets.lab.finish(
        (async () => {
          const [here, there] = await pair(nets);
          there.once('data', () => {
            throw new Error('a fault of the program');
          });
          here.write('x');
          here.setTimeout(1000);
          await once(here, 'timeout');
          there.on('data', (bytes) => there.end(bytes));
          here.end('y');
          expect(String((await once(here, 'data'))[0])).toBe('y');
        })(),
      );
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect(thrown).toMatchObject([{ message: 'a fault of the program' }]);
  });
});
