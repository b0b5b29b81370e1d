import type { Program } from '@netarium/machine';
import { pythonProgram } from '@netarium/python/browser';

/** How many interpreters to keep started: as many as the programs of an ordinary lab, so that a run begins at once. */
const WARM = 2;

export type PythonState = 'preparing' | 'ready' | 'unsupported' | 'failed';

/**
 * The programs that labs may run besides the machines' own commands. Begins to load CPython at once.
 * @param assets address of the folder with CPython's files. @param tell told what comes of it.
 */
export function preparePython(
  assets: string,
  tell: (state: PythonState, message?: string) => void,
): Readonly<Record<string, Program>> {
  const python = pythonProgram({ assets, warm: WARM });
  if (!('promising' in WebAssembly)) {
    tell('unsupported');
  } else {
    tell('preparing');
    python.ready.then(
      () => tell('ready'),
      (error: unknown) => tell('failed', error instanceof Error ? error.message : String(error)),
    );
  }
  return { python3: python, python };
}
