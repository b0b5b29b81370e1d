import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

describe('Python on a machine of the lab', () => {
  it('sees its files, its name, its terminal, and talks to another through the whole stack', async () => {
    const { server, client, run } = twoMachines();
    server.files.put(
      '/home/student/server.py',
      `import os, socket
s = socket.create_server(('', 9000))
c, a = s.accept()
data = b''
while piece := c.recv(4096):
    data += piece
open('받은것.txt', 'wb').write(data)
print(len(data), os.uname().nodename, os.uname().sysname, a[0])
`,
    );
    client.files.put(
      '/home/student/client.py',
      `import socket
name = input('이름? ')
c = socket.create_connection(('server', 9000))
c.sendall((name * 100_000).encode())
`,
    );
    const s = server.spawn(['python3', 'server.py']);
    const c = client.spawn(['python3', 'client.py']);
    await run(() => c.terminal.text.includes('이름? '));
    await run();
    c.terminal.enter('철수');
    await run();
    expect([c.status, s.status]).toEqual([0, 0]);
    expect(s.terminal.text.trim()).toBe('600000 server Linux 10.0.0.2');
    expect(new TextDecoder().decode(server.files.content('/home/student/받은것.txt'))).toBe(
      '철수'.repeat(100_000),
    );
  });

  it('Ctrl-C at the terminal ends what waits, and what computes without end', async () => {
    const { server, run } = twoMachines();
    server.files.put('/home/student/wait.py', "import socket\nsocket.create_server(('', 9000)).accept()\n");
    const waits = server.spawn(['python3', 'wait.py']);
    await run();
    waits.terminal.interrupt();
    await run();
    expect(waits.terminal.text).toContain('KeyboardInterrupt');
    expect(waits.status).toBe(130);

    const computes = server.spawn(['python3', '-c', "print('go')\nwhile True: pass"]);
    const running = run();
    while (!computes.terminal.text.includes('go')) await new Promise(setImmediate);
    computes.terminal.interrupt();
    await running;
    expect(computes.terminal.text).toContain('KeyboardInterrupt');
    expect(computes.status).toBe(130);
  });
});
