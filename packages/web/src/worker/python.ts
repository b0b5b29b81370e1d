import type { Program } from '@netarium/machine';

export interface Python {
  readonly programs: Readonly<Record<string, Program>>;
}
type State = 'preparing' | 'ready' | 'unsupported' | 'failed';
export function preparePython(tell: (state: State, message?: string) => void): Python {
  tell('ready');
  return { programs: {} };
}
