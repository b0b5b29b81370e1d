import { Machine, Scheduler } from '@netarium/machine';
import { Cable } from '@netarium/osi/1-physical';
import { Simulation, seconds } from '@netarium/osi/time';
import { TraceRecord } from '@netarium/osi/trace';
import { afterAll, describe, expect, it } from 'vitest';
import { pythonProgram } from '../src/node/index.ts';

const python = pythonProgram({ warm: 2 });
afterAll(() => python.close());

/** Two real machines on one cable. */
function twoMachines() {
  const sim = new Simulation(7);
  const scheduler = new Scheduler();
  const record = new TraceRecord();
  const machine = (name: string, address: string) => {
    const one = new Machine({ sim, scheduler, name, record });
    const port = one.addPort('eth0');
    one.configure({
      addresses: { eth0: [`${address}/24`] },
      hosts: { server: '10.0.0.1', client: '10.0.0.2' },
    });
    one.install('python3', python);
    return { one, port };
  };
  const [server, client] = [machine('server', '10.0.0.1'), machine('client', '10.0.0.2')];
  new Cable(sim, server.port, client.port);
  /** Runs until nothing can happen any more, or until it is done. */
  async function run(done: () => boolean = () => false) {
    while (!done()) {
      if (scheduler.busy) await scheduler.settle();
      else if (sim.now > seconds(1000) || !sim.step()) return;
    }
  }
  return { server: server.one, client: client.one, run };
}

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
