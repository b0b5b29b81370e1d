import {
  AF_INET,
  AsyncSocket,
  SO_LINGER,
  SO_RCVBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  type Socket,
} from '@netarium/osi/5-session';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBytes, digest, drain } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

/** Accepts one connection on the port given, reads it to its end, says what came. */
const SINK = `
c, _ = listener(int(sys.argv[1])).accept()
data = read_all(c)
print('got', len(data), digest(data))
`;
/** Connects, sends so many bytes, says what they were, ends. */
const SOURCE = `
data = os.urandom(int(sys.argv[3]))
s = stream(); s.connect((sys.argv[1], int(sys.argv[2])))
s.sendall(data); s.close()
print('sent', len(data), digest(data))
`;
const GO = 'sys.stdin.readline()\n';

/** Connects to the kernel from a port of our choice. */
function connectFrom({ lab, box }: Meeting, from: number, to: number): Promise<AsyncSocket> {
  const socket = box.stack.socket(AF_INET, SOCK_STREAM, 0) as Socket;
  expect(socket.bind({ family: AF_INET, address: BOX, port: from }, { privileged: true })).toBe(0);
  return new AsyncSocket(lab.sim, socket).connect({ family: AF_INET, address: KERNEL, port: to }, 0);
}

const conversations = (offload: boolean) =>
  describeKernel(
    `TCP between a lab's machine and a real Linux kernel ${offload ? 'with' : 'without'} offload`,
    () => {
      let met: Meeting;
      let port = 5000;
      beforeAll(() => {
        met = new Meeting({ offload });
      });
      afterAll(() => met.close());

      /** Waits on the box for one connection from the kernel. */
      const accept = () => {
        port++;
        const listener = met.now(() => met.box.stack.listen({ port }));
        return met.now(async () => {
          const socket = await listener.accept();
          listener.close();
          return socket;
        });
      };
      const connect = (to: number) => met.now(() => met.box.stack.connect({ address: KERNEL, port: to }));
      const reason = (name: string) =>
        new Promise<void>((resolve) => {
          const stop = met.lab.record.subscribe((event) => {
            if (event.kind !== 'frame-sent' || event.reason !== name) return;
            stop();
            resolve();
          });
        });

      test('the kernel connects, and a megabyte comes to us whole', async () => {
        const accepted = accept();
        const source = met.kernel.python(SOURCE, BOX, `${port}`, `${1 << 20}`);
        const got = await met.now(async () => drain(await accepted));
        expect((await source.done).out).toBe(`sent ${got}\n`);
      });

      test('we connect, and a megabyte comes to the kernel whole', async () => {
        const sink = met.kernel.python(SINK, '16001');
        await sink.says('listening');
        const data = anyBytes(1 << 20);
        await met.now(async () => {
          const socket = await met.box.stack.connect({ address: KERNEL, port: 16001 });
          await socket.write(data);
          socket.close();
        });
        expect((await sink.done).out).toContain(`got ${data.length} ${digest(data)}`);
      });

      test.each([
        ['timestamps, SACK and window scaling', {}, 7],
        ['no timestamps', { tcp_timestamps: 0 }, 6],
        ['no SACK', { tcp_sack: 0 }, 5],
        ['no window scaling', { tcp_window_scaling: 0 }, 3],
        ['none of them', { tcp_timestamps: 0, tcp_sack: 0, tcp_window_scaling: 0 }, 0],
      ])('options agreed on both ways: %s', async (_, settings, wanted) => {
        // Until the stack has SACK it has no tunable for it either.
        const options = met.box.stack.sysctl.set('net.ipv4.tcp_sack', 1) ? wanted : wanted & ~2;
        const set = (value: (name: string) => number) => {
          for (const name of Object.keys(settings)) met.kernel.sysctl(`net.ipv4.${name}`, value(name));
        };
        set(() => 0);
        try {
          const accepted = accept();
          const client = met.kernel.python(
            `s = stream(); s.connect((sys.argv[1], int(sys.argv[2])))
print('options', info(s)[5] & 7); data = read_all(s); print(len(data), digest(data))`,
            BOX,
            `${port}`,
          );
          const data = anyBytes(300_000);
          const server = met.now(async () => {
            const socket = await accepted;
            await socket.write(data);
            socket.close();
          });
          expect((await client.done).out).toBe(`options ${options}\n${data.length} ${digest(data)}\n`);
          await server;
          const sink = met.kernel.python(
            `c, _ = listener(16002).accept(); print('options', info(c)[5] & 7); data = read_all(c); print(len(data), digest(data))`,
          );
          await sink.says('listening');
          await met.now(async () => {
            const socket = await met.box.stack.connect({ address: KERNEL, port: 16002 });
            await socket.write(data);
            socket.close();
          });
          expect((await sink.done).out).toBe(
            `listening\noptions ${options}\n${data.length} ${digest(data)}\n`,
          );
        } finally {
          set(() => 1);
        }
      });

      test('who connects where nobody listens is refused, either way', async () => {
        const client = met.kernel.python(`attempt(lambda: stream().connect((sys.argv[1], 9)))`, BOX);
        expect((await client.done).out).toBe('ECONNREFUSED\n');
        await expect(connect(9)).rejects.toMatchObject({ code: 'ECONNREFUSED', address: KERNEL, port: 9 });
      });

      test('the kernel ends its half, and still gets our answer', async () => {
        const accepted = accept();
        const client = met.kernel.python(
          `s = stream(); s.connect((sys.argv[1], int(sys.argv[2]))); s.sendall(b'question'); s.shutdown(socket.SHUT_WR)
data = read_all(s); print(len(data), digest(data))`,
          BOX,
          `${port}`,
        );
        const answer = anyBytes(200_000);
        const question = await met.now(async () => {
          const socket = await accepted;
          const all = await socket.readAll();
          await socket.write(answer);
          socket.close();
          return new TextDecoder().decode(all);
        });
        expect(question).toBe('question');
        expect((await client.done).out).toBe(`${answer.length} ${digest(answer)}\n`);
      });

      test("we end our half, and still get the kernel's answer", async () => {
        const server = met.kernel.python(`
c, _ = listener(16003).accept(); question = read_all(c); data = os.urandom(200000)
c.sendall(data); c.close(); print(question.decode(), len(data), digest(data))`);
        await server.says('listening');
        const got = await met.now(async () => {
          const socket = await met.box.stack.connect({ address: KERNEL, port: 16003 });
          await socket.write('question');
          socket.end();
          return drain(socket);
        });
        expect((await server.done).out).toBe(`listening\nquestion ${got}\n`);
      });

      test("the kernel's reset is ECONNRESET with us", async () => {
        const accepted = accept();
        const client = met.kernel.python(
          `s = stream(); s.connect((sys.argv[1], int(sys.argv[2]))); s.sendall(b'x'); ${GO}
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()`,
          BOX,
          `${port}`,
        );
        const socket = await accepted;
        expect(await met.now(() => socket.read())).toEqual(new TextEncoder().encode('x'));
        const read = met.now(() => socket.read());
        client.tell('go');
        await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' });
        await client.done;
      });

      test('our reset is ECONNRESET with the kernel: by SO_LINGER, and by unread data', async () => {
        for (const byLinger of [true, false]) {
          const accepted = accept();
          const client = met.kernel.python(
            `s = stream(); attempt(lambda: (s.connect((sys.argv[1], int(sys.argv[2]))), s.sendall(b'unread'), s.recv(1)))`,
            BOX,
            `${port}`,
          );
          const socket = await accepted;
          if (byLinger) {
            met.now(() => {
              socket.socket.setOption(SOL_SOCKET, SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]));
              socket.close();
            });
          } else {
            await met.now(() => socket.read(1));
            met.now(() => socket.close());
          }
          expect((await client.done).out).toBe('ECONNRESET\n');
        }
      });

      test('a reader of the kernel that does not read closes its window; we probe it, and go on when it opens', async () => {
        const server = met.kernel.python(`
c, _ = listener(16004, 8192).accept(); ${GO}
data = read_all(c); print('got', len(data), digest(data))`);
        await server.says('listening');
        const data = anyBytes(500_000);
        const probed = reason('tcp.zero-window-probe');
        const client = met.now(async () => {
          const socket = await met.box.stack.connect({ address: KERNEL, port: 16004 });
          await socket.write(data);
          socket.close();
        });
        await probed;
        server.tell('go');
        await client;
        expect((await server.done).out).toContain(`got ${data.length} ${digest(data)}`);
      });

      test('a program of ours that does not read closes its window; the kernel probes it, and goes on when it opens', async () => {
        port++;
        const listener = met.now(() => met.box.stack.listen({ port }));
        listener.setOption(SOL_SOCKET, SO_RCVBUF, 8192);
        const accepted = met.now(() => listener.accept());
        const source = met.kernel.python(
          `
data = os.urandom(500000)
s = stream(); s.connect((sys.argv[1], int(sys.argv[2]))); s.setblocking(False)
sent = 0
while info(s)[3] == 0:   # tcpi_probes
    if select.select([], [s], [], 0.01)[1]: sent += s.send(data[sent:])
print('probed'); s.setblocking(True); s.sendall(data[sent:]); s.close(); print('sent', len(data), digest(data))`,
          BOX,
          `${port}`,
        );
        const socket = await accepted;
        await source.says('probed');
        const got = await met.now(() => drain(socket));
        expect((await source.done).out).toContain(`sent ${got}\n`);
        met.now(() => listener.close());
      });

      test('whoever ends first keeps TIME_WAIT; the kernel may use the port again at once', async () => {
        const listener = met.now(() => met.box.stack.listen({ port: 7000 }));
        const program = `s = stream(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('', 7777))
s.connect((sys.argv[1], 7000)); print(s.recv(100).decode(), s.recv(100)); s.close()`;
        for (const word of ['first', 'second']) {
          const client = met.kernel.python(program, BOX);
          await met.now(async () => {
            const socket = await listener.accept();
            await socket.write(word);
            socket.close();
          });
          expect((await client.done).out).toBe(`${word} b''\n`);
          await met.until(() =>
            [...met.box.stack.tcp.entries()].some(
              ({ state, local }) => state === 'TIME_WAIT' && local.port === 7000,
            ),
          );
          const { text } = await met.command('netstat -tan');
          expect(text).toMatch(/10\.77\.0\.2:7000\s+10\.77\.0\.1:7777\s+TIME_WAIT/);
        }
        met.now(() => listener.close());
      });

      test("with the kernel's TIME_WAIT we may use our port again at once", async () => {
        const server = met.kernel.python(`
s = listener(7001)
for word in (b'first', b'second'):
    c, _ = s.accept(); c.sendall(word); c.shutdown(socket.SHUT_WR); c.recv(1); c.close(); print(word.decode(), 'over')
${GO}`);
        await server.says('listening');
        for (const word of ['first', 'second']) {
          const got = await met.now(async () => {
            const stream = await connectFrom(met, 7778, 7001);
            const all = await stream.readAll();
            stream.close();
            return new TextDecoder().decode(all);
          });
          expect(got).toBe(word);
          await server.says(`${word} over`);
          // Until the kernel's last acknowledgment has come the port is in use.
          await met.until(() => [...met.box.stack.tcp.entries()].every(({ local }) => local.port !== 7778));
          expect(met.kernel.run('ss', '-tan')).toMatch(
            /TIME-WAIT\s+\d+\s+\d+\s+10\.77\.0\.1:7001\s+10\.77\.0\.2:7778/,
          );
        }
        server.tell('go');
        await server.done;
      });

      test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
        expect(await met.faults()).toBe('');
        expect(met.kernel.complaints()).toEqual({});
      });
    },
  );
conversations(false);
conversations(true);
