import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines, runAlone } = machines();

describe('signals that are ignored', () => {
  it('are what they are on Linux, and stop nobody', async () => {
    const { text } = await runAlone(`import signal, threading, time
print(repr(signal.SIG_IGN), repr(signal.SIG_DFL), signal.getsignal(signal.SIGXFSZ), signal.getsignal(signal.SIGPIPE))
t = threading.Thread(target=lambda: (time.sleep(0.1), print('thread')))
t.start()
print(repr(signal.signal(signal.SIGCHLD, signal.SIG_IGN)), signal.getsignal(signal.SIGCHLD).name)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_IGN, signal.signal(signal.SIGTERM, lambda *_: 0).name)
t.join()
`);
    expect(text).toBe(`<Handlers.SIG_IGN: 1> <Handlers.SIG_DFL: 0> 1 1
<Handlers.SIG_DFL: 0> SIG_IGN
True SIG_IGN
thread
`);
  });
});

describe('threads', () => {
  it('run side by side on the clock of the lab, and are waited for at the end', async () => {
    const { text, status } = await runAlone(`import threading, time
def work(name, pause):
    for i in range(3):
        time.sleep(pause)
        print(name, i, round(time.monotonic(), 1))
for name, pause in ('가', 1), ('나', 1.5):
    threading.Thread(target=work, args=(name, pause)).start()
threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
print('끝', threading.active_count())
`);
    expect(text).toBe('끝 4\n가 0 1.0\n나 0 1.5\n가 1 2.0\n나 1 3.0\n가 2 3.0\n나 2 4.5\n');
    expect(status).toBe(0);
  });

  it('locks, events, conditions and queues are CPython’s own, with timeouts', async () => {
    const { text } = await runAlone(`import queue, threading, time
lock = threading.Lock(); lock.acquire()
print(lock.acquire(timeout=0.5), lock.acquire(blocking=False), round(time.monotonic(), 1))
event = threading.Event()
threading.Timer(1, event.set).start()
print(event.wait(0.25), event.wait(5), round(time.monotonic(), 1))
jobs = queue.Queue(2)
def produce():
    for i in range(8): jobs.put(i)
    jobs.put(None)
threading.Thread(target=produce).start()
print(list(iter(jobs.get, None)))
try:
    jobs.get(timeout=1)
except queue.Empty:
    print('empty', round(time.monotonic(), 1))
simple = queue.SimpleQueue()
threading.Timer(1, simple.put, ['late']).start()
print(simple.get(), round(time.monotonic(), 1))
again = threading.RLock()
with again, again: print('reentrant')
`);
    expect(text).toBe(
      'False False 0.5\nFalse True 1.5\n[0, 1, 2, 3, 4, 5, 6, 7]\nempty 2.5\nlate 3.5\nreentrant\n',
    );
  });

  it('have the numbers that their machine knows them by', async () => {
    const { text } = await runAlone(`import os, threading
def look():
    number = threading.get_native_id()
    print(number == threading.current_thread().native_id, number > os.getpid())
print(threading.Thread().native_id, threading.get_native_id() == os.getpid() == threading.main_thread().native_id)
t = threading.Thread(target=look)
t.start()
t.join()
`);
    expect(text).toBe('None True\nTrue True\n');
  });

  it('have their own local data; a pool of them maps; what one does not catch is printed', async () => {
    const { text, status } = await runAlone(`import sys, threading
from concurrent.futures import ThreadPoolExecutor
local = threading.local(); local.x = 1
def look(): print(hasattr(local, 'x'), threading.get_ident() != threading.main_thread().ident)
t = threading.Thread(target=look); t.start(); t.join()
with ThreadPoolExecutor(4) as pool: print(list(pool.map(lambda n: n * n, range(8))))
t = threading.Thread(target=lambda: {}['열쇠'], name='실'); t.start(); t.join()
t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()
`);
    expect(text).toContain('False True\n[0, 1, 4, 9, 16, 25, 36, 49]\nException in thread 실:\nTraceback');
    expect(text).toMatch(/KeyError: '열쇠'\n$/);
    expect(status).toBe(0);
  });

  it('one that only computes does not starve the others, and time goes on meanwhile', async () => {
    const { text } = await runAlone(`import threading, time
over = False
def end():
    global over
    time.sleep(0.5)
    over = True
threading.Thread(target=end).start()
n = 0
while not over: n += 1
print(n > 1000, 0.5 <= time.monotonic() < 0.6)
`);
    expect(text).toBe('True True\n');
  });

  it('take turns in the same way each time', async () => {
    const source = `import threading
counts = [0, 0]; order = []
def count(i):
    while sum(counts) < 300_000:
        counts[i] += 1
        if counts[i] % 1000 == 0: order.append(i)
threads = [threading.Thread(target=count, args=(i,)) for i in (0, 1)]
for t in threads: t.start()
for t in threads: t.join()
print(''.join(map(str, order)))
`;
    const [first, second] = [await runAlone(source), await runAlone(source)];
    expect(first.text).toMatch(/01+0/);
    expect(second.text).toBe(first.text);
    expect(second.calls).toEqual(first.calls);
  });

  it('each call tells its thread and the line; waiting for a lock is a call too', async () => {
    const { calls } = await runAlone(`import threading, time
def work():
    time.sleep(1)
t = threading.Thread(target=work)
t.start()
t.join()
`);
    const told = calls.map(({ name, tid, pid, where }) => [name, tid - pid, where?.line]);
    expect(told).toContainEqual(['clone', 0, 5]);
    expect(told).toContainEqual(['nanosleep', 1, 3]);
    expect(told).toContainEqual(['futex', 0, 6]);
    expect(told).toContainEqual(['exit', 1, 5]);
  });

  it('too many: "can\'t start new thread", and the program goes on', async () => {
    const { text, status } = await runAlone(`import threading
go = threading.Event(); n = 1
try:
    while True:
        threading.Thread(target=go.wait).start(); n += 1
except RuntimeError as e:
    print(n, e)
go.set()
`);
    expect(text).toBe("512 can't start new thread\n");
    expect(status).toBe(0);
  });

  it('a hundred of them with sockets, locks and garbage collection', async () => {
    const { text, status } = await runAlone(`import gc, socket, threading
lock = threading.Lock(); done = 0
def work(n):
    global done
    for i in range(5):
        a, b = socket.socketpair()
        a.sendall(b'x' * n); junk = [[] for _ in range(50)]; junk.append(junk)
        assert len(b.recv(1000)) == n
        a.close(); b.close()
        if i % 2: gc.collect(0)
        with lock: done += 1
threads = [threading.Thread(target=work, args=(n + 1,)) for n in range(100)]
for t in threads: t.start()
for t in threads: t.join()
print(done)
`);
    expect(text).toBe('500\n');
    expect(status).toBe(0);
  });
});

describe('Ctrl-C reaches the main thread', () => {
  it.each([
    ['lock.acquire', 'lock = threading.Lock(); lock.acquire(); lock.acquire()'],
    ['join', 't = threading.Thread(target=time.sleep, args=(1000,), daemon=True); t.start(); t.join()'],
    ['queue.get', 'queue.Queue().get()'],
    ['Event.wait', 'threading.Event().wait(500)'],
    ['select', 'select.select([socket.create_server(("", 9000))], [], [])'],
    ['asyncio.run', 'asyncio.run(asyncio.sleep(500))'],
    ['the end', 'threading.Thread(target=time.sleep, args=(500,)).start()'],
  ])('in %s', async (_title, source) => {
    const { server, sim, scheduler, run, start } = twoMachines();
    const imports = 'import asyncio, queue, select, socket, threading, time\n';
    const p = start(server, `${imports}try:\n    ${source}\nfinally:\n    print('finally')\n`);
    await run(() => !scheduler.busy && sim.now > 0 && sim.nextAt > 100e9);
    p.terminal.interrupt();
    await run();
    expect(p.terminal.text).toContain('KeyboardInterrupt');
    expect(p.terminal.text).toContain('finally');
  });
});

describe('waiting for several at once', () => {
  it('asyncio on its ordinary selector loop: servers, streams, datagrams, threads', async () => {
    const { server, client, run, start, record } = twoMachines();
    const s = start(
      server,
      `import asyncio
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write('에코: '.encode() + line)
        await writer.drain()
    writer.close()
class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, address): self.transport.sendto(data.upper(), address)
async def main():
    await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=('0.0.0.0', 9001))
    async with await asyncio.start_server(serve, '', 9000):
        await asyncio.sleep(60)
print(type(asyncio.new_event_loop()).__name__)
asyncio.run(main())
`,
    );
    await run(() => s.terminal.text.includes('Loop'));
    const c = start(
      client,
      `import asyncio, socket
async def talk(name):
    reader, writer = await asyncio.open_connection('server', 9000)
    for i in range(2):
        writer.write(f'{name} {i}\\n'.encode())
        print((await reader.readline()).decode().strip())
        await asyncio.sleep(1)
    writer.close()
    await writer.wait_closed()
async def main():
    await asyncio.sleep(1)
    await asyncio.gather(talk('철수'), talk('영희'))
    print(await asyncio.to_thread(sum, [40, 2]))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.setblocking(False)
    await asyncio.get_running_loop().sock_sendto(u, b'hello', ('server', 9001))
    print(await asyncio.wait_for(asyncio.get_running_loop().sock_recv(u, 100), 5))
asyncio.run(main())
`,
    );
    await run();
    expect(s.terminal.text).toContain('_UnixSelectorEventLoop');
    expect(c.terminal.text.replaceAll('\r', '')).toBe(
      "에코: 철수 0\n에코: 영희 0\n에코: 철수 1\n에코: 영희 1\n42\nb'HELLO'\n",
    );
    expect([s.status, c.status]).toEqual([0, 0]);
    // Its own wake-up goes through a pair of local sockets: no frame, not even on the loopback interface.
    expect(record.events.some((event) => event.kind === 'frame-sent' && event.port.endsWith('lo'))).toBe(
      false,
    );
  });

  it('select, poll, selectors, pipes', async () => {
    const { text } = await runAlone(`import os, select, selectors, socket, threading, time
a, b = socket.socketpair(); r, w = os.pipe()
threading.Timer(1, os.write, [w, b'x']).start()
print(select.select([b, r], [], [], 0.5), select.select([b, r], [], [], 5) == ([r], [], []), time.monotonic() // 1)
p = select.poll(); p.register(b, select.POLLIN); p.register(a, select.POLLOUT)
a.send(b'1'); print(sorted(e for _, e in p.poll()))
with selectors.DefaultSelector() as s:
    s.register(b, selectors.EVENT_READ, 'b')
    print([key.data for key, _ in s.select(1)])
a.close(); print(b.recv(10), b.recv(10), os.read(r, 10))
threading.Timer(1, os.close, [w]).start()
print(os.read(r, 10))
`);
    expect(text).toBe("([], [], []) True 1.0\n[1, 4]\n['b']\nb'1' b'' b'x'\nb''\n");
  });

  it('are told apart by strace -f, which also names the line of the program, not the library’s', async () => {
    const { server, run, start } = twoMachines();
    const program = start(
      server,
      `import socket, socketserver, threading
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline())
input()
server = socketserver.ThreadingTCPServer(('', 9000), Handler)
threading.Thread(target=server.serve_forever).start()
with socket.create_connection(('127.0.0.1', 9000)) as s:
    s.sendall(b'x')
    s.shutdown(socket.SHUT_WR)
    s.recv(10)
server.shutdown()
`,
    );
    await run();
    const strace = server.run(`strace -f -p ${program.pid}`);
    await run();
    program.terminal.enter('go');
    await run(() => strace.status !== null);
    const lines = strace.terminal.text.replaceAll('\r', '').split('\n');
    const of = (call: RegExp) =>
      lines.flatMap((line) => {
        const [, tid, text = '', place] =
          /^\[pid +(\d+)\] (.*?)(?: \/\* .*program\.py:(\d+) \*\/)?$/.exec(line) ?? [];
        return call.test(text) ? [{ tid: Number(tid), line: Number(place) }] : [];
      });
    expect(of(/^listen\(/)).toEqual([{ tid: program.pid, line: 6 }]);
    expect(of(/^sendto\(\d+, "x"/)[0]).toEqual({ tid: program.pid, line: 9 });
    const [answer] = of(/^sendto\(\d+, "x"/).slice(1);
    expect(answer?.line).toBe(4);
    expect(answer?.tid).toBeGreaterThan(program.pid);
  });
});
