import { useEffect } from 'react';
import { pauseLab, restart, runLab, stepLab } from '../connection.ts';
import { clearSelection, moveSelection } from '../selection.ts';
import { useGlass } from '../store.ts';
import { useStepKind } from './step-kind.ts';

/** Keys that work wherever nothing else wants them: not while a person writes code, types on a terminal or chooses. */
export function useShortcuts(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (
        target.closest('input, select, textarea, [contenteditable="true"], .xterm, [role="slider"]') !== null
      )
        return;
      const action = ACTIONS[event.key];
      // A button in focus is pressed with the space bar, as everywhere.
      if (action === undefined || (event.key === ' ' && target.closest('button, a, [role="tab"]') !== null))
        return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  ' ': () => (useGlass.getState().phase === 'running' ? pauseLab() : runLab()),
  '.': () => stepLab(useStepKind.getState().kind),
  ArrowDown: () => moveSelection(1),
  ArrowRight: () => moveSelection(1),
  ArrowUp: () => moveSelection(-1),
  ArrowLeft: () => moveSelection(-1),
  r: restart,
  R: restart,
  Escape: clearSelection,
};
