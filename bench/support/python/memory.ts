// Prints by how much this process grows with each Python in it, in MiB: `lab` a process of a machine, `pyodide` a
// plain Pyodide in a worker.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { pythonProgram } from '@netarium/python/node';
import { Lab } from 'netarium';

const COUNT = 4;
const MEBIBYTE = 1024 * 1024;
const SETTLE = 300;

const [kind = ''] = process.argv.slice(2);
const start = kind === 'lab' ? inALab() : plain;
await start();
const before = await resident();
for (let index = 0; index < COUNT; index++) await start();
console.log((await resident()) - before);
process.exit(0);

async function resident(): Promise<number> {
  await sleep(SETTLE);
  return process.memoryUsage.rss() / MEBIBYTE / COUNT;
}

function inALab(): () => Promise<void> {
  const python = pythonProgram();
  const lab = new Lab({ seed: 1 });
  const host = lab.host('server', { addresses: { eth0: '10.0.0.1/24' } });
  host.install('python3', python);
  host.write('wait.py', "import socket\nprint('here', flush=True)\nsocket.create_server(('', 0)).accept()\n");
  return async () => {
    const process = host.start('python3 wait.py');
    await lab.run();
    if (!process.terminal.text.includes('here')) throw new Error(process.terminal.text);
  };
}

async function plain(): Promise<void> {
  const source = `import { parentPort } from 'node:worker_threads';
const { loadPyodide } = await import(${JSON.stringify(import.meta.resolve('pyodide/pyodide.mjs'))});
const pyodide = await loadPyodide();
pyodide.runPython('import socket');
parentPort.on('message', () => pyodide);
parentPort.postMessage('here');`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  await once(worker, 'message');
}
