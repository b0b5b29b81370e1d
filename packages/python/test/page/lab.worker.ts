import { pythonProgram } from '../../src/browser/index.ts';
import { exchange } from './exchange.ts';
import { session } from './session.ts';

async function main(): Promise<void> {
  const begin = performance.now();
  const python = pythonProgram({ assets: new URL('/python/', location.href), warm: 2 });
  await python.ready;
  const started = performance.now();
  const result = await exchange(python);
  const ended = performance.now();
  const wider = await session(python);
  python.close();
  const [cold, run] = [Math.round(started - begin), Math.round(ended - started)];
  postMessage({ isolated: crossOriginIsolated, cold, run, result, session: wider });
}

main().catch((error: unknown) => postMessage({ error: String(error) }));
