import { seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

/** What a program does once it has said that it is there: where it can be stopped. */
const STATES = {
  accept: "socket.create_server(('', 9000)).accept()",
  recv: 'pair[0].recv(1)',
  'recv with a timeout': 'pair[0].settimeout(1000); pair[0].recv(1)',
  'UDP recvfrom': "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('', 9000)); u.recvfrom(9)",
  connect: "socket.create_connection(('10.0.0.99', 9))",
  'send on a full buffer': 'pair[0].sendall(bytes(9_000_000))',
  select: 'select.select([pair[0]], [], [])',
  poll: 'p = select.poll(); p.register(pair[0], select.POLLIN); p.poll()',
  lock: 'l = threading.Lock(); l.acquire(); l.acquire()',
  join: 't = threading.Thread(target=time.sleep, args=(500,), daemon=True); t.start(); t.join()',
  queue: 'queue.Queue().get()',
  event: 'threading.Event().wait()',
  sleep: 'time.sleep(500)',
  input: 'input()',
  asyncio: 'asyncio.run(asyncio.sleep(500))',
  serve_forever: "socketserver.TCPServer(('', 9000), socketserver.BaseRequestHandler).serve_forever()",
  'a child': "subprocess.run(['sleep', '500'])",
};
const PROGRAM = (
  state: string,
) => `import asyncio, queue, select, signal, socket, socketserver, subprocess, sys, threading, time
pair = socket.socketpair()
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
print('there')
try:
    ${state}
finally:
    print('finally')
`;

describe.each(Object.entries(STATES))('a program that waits in %s', (_, state) => {
  it('ends by Ctrl-C, by a handler of its own, by kill and kill -9 as on Linux, and leaves nothing', async () => {
    const { server, sim, run, start } = twoMachines();
    for (const [signal, status, last] of [
      [2, 130, 'KeyboardInterrupt'],
      [10, 7, 'finally'],
      [15, 143, 'there'],
      [9, 137, 'there'],
    ] as const) {
      const process = start(server, PROGRAM(state));
      await run(() => process.terminal.text.includes('there'));
      let waits = false;
      sim.after(seconds(0.2), () => {
        waits = true;
      });
      await run(() => waits);
      if (signal === 2) process.terminal.interrupt();
      else process.kill(signal);
      await run(() => process.ended);
      expect([signal, process.status]).toEqual([signal, status]);
      expect(process.terminal.text.trimEnd().split('\n').at(-1)).toBe(last);
    }
    await run();
    expect([server.kernel.processes.size, server.kernel.sockets.size]).toEqual([0, 0]);
  });
});
