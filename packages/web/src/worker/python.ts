import type { Program } from '@netarium/machine';
import { pythonProgram } from '@netarium/python/browser';

/** How many interpreters to keep started: as many as the programs of an ordinary lab, so that a run begins at once. */
const WARM = 2;

export interface Python {
  readonly programs: Readonly<Record<string, Program>>;
  /** Resolves when programs can start without waiting for CPython to be loaded, or when that has failed. */
  readonly prepared: Promise<void>;
}

export type PythonState = 'preparing' | 'ready' | 'unsupported' | 'failed';

/**
 * The programs that labs may run besides the machines' own commands. Begins to load CPython at once.
 * @param assets address of the folder with CPython's files. @param tell told what comes of it.
 */
export function preparePython(assets: string, tell: (state: PythonState, message?: string) => void): Python {
  const python = pythonProgram({ assets, warm: WARM });
  const able = 'promising' in WebAssembly;
  tell(able ? 'preparing' : 'unsupported');
  const prepared = python.ready.then(
    () => tell(able ? 'ready' : 'unsupported'),
    (error: unknown) => {
      if (able) tell('failed', error instanceof Error ? error.message : String(error));
    },
  );
  return { programs: { python3: python, python }, prepared };
}
