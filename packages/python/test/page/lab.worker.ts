import { pythonProgram } from '../../src/browser/index.ts';
import { FakeNetwork } from '../fake-kernel.ts';

const SERVER = `import socket
s = socket.create_server(('', 9000))
c, a = s.accept()
while data := c.recv(1024):
    c.sendall('에코: '.encode() + data)
`;
const CLIENT = `import socket, os, random, time
c = socket.create_connection(('server', 9000))
c.sendall('안녕하세요'.encode())
print(c.recv(1024).decode())
print(random.random(), os.urandom(4).hex(), time.time())
c.close()
input()
`;

async function main(): Promise<void> {
  const begin = performance.now();
  const python = pythonProgram({ assets: new URL('/python/', location.href), warm: 2 });
  await python.ready;
  const started = performance.now();
  const network = new FakeNetwork();
  const server = network.machine('server', '10.0.0.1').write('/home/student/server.py', SERVER);
  const client = network.machine('client', '10.0.0.2').write('/home/student/client.py', CLIENT);
  const s = server.spawn(python, ['python3', 'server.py']);
  const c = client.spawn(python, ['python3', 'client.py']);
  await network.run();
  const exchanged = performance.now();
  const waitsIn = c.waitsIn;
  c.signal(2);
  await network.run();
  python.close();
  postMessage({
    cold: Math.round(started - begin),
    run: Math.round(exchanged - started),
    waitsIn,
    server: [s.output, s.errors, s.status],
    client: [c.output, c.errors, c.status],
    calls: c.calls.map(({ name, where }) => `${name} ${where?.line ?? '-'}`),
  });
}

main().catch((error: unknown) => postMessage({ error: String(error) }));
