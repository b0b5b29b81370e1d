/**
 * A computer you can log in to: kernel, files, processes, terminals, commands.
 *
 * Promise: a program sees its machine through the system call table and nothing else, each call behaves as on Linux,
 * and everything is recorded. The same seed runs the same way, whatever the programs are written in. Needs a stack
 * below, and someone who drives simulation and scheduler in turn.
 */
export {
  Computer,
  type ComputerOptions,
  DEFAULT_EPOCH,
  type ProcessInfo,
  SpawnError,
  type SpawnSettings,
  STUDENT,
} from './computer.ts';
export type { FileChange } from './files/changes.ts';
export { FileSystem } from './files/file-system.ts';
export { ROOT, type User } from './files/inode.ts';
export type { Network } from './kernel/network.ts';
export type { OutputLimit } from './kernel/terminal-log.ts';
export { Machine, type MachineOptions, type NetworkSettings, type PortOptions } from './machine.ts';
export type { AsyncSystemCalls, Main, ProcessEvents, Program, RunningProcess } from './program.ts';
export { Scheduler, type Watchdog } from './scheduler.ts';
export type * from './system-calls.ts';
export { Terminal } from './terminal.ts';
export { typescriptProgram } from './typescript-program.ts';
export { splitWords } from './words.ts';
