import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

const OPTIONS = `import socket
TCP = socket.IPPROTO_TCP
s = socket.socket()
for name, values in {'TCP_DEFER_ACCEPT': (2, 4), 'TCP_LINGER2': (7, 121, -5), 'TCP_WINDOW_CLAMP': (100, 5000)}.items():
    option = getattr(socket, name)
    print(name, s.getsockopt(TCP, option), end='')
    for value in values:
        s.setsockopt(TCP, option, value)
        print('', s.getsockopt(TCP, option), end='')
    print()
SO_MAX_PACING_RATE = 47
s.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 125_000)
print(int.from_bytes(s.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 8), 'little'))
`;

it('the options of TCP are there for Python programs, and read back as on Linux', async () => {
  const { server, run, start } = twoMachines();
  const process = start(server, OPTIONS);
  await run();
  expect(process.terminal.text.replaceAll('\r', '')).toBe(
    'TCP_DEFER_ACCEPT 0 3 7\nTCP_LINGER2 60 7 120 -1\nTCP_WINDOW_CLAMP 0 1152 5000\n125000\n',
  );
});

const SERVER = `import fcntl, os, signal, socket
server = socket.socket()
server.bind(('', 9000))
server.listen()
conn, _ = server.accept()
urgent = []
signal.signal(signal.SIGURG, lambda number, frame: urgent.append(conn.recv(1, socket.MSG_OOB)))
print(fcntl.fcntl(conn, fcntl.F_GETOWN))
fcntl.fcntl(conn, fcntl.F_SETOWN, os.getpid())
print(fcntl.fcntl(conn, fcntl.F_GETOWN) == os.getpid())
try:
    fcntl.fcntl(conn, fcntl.F_SETOWN, 9999)
except ProcessLookupError as error:
    print(error)
conn.sendall(b'go')
print(conn.recv(100), conn.recv(100), urgent)
`;
const CLIENT = `import socket, time
client = socket.create_connection(('server', 9000))
client.recv(100)
client.send(b'before')
client.send(b'!', socket.MSG_OOB)
time.sleep(0.1)
client.send(b'after')
`;

it('urgent data comes with SIGURG for the process that F_SETOWN names', async () => {
  const { server, client, run, start } = twoMachines();
  const listening = start(server, SERVER);
  await run(() => [...server.stack.tcp.entries()].some(({ state }) => state === 'LISTEN'));
  start(client, CLIENT);
  await run();
  expect(listening.terminal.text.replaceAll('\r', '')).toBe(
    "0\nTrue\n[Errno 3] No such process\nb'before' b'after' [b'!']\n",
  );
});
