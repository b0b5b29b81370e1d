import { pythonProgram } from '@netarium/python/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

const SERVER = `
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('', 8000)); s.listen()
for i in range(2):
    c, (address, port) = s.accept()
    request = b''
    while b'\\r\\n\\r\\n' not in request: request += c.recv(1024)
    path = request.split()[1].decode()
    c.sendall(f'HTTP/1.0 200 OK\\r\\n\\r\\nyou asked for {path} from {address}'.encode()); c.close()
    print('served', path, flush=True)
`;
const CLIENT = `
import socket, time
s = socket.create_connection(('${KERNEL}', 5000))
for word in ('하나', '둘', '셋'):
    s.sendall(word.encode()); print(s.recv(100).decode())
start = time.monotonic(); time.sleep(0.2); print(time.monotonic() - start >= 0.2)
s.shutdown(socket.SHUT_WR); print(s.recv(100))
`;

describeKernel("CPython on a lab's machine, and programs on a real kernel", () => {
  let met: Meeting;
  const python3 = pythonProgram();
  beforeAll(() => {
    met = new Meeting();
    met.box.install('python3', python3);
  });
  afterAll(() => met.close());

  test('curl is served by a Python program of the lab', async () => {
    met.box.write('server.py', SERVER);
    const server = met.now(() => met.box.start('python3 server.py'));
    await met.until(() => [...met.box.stack.tcp.entries()].some(({ state }) => state === 'LISTEN'));
    for (const path of ['/first', '/second']) {
      const curl = await met.kernel.command('curl', '-sS', '--noproxy', '*', `http://${BOX}:8000${path}`);
      expect(curl).toEqual({ status: 0, out: `you asked for ${path} from ${KERNEL}`, err: '' });
    }
    expect(await server.exit).toBe(0);
    expect(server.terminal.text).toBe('served /first\nserved /second\n');
  });

  test('a Python program of the lab talks to one on the kernel', async () => {
    const echo = met.kernel.python(`
c, _ = listener(5000).accept()
while True:
    data = c.recv(100)
    if not data: break
    c.sendall(data)
`);
    await echo.says('listening');
    met.box.write('client.py', CLIENT);
    const { status, text } = await met.command('python3 client.py');
    expect(text).toBe("하나\n둘\n셋\nTrue\nb''\n");
    expect(status).toBe(0);
    expect((await echo.done).status).toBe(0);
  });

  test('the record says which line of the program sent each frame', () => {
    const { record } = met.lab;
    const lines = record.events.flatMap((event) => {
      if (event.kind !== 'frame-sent' || event.node !== 'box' || event.reason !== 'tcp.data') return [];
      return event.origins.map((id) => {
        const call = record.get(id);
        return call?.kind === 'system-call' ? `${call.where?.file}:${call.where?.line}` : 'nobody';
      });
    });
    expect(new Set(lines)).toEqual(new Set(['/home/student/server.py:9', '/home/student/client.py:5']));
  });
}, ['curl']);
