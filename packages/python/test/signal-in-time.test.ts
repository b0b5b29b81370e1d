import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

it('a signal that comes while C code is on its way into a call that waits is not slept through', async () => {
  const { server, sim, run, start, calls } = twoMachines();
  const process = start(
    server,
    `import time
try:
    print("there", flush=True)
    time.sleep(1000)
except KeyboardInterrupt:
    print("woken after", time.monotonic() // 1)
`,
  );
  await run(() => calls().at(-1)?.name === 'clock_gettime' && process.terminal.text.includes('there'));
  process.terminal.interrupt();
  await run(() => process.ended);
  expect(process.terminal.text).toBe('there\n^Cwoken after 0.0\n');
  expect(sim.now).toBeLessThan(1e9);
});
