import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();
const LOG = '/home/student/log';

it('what is appended to a file, or written into it, is all that the machine is told', async () => {
  const { server, run, start } = twoMachines();
  const reader = server.files.journal.reader(0);
  let told = 0;
  const process = start(
    server,
    `import time
with open('log', 'a') as log:
    for line in range(20):
        log.write(f'{line:999}\\n')
        log.flush()
        time.sleep(1)
with open('log', 'r+') as log:
    log.seek(19_000)
    log.write('the last line')
print(open('log').read().count('\\n'))
`,
  );
  await run(() => {
    for (const change of reader.read())
      if ((change.op === 'write' || change.op === 'patch') && change.path === LOG) told += change.data.length;
    return process.ended;
  });
  expect(process.terminal.text).toBe('20\n');
  // The whole file each time would be ten times as much.
  expect(told).toBeLessThan(23_000);
  const lines = new TextDecoder().decode(server.files.content(LOG)).split('\n');
  expect(lines.map((line) => line.trim().slice(0, 15).trim())).toEqual([
    ...Array.from({ length: 19 }, (_, line) => String(line)),
    'the last line',
    '',
  ]);

  const other = start(
    server,
    `import subprocess, sys
before = open('log').read()
subprocess.run([sys.executable or 'python3', '-c', "open('log', 'a').write('more')"])
print(open('log').read() == before + 'more')
`,
  );
  await run(() => other.ended);
  expect(other.terminal.text).toBe('True\n');
});
