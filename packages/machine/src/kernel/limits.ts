import { ERRNO } from '@netarium/osi/trace';
import { SIGNALS } from './constants.ts';

/** Resources that a process has limits of, by their numbers on x86-64 (asm-generic/resource.h). */
export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;

/** RLIM64_INFINITY (linux/resource.h): no limit. */
export const RLIM_INFINITY = 2n ** 64n - 1n;

/** Tasks, that is processes and threads, that a machine has at most (kernel.threads-max). */
export const THREADS_MAX = 1024;
/** The most that a limit of open files may be raised to, by root (fs.nr_open). */
const NR_OPEN = 1_048_576n;

const SECOND = 1e9;
const KIBIBYTE = 1024n;
const MEBIBYTE = 1024n * KIBIBYTE;

/** A limit as getrlimit(2) tells it. The soft one holds; a process may raise it up to the hard one. */
export interface ResourceLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

interface Limit extends ResourceLimit {
  /** The soft one as a number: Infinity where there is none. */
  readonly most: number;
}

const limit = (soft: bigint, hard = soft): Limit => ({
  soft,
  hard,
  most: soft === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(soft),
});

/**
 * What the first process has, in the order of the numbers: Linux's INIT_RLIMITS (asm-generic/resource.h), where a user may
 * have half of the machine's tasks. Memory is the one that differs, Linux sets no limit to it: several processes have to fit
 * into a page of a browser, and the limit can be raised.
 */
const INITIAL: readonly Limit[] = [
  limit(RLIM_INFINITY),
  limit(RLIM_INFINITY),
  limit(RLIM_INFINITY),
  limit(8n * MEBIBYTE, RLIM_INFINITY),
  limit(0n, RLIM_INFINITY),
  limit(RLIM_INFINITY),
  limit(BigInt(THREADS_MAX / 2)),
  limit(1024n, 4096n),
  limit(8n * MEBIBYTE),
  limit(512n * MEBIBYTE, RLIM_INFINITY),
  limit(RLIM_INFINITY),
  limit(BigInt(THREADS_MAX / 2)),
  limit(819_200n),
  limit(0n),
  limit(0n),
  limit(RLIM_INFINITY),
];

/** The limits of one process (getrlimit(2)); a child begins with its parent's. */
export class ResourceLimits {
  #limits: readonly Limit[];

  constructor(parent: ResourceLimits | null) {
    this.#limits = parent === null ? INITIAL : parent.#limits;
  }

  /** All of them, in the order of their numbers. */
  get all(): readonly ResourceLimit[] {
    return this.#limits;
  }

  get(resource: number): ResourceLimit | undefined {
    return this.#limits[resource];
  }

  /** The soft limit, Infinity where there is none. */
  most(resource: number): number {
    return this.#limits[resource]?.most ?? Number.POSITIVE_INFINITY;
  }

  /** What comes to a process that has used so much time, in nanoseconds: SIGXCPU, SIGKILL, or 0. The next is due a second later. */
  cpuSignal(used: number): number {
    const limits = this.#limits[RLIMIT.CPU];
    if (limits === undefined || used < limits.most * SECOND) return 0;
    if (used >= Number(limits.hard) * SECOND) return SIGNALS.SIGKILL;
    this.#limits = this.#limits.with(RLIMIT.CPU, limit(limits.soft + 1n, limits.hard));
    return SIGNALS.SIGXCPU;
  }

  /** @param privileged whether the hard limit may be raised (CAP_SYS_RESOURCE). @returns -EINVAL, -EPERM (`do_prlimit`). */
  set(resource: number, { soft, hard }: ResourceLimit, privileged: boolean): number {
    const before = this.#limits[resource];
    if (before === undefined || soft > hard) return -ERRNO.EINVAL;
    if (resource === RLIMIT.NOFILE && hard > NR_OPEN) return -ERRNO.EPERM;
    if (hard > before.hard && !privileged) return -ERRNO.EPERM;
    this.#limits = this.#limits.with(resource, limit(soft, hard));
    return 0;
  }
}
