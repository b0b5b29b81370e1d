import { type ResourceLimit, RLIM_INFINITY } from '../limits.ts';

/** What `/proc/<pid>/limits` calls each resource, and what it is counted in (`lnames` in fs/proc/base.c). */
const NAMES: readonly (readonly [name: string, unit: string])[] = [
  ['Max cpu time', 'seconds'],
  ['Max file size', 'bytes'],
  ['Max data size', 'bytes'],
  ['Max stack size', 'bytes'],
  ['Max core file size', 'bytes'],
  ['Max resident set', 'bytes'],
  ['Max processes', 'processes'],
  ['Max open files', 'files'],
  ['Max locked memory', 'bytes'],
  ['Max address space', 'bytes'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'signals'],
  ['Max msgqueue size', 'bytes'],
  ['Max nice priority', ''],
  ['Max realtime priority', ''],
  ['Max realtime timeout', 'us'],
];

const line = (name: string, soft: string, hard: string, unit: string): string =>
  `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit === '' ? '' : unit.padEnd(10)}\n`;
const text = (value: bigint): string => (value === RLIM_INFINITY ? 'unlimited' : String(value));

/** The text of `/proc/<pid>/limits` (proc_pid_limits(5)). */
export const limitsText = (limits: readonly ResourceLimit[]): string =>
  line('Limit', 'Soft Limit', 'Hard Limit', 'Units') +
  NAMES.map(([name, unit], resource) => {
    const { soft, hard } = limits[resource] ?? { soft: 0n, hard: 0n };
    return line(name, text(soft), text(hard), unit);
  }).join('');
