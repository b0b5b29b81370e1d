import { existsSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seconds } from '@netarium/osi/time';
import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const STARTS = 200;
const KILOBYTE = 1024;
const WARM = 2;
const { ready, twoMachines } = machines();

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many entries a folder of proc(5) has; 0 where there is none. */
const entries = (folder: string) => (existsSync(folder) ? readdirSync(folder).length : 0);

/** What this process of Node holds: of a worker that is left behind its port, its threads, its descriptors, its memory. */
function held() {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    ports: process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length,
    threads: entries('/proc/self/task'),
    descriptors: entries('/proc/self/fd'),
    heap: heapUsed / KILOBYTE,
    buffers: arrayBuffers / KILOBYTE,
  };
}

/** A program that says that it is there and then waits. */
const waiting = (state: string) => `import socket, subprocess, threading, time
a, b = socket.socketpair()
s = socket.create_server(('', 0))
print('there')
${state}
`;
/** How a process ends, by which signal, and the status that it has then. */
const ENDS = [
  { source: waiting('raise SystemExit(3)'), status: 3 },
  { source: waiting('1/0'), status: 1 },
  { source: waiting('s.accept()'), signal: 2, status: 130 },
  { source: waiting('a.recv(1)'), signal: 15, status: 143 },
  { source: waiting('a.sendall(bytes(9_000_000))'), signal: 9, status: 137 },
  { source: waiting('threading.Thread(target=time.sleep, args=(500,)).start()'), signal: 9, status: 137 },
  { source: waiting("subprocess.run(['sleep', '1'])"), signal: 2, status: 130 },
  { source: waiting('while True: pass'), signal: 9, status: 137, computes: true },
  // Before its worker is there.
  { source: waiting('time.sleep(500)'), signal: 9, status: 137, atOnce: true },
];

it(`after ${STARTS} starts and ends there is no worker, descriptor, process or socket more, and no more memory`, async () => {
  const { server, sim, run, start, scheduler } = twoMachines(false);
  const terminal = server.openTerminal();

  async function once(index: number) {
    const { source, signal, status, computes, atOnce } = ENDS[index % ENDS.length] as (typeof ENDS)[number];
    const shown = terminal.text.length;
    const isThere = () => terminal.text.includes('there', shown);
    const started = start(server, source, terminal);
    if (signal !== undefined && atOnce !== true) {
      if (computes === true) {
        const running = run(() => started.ended);
        while (!isThere()) await new Promise(setImmediate);
        started.kill(signal);
        await running;
      } else {
        let waits = false;
        await run(isThere);
        sim.after(seconds(0.1), () => {
          waits = true;
        });
        await run(() => waits);
      }
    }
    if (signal === 2) terminal.interrupt();
    else if (signal !== undefined) started.kill(signal);
    await run(() => started.ended);
    expect([source, started.status]).toEqual([source, status]);
  }

  /** What is held when the workers that have ended are gone, and those kept warm have one port each. */
  async function settled(buffers = Number.POSITIVE_INFINITY) {
    await run();
    await ready();
    for (let turn = 0; turn < 1000; turn++) {
      const now = held();
      if (now.ports === WARM && now.buffers < buffers) return now;
      await new Promise(setImmediate);
    }
    return held();
  }

  await ready();
  for (let index = 0; index < 2 * ENDS.length; index++) await once(index);
  const before = await settled();
  for (let index = 0; index < STARTS; index++) await once(index);
  const after = await settled(before.buffers + KILOBYTE);

  expect(after.ports).toBe(WARM);
  // A worker that is just starting has some that it lets go of; one more per start would be 200.
  expect(after.threads).toBeLessThan(before.threads + 10);
  expect(after.descriptors).toBeLessThan(before.descriptors + 10);
  // What a worker shares with this thread is 129 KiB.
  expect(after.buffers).toBeLessThan(before.buffers + 8 * 129);
  expect(after.heap).toBeLessThan(before.heap + 10 * STARTS);
  expect([server.kernel.processes.size, server.kernel.sockets.size, scheduler.busy]).toEqual([0, 0, false]);
}, 600_000);
