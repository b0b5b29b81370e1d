import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PythonProgram } from '@netarium/python/node';
import { Lab } from 'netarium';

/** The programs that both sides run, unmodified: `measured.py server PORT`, `measured.py KIND ADDRESS PORT COUNT`. */
const PROGRAM = fileURLToPath(new URL('measured.py', import.meta.url));
const PORT = 9000;

/** Runs the program between two machines of a lab. @returns seconds from the first call to the last. */
export async function inALab(
  python: PythonProgram,
  source: string,
  kind: string,
  count: number,
  record: boolean,
): Promise<number> {
  const lab = new Lab({ seed: 1, record });
  try {
    const [server, client] = ['server', 'client'].map((name, index) => {
      const host = lab.host(name, { addresses: { eth0: `10.0.0.${index + 1}/24` } });
      host.install('python3', python);
      host.write('measured.py', source);
      return host;
    }) as [ReturnType<Lab['host']>, ReturnType<Lab['host']>];
    lab.link(server, client);
    const serving = server.start(`python3 measured.py server ${PORT}`);
    await lab.until(() => serving.terminal.text.includes('listening'));
    let begin = 0;
    let end = 0;
    const measuring = client.start(`python3 measured.py ${kind} server ${PORT} ${count}`);
    measuring.terminal.subscribe((text) => {
      if (text.includes('begin')) begin = performance.now();
      if (text.includes('end')) end = performance.now();
    });
    await lab.until(() => measuring.ended);
    if (measuring.status !== 0 || end === 0) throw new Error(measuring.terminal.text);
    return (end - begin) / 1000;
  } finally {
    lab.close();
  }
}

/** Runs it with this computer's CPython over its loopback. @returns seconds from the first call to the last. */
export async function onThisComputer(kind: string, count: number): Promise<number> {
  const server = spawn('python3', [PROGRAM, 'server', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<string>((resolve) => {
      createInterface(server.stdout).once('line', (line) => resolve(line.split(' ')[1] ?? ''));
    });
    const client = spawn('python3', [PROGRAM, kind, '127.0.0.1', port, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const moments: number[] = [];
    createInterface(client.stdout).on('line', () => moments.push(performance.now()));
    await new Promise((ended) => client.once('close', ended));
    const [begin = Number.NaN, end = Number.NaN] = moments;
    return (end - begin) / 1000;
  } finally {
    server.kill();
  }
}
