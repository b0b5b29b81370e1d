import { useMemo } from 'react';
import type { Moment } from '../model/moment.ts';
import { useGlass } from '../store.ts';

/** The state at the moment that is looked at. */
export function useMoment(): { readonly moment: Moment; readonly version: number } {
  const model = useGlass((state) => state.model);
  const version = useGlass((state) => state.version);
  const view = useGlass((state) => state.view);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model grows in place; `version` tells
  const moment = useMemo(() => (view === null ? model.now : model.at(view)), [model, version, view]);
  return { moment, version };
}
