/** Why a run ended: nothing was left to happen, the time asked for, Ctrl-C, too much was recorded. */
export type Ending = 'idle' | 'until' | 'interrupted' | 'event-limit';
