/** A server and a client, and how they are run: the same in a page and in Node. */
import type { PythonProgram } from '../../src/host/program.ts';
import { FakeNetwork } from '../fake-kernel.ts';

const SERVER = `import socket
s = socket.create_server(('', 9000))
c, a = s.accept()
while data := c.recv(1024):
    c.sendall('에코: '.encode() + data)
`;
const CLIENT = `import socket, os, random, threading, time
c = socket.create_connection(('server', 9000))
c.sendall('안녕하세요'.encode())
def receive(): print(c.recv(1024).decode())
thread = threading.Thread(target=receive)
thread.start()
thread.join()
print(random.random(), os.urandom(4).hex(), time.time(), id(c), {'a', 'b', 'c'})
c.close()
input()
`;

export async function exchange(python: PythonProgram) {
  const network = new FakeNetwork();
  const server = network.machine('server', '10.0.0.1').write('/home/student/server.py', SERVER);
  const client = network.machine('client', '10.0.0.2').write('/home/student/client.py', CLIENT);
  const s = server.spawn(python, ['python3', 'server.py']);
  const c = client.spawn(python, ['python3', 'client.py']);
  await network.run();
  const { waitsIn } = c;
  c.signal(2);
  await network.run();
  return {
    waitsIn,
    server: [s.output, s.errors, s.status],
    client: [c.output, c.errors, c.status],
    calls: c.calls.map(({ time, name, where }) => `${time} ${name} ${where?.line ?? '-'}`),
  };
}
