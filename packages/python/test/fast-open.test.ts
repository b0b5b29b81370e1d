import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

const SERVER = `import socket
server = socket.socket()
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
server.bind(('', 9000))
server.listen()
for _ in range(2):
    conn, _ = server.accept()
    print(conn.recv(100).decode())
    conn.sendall(b'answer')
    conn.close()
`;
const CLIENT = `import socket
for word in (b'first', b'second'):
    client = socket.socket()
    print(client.sendto(word, socket.MSG_FASTOPEN, ('server', 9000)))
    print(client.recv(100).decode())
    client.close()
`;

it('a Python client hands data over with its SYN once it knows the cookie of a Python server', async () => {
  const { server, client, record, run, start } = twoMachines();
  server.stack.sysctl.set('net.ipv4.tcp_fastopen', 3);
  const listening = start(server, SERVER);
  await run(() => [...server.stack.tcp.entries()].some(({ state }) => state === 'LISTEN'));
  const connecting = start(client, CLIENT);
  await run();
  expect(listening.terminal.text.replaceAll('\r', '')).toBe('first\nsecond\n');
  expect(connecting.terminal.text.replaceAll('\r', '')).toBe('5\nanswer\n6\nanswer\n');
  const sent = record.events.filter((event) => event.kind === 'frame-sent');
  const first = sent.filter(({ reason }) => /^tcp[.]syn/.test(reason));
  expect(first.map(({ node, reason }) => [node, reason])).toEqual([
    ['client', 'tcp.syn-cookie-request'],
    ['server', 'tcp.syn-ack'],
    ['client', 'tcp.syn-data'],
    ['server', 'tcp.syn-ack-early'],
  ]);
  const [request, , withData] = first.map((event) => new TextDecoder().decode(record.bytes(event)));
  expect(request).not.toContain('first');
  expect(withData).toContain('second');
});
