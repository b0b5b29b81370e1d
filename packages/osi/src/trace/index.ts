/**
 * What happened and why: event types, causes, and the record that all of it goes to.
 *
 * Promise: each event names the event that caused it. Needs the clock of a `Simulation`.
 */
export type * from './events.ts';
export { KERN_INFO, KERN_WARNING, KernelLog, type KernelMessage } from './kernel-log.ts';
export { TraceRecord } from './record.ts';
export { TracedTimed, TracedTimer, Tracer } from './tracer.ts';
export { ERRNO, type ErrnoName, errnoMessage, errnoName } from './errno.ts';
export {
  framesOfLine,
  isRepeated,
  lineOf,
  type SourceLine,
  type WhyRole,
  type WhyStep,
  whyOf,
} from './why.ts';
