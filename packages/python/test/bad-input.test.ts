import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines, runAlone } = machines();

/** Runs a program for as long as it says nothing new, then goes on with the machine. */
async function during(
  source: string,
  act: (process: ReturnType<ReturnType<typeof twoMachines>['start']>) => void,
) {
  const { server, run, start } = twoMachines();
  const process = start(server, source);
  const running = run(() => process.ended);
  while (!process.terminal.text.includes('go')) await new Promise(setImmediate);
  act(process);
  await running;
  // The machine lives on.
  const next = start(server, "print('next')\n");
  await run(() => next.ended);
  expect(next.terminal.text).toBe('next\n');
  return process;
}

describe('a program that misbehaves ends alone; the person sees why, the machine lives on', () => {
  it('a loop without a system call: Ctrl-C, or kill -9', async () => {
    const loop = "print('go')\nwhile True: pass\n";
    const interrupted = await during(loop, ({ terminal }) => terminal.interrupt());
    expect(interrupted.terminal.text).toContain('KeyboardInterrupt');
    expect(interrupted.status).toBe(130);
    expect((await during(loop, (process) => process.kill(9))).status).toBe(137);
  });

  it('output without end, until Ctrl-C', async () => {
    const flooded = await during("while True: print('go' * 500)\n", ({ terminal }) => terminal.interrupt());
    expect(flooded.terminal.text).toContain('KeyboardInterrupt');
    expect(flooded.status).toBe(130);
  });

  it('memory without end: MemoryError at the limit of a process', async () => {
    const { text, status } = await runAlone(`kept = []
try:
    while True: kept.append(bytes(10_000_000))
except MemoryError:
    megabytes = len(kept) * 10
    del kept
    print('MemoryError', 400 < megabytes < 640)
while True: bytearray(2_000_000_000)
`);
    expect(text).toBe(`MemoryError True
Traceback (most recent call last):
  File "/home/student/program.py", line 8, in <module>
    while True: bytearray(2_000_000_000)
                ~~~~~~~~~^^^^^^^^^^^^^^^
MemoryError
`);
    expect(status).toBe(1);
  });

  it('threads without end: as many as a process may have', async () => {
    const { text, status } = await runAlone(`import threading
stop = threading.Event()
threads = []
try:
    while True:
        threads.append(threading.Thread(target=stop.wait))
        threads[-1].start()
except RuntimeError as e:
    print(len(threads), e)
stop.set()
`);
    expect([text, status]).toEqual(["512 can't start new thread\n", 0]);
  });

  it('recursion without end: RecursionError, in Python and in C; where even that is too late, a fatal error', async () => {
    const { text, status } = await runAlone(`class C:
    def __repr__(self): return repr(self)
def f(): f()
for bad in (f, lambda: repr(C())):
    try: bad()
    except RecursionError: print('RecursionError')
deep = []
for _ in range(100_000): deep = [deep]
del deep
`);
    expect([text, status]).toEqual([
      'RecursionError\nRecursionError\nFatal Python error: stack overflow\n',
      134,
    ]);
  });

  it('its standard streams closed', async () => {
    const { text, status } = await runAlone(`import os, sys
os.close(0); os.close(2)
try: input()
except (OSError, RuntimeError) as e: print('input:', type(e).__name__)
sys.stdout.flush(); os.close(1)
print('nobody sees this')
`);
    expect(text).toBe('input: OSError\n');
    expect(status).not.toBe(0);
  });

  it('killed in the middle of sendall: its connection is reset or closed, and the peer goes on', async () => {
    const { server, client, sim, run, start } = twoMachines();
    const s = start(
      server,
      `import socket, time
c, _ = socket.create_server(('', 9000)).accept()
time.sleep(1)
got = 0
try:
    while data := c.recv(65536): got += len(data)
except ConnectionResetError: print('reset')
print(0 < got < 50_000_000)
`,
    );
    await run(() => s.terminal.text !== '' || server.kernel.sockets.size > 0);
    const c = start(
      client,
      "import socket\nsocket.create_connection(('server', 9000)).sendall(bytes(50_000_000))\n",
    );
    const started = sim.now;
    await run(() => client.kernel.sockets.size > 0 && sim.now > started + 5e8);
    c.kill(9);
    await run();
    expect([c.status, s.status, s.terminal.text.split('\n').at(-2)]).toEqual([137, 0, 'True']);
    expect(client.kernel.sockets.size).toBe(0);
  });
});
