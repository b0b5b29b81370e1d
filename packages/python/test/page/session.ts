import type { PythonProgram } from '../../src/host/program.ts';
import { twoMachines } from '../two-machines.ts';

const SERVER = `import asyncio, select, signal, socket, threading
def threads():
    with socket.create_server(('', 9000)) as s:
        for _ in range(3):
            c, _ = s.accept()
            threading.Thread(target=lambda c=c: (c.sendall(c.recv(100).upper()), c.close())).start()
def selecting():
    with socket.create_server(('', 9000)) as s:
        waiting, served = [s], 0
        while served < 3:
            for ready in select.select(waiting, [], [])[0]:
                if ready is s: waiting.append(s.accept()[0])
                elif data := ready.recv(100): ready.sendall(data.upper())
                else: waiting.remove(ready); ready.close(); served += 1
async def serving():
    done, served = asyncio.Event(), []
    async def serve(reader, writer):
        writer.write((await reader.read(100)).upper()); await writer.drain(); writer.close()
        served.append(writer)
        if len(served) == 3: done.set()
    async with await asyncio.start_server(serve, '', 9000): await done.wait()
print('threads'); threads()
print('select'); selecting()
print('asyncio'); asyncio.run(serving())
signal.signal(signal.SIGUSR1, lambda number, frame: print('signal', number))
print('accept'); socket.create_server(('', 9001)).accept()
`;
const CLIENT = `import os, random, socket, subprocess, time
for kind in range(3):
    time.sleep(1)
    all = [socket.create_connection(('server', 9000)) for _ in range(3)]
    for number, c in enumerate(all): c.sendall(f'{kind} 안녕 abc {number}'.encode()); c.shutdown(socket.SHUT_WR)
    for c in all: print(c.recv(100).decode(), c.recv(1)); c.close()
print(subprocess.run(['hostname'], capture_output=True, text=True).stdout, random.random(), os.urandom(4).hex(), time.time())
`;

/**
 * Three servers of one program (threads, select, asyncio) and three clients of each, then a person at the interpreter.
 * The server gets a signal that it handles, and then Ctrl-C.
 */
export async function session(python: PythonProgram) {
  const { server, client, record, run, calls } = twoMachines(python);
  server.files.put('/home/student/server.py', SERVER);
  client.files.put('/home/student/client.py', CLIENT);
  const env = { NO_COLOR: '1' };
  const s = server.spawn(['python3', 'server.py'], { env });
  const c = client.spawn(['python3', 'client.py'], { env });
  await run();
  s.kill(10);
  await run();
  s.terminal.interrupt();
  await run();
  const person = client.spawn(['python3', '-q'], { env });
  await run();
  for (const typed of ['6 * 7\r', 'import time; time.sleep(9)\r', '\x03', 'input()\r', '한글\r', '\x04']) {
    person.terminal.type(typed);
    // Not to the end of the sleep, so that Ctrl-C meets it.
    if (typed.includes('sleep')) await run(() => calls().at(-1)?.name === 'nanosleep');
    else await run();
  }
  return {
    server: [s.terminal.text, s.status],
    client: [c.terminal.text, c.status],
    person: [person.terminal.text, person.status],
    calls: calls().map(({ time, name, tid, where }) => `${time} ${tid} ${name} ${where?.line ?? '-'}`),
    frames: record.events
      .filter((event) => event.kind === 'frame-sent')
      .map((event) => `${event.time} ${record.bytes(event).join()}`),
  };
}
