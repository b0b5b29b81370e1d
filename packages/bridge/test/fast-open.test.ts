import {
  AF_INET,
  AsyncSocket,
  IPPROTO_TCP,
  MSG_FASTOPEN,
  SOCK_STREAM,
  type Socket,
  TCP_FASTOPEN,
} from '@netarium/osi/5-session';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { anyBytes, digest, drain } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

describeKernel("Fast Open and SYN cookies between a lab's machine and a real Linux kernel", () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting();
  });
  afterAll(() => met.close());

  /** Both may open fast; a test that needs it is skipped where the kernel cannot. */
  const allowFastOpen = ({ skip }: TestContext): void => {
    met.box.stack.sysctl.set('net.ipv4.tcp_fastopen', 3);
    try {
      met.kernel.sysctl('net.ipv4.tcp_fastopen', 3);
    } catch {
      skip('this kernel has no Fast Open');
    }
  };

  /** A counter of the kernel's `TcpExt`. */
  const counted = (name: string): number => met.kernel.counters()[`TcpExt ${name}`] ?? Number.NaN;

  test('the kernel gives us a cookie, and takes data with our next SYN', async (context) => {
    allowFastOpen(context);
    const server = met.kernel.python(`
s = stream(); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
s.bind(('', 17001)); s.listen(); print('listening')
for _ in range(2):
    c, _ = s.accept(); print(c.recv(100).decode(), info(c)[5] & 32); c.sendall(b'answer'); c.close()
`);
    await server.says('listening');
    const say = async (word: string): Promise<string> => {
      const socket = met.box.stack.socket(AF_INET, SOCK_STREAM, 0) as Socket;
      const data = new TextEncoder().encode(word);
      const to = { family: AF_INET, address: KERNEL, port: 17001 } as const;
      const sent = socket.send(data, MSG_FASTOPEN, to, 0);
      const stream = new AsyncSocket(met.lab.sim, socket);
      if (sent < 0) await stream.write(data);
      const answer = new TextDecoder().decode(await stream.readAll());
      stream.close();
      return answer;
    };
    expect(await met.now(() => say('first'))).toBe('answer');
    expect(await met.now(() => say('second'))).toBe('answer');
    expect((await server.done).out).toBe('listening\nfirst 0\nsecond 32\n');
    expect(met.box.stack.tcp.counters.ext).toMatchObject({ TCPFastOpenActive: 1, TCPFastOpenActiveFail: 0 });
    expect([counted('TCPFastOpenPassive'), counted('TCPFastOpenPassiveFail')]).toEqual([1, 0]);
  });

  test('we give the kernel a cookie, and take data with its next SYN', async (context) => {
    allowFastOpen(context);
    const heard: string[] = [];
    const listener = met.now(() => met.box.stack.listen({ port: 17002 }));
    listener.socket.setOption(IPPROTO_TCP, TCP_FASTOPEN, Uint8Array.of(5, 0, 0, 0));
    const serving = met.now(async () => {
      for (let i = 0; i < 2; i++) {
        const socket = await listener.accept();
        heard.push(new TextDecoder().decode((await socket.read()) ?? undefined));
        await socket.write('answer');
        socket.close();
      }
      listener.close();
    });
    const client = met.kernel.python(
      `
for word in (b'first', b'second'):
    s = stream(); s.sendto(word, socket.MSG_FASTOPEN, (sys.argv[1], 17002))
    print(read_all(s).decode(), info(s)[5] & 32); s.close()
`,
      BOX,
    );
    expect((await client.done).out).toBe('answer 0\nanswer 32\n');
    await serving;
    expect(heard).toEqual(['first', 'second']);
    expect(met.box.stack.tcp.counters.ext).toMatchObject({
      TCPFastOpenCookieReqd: 1,
      TCPFastOpenPassive: 1,
      TCPFastOpenPassiveFail: 0,
    });
    expect(counted('TCPFastOpenActive')).toBe(1);
  });

  test('we answer the kernel with a SYN cookie: the agreement comes back in its timestamp', async () => {
    met.box.stack.sysctl.set('net.ipv4.tcp_syncookies', 2);
    const listener = met.now(() => met.box.stack.listen({ port: 17003 }));
    const serving = met.now(async () => {
      const socket = await listener.accept();
      listener.close();
      return drain(socket);
    });
    const client = met.kernel.python(
      `
data = os.urandom(300000); s = stream(); s.connect((sys.argv[1], 17003)); s.sendall(data)
print(info(s)[5] & 7); s.close(); print(len(data), digest(data))
`,
      BOX,
    );
    const got = await serving;
    expect((await client.done).out).toBe(`7\n${got}\n`);
    // The kernel asks again when it has waited a second.
    const asked = await met.frames('tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.dstport == 17003');
    expect(met.box.stack.tcp.counters.ext).toMatchObject({
      SyncookiesSent: asked.trimEnd().split('\n').length,
      SyncookiesRecv: 1,
    });
  });

  test('the kernel answers us with a SYN cookie, and knows what was agreed on', async () => {
    met.kernel.sysctl('net.ipv4.tcp_syncookies', 2);
    const server = met.kernel.python(
      `c, _ = listener(17004).accept(); print(info(c)[5] & 7); data = read_all(c); print(len(data), digest(data))`,
    );
    await server.says('listening');
    const data = anyBytes(300_000);
    await met.now(async () => {
      const socket = await met.box.stack.connect({ address: KERNEL, port: 17004 });
      await socket.write(data);
      socket.close();
    });
    expect((await server.done).out).toBe(`listening\n7\n${data.length} ${digest(data)}\n`);
    expect([counted('SyncookiesRecv'), counted('SyncookiesFailed')]).toEqual([1, 0]);
  });

  test('nothing was malformed, on either side', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
  });
});
