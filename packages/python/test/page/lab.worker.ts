import { pythonProgram } from '../../src/browser/index.ts';
import { exchange } from './exchange.ts';

async function main(): Promise<void> {
  const begin = performance.now();
  const python = pythonProgram({ assets: new URL('/python/', location.href), warm: 2 });
  await python.ready;
  const started = performance.now();
  const result = await exchange(python);
  const ended = performance.now();
  python.close();
  postMessage({ cold: Math.round(started - begin), run: Math.round(ended - started), result });
}

main().catch((error: unknown) => postMessage({ error: String(error) }));
