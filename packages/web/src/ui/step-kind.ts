import { create } from 'zustand';
import type { StepKind } from '../protocol.ts';

/** How far a step goes, as chosen in the toolbar. */
export const useStepKind = create<{ readonly kind: StepKind; setKind(kind: StepKind): void }>()((set) => ({
  kind: 'frame',
  setKind: (kind) => set({ kind }),
}));
