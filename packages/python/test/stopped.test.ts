import { seconds } from '@netarium/osi/time';
import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

it('a program that is stopped does not run, nor its threads; SIGCONT lets it go on, and its handler runs then', async () => {
  const { server, sim, run, start } = twoMachines();
  const process = start(
    server,
    `import signal, threading, time
signal.signal(signal.SIGCONT, lambda *_: print("goes on", flush=True))
def count(name):
    for i in range(4):
        time.sleep(1)
        print(name, i, flush=True)
threading.Thread(target=count, args=("thread",)).start()
count("main")
`,
  );
  const until = async (time: number) => {
    let reached = false;
    sim.after(seconds(time) - sim.now, () => {
      reached = true;
    });
    await run(() => reached);
  };
  await until(1.5);
  expect(process.terminal.text).toBe('main 0\nthread 0\n');
  process.kill(19);
  await until(100);
  expect(process.terminal.text).toBe('main 0\nthread 0\n');
  process.kill(18);
  await run(() => process.ended);
  const lines = process.terminal.text.trim().split('\n');
  expect(lines.slice(2).sort()).toEqual(
    ['goes on', ...[1, 2, 3].flatMap((i) => [`main ${i}`, `thread ${i}`])].sort(),
  );
  expect(process.status).toBe(0);
  expect(sim.now).toBeLessThan(seconds(103));
});

it('a program stops a child of its own, and is told of it', async () => {
  const { server, run, start } = twoMachines();
  const process = start(
    server,
    `import os, signal, subprocess
child = subprocess.Popen(["sleep", "1000"])
child.send_signal(signal.SIGSTOP)
print(subprocess.run(["ps", "-o", "s,comm"], capture_output=True, text=True).stdout)
child.send_signal(signal.SIGTERM)
print(child.poll())
child.send_signal(signal.SIGCONT)
print(child.wait())
`,
  );
  await run(() => process.ended);
  expect(process.terminal.text).toMatch(/^S COMMAND\n[RS] python3\nT sleep\n[RS] ps\n\nNone\n-15\n$/);
});
