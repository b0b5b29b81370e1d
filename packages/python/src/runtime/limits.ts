import type { ResourceLimit } from '@netarium/machine';
import type { Emscripten } from './emscripten.ts';
import type { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type HandlerContext, type Outcome } from './hooks.ts';
import { readI32, writeI64 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

/** Resources of getrlimit(2). */
const RLIMIT = { CPU: 0, FSIZE: 1, DATA: 2, NOFILE: 7, AS: 9 } as const;
const RLIM_INFINITY = 2n ** 64n - 1n;
const SIGXCPU = 24;
const SIGKILL = 9;
const SECOND = 1e9;
/** Bytes of the largest file there can be, as on the machine itself. */
const LARGEST_FILE = 512 * 1024 * 1024;

/** What the process may use, as far as its kernel cannot see to that: memory, files of the replica, time. */
export class Limits {
  #limits: readonly ResourceLimit[];
  /** When the next SIGXCPU is due, in nanoseconds of the process's time. */
  #due = 0;

  constructor(limits: readonly ResourceLimit[]) {
    this.#limits = limits;
    this.#reckon();
  }

  /** They are others now. */
  set(limits: readonly ResourceLimit[]): void {
    this.#limits = limits;
    this.#reckon();
  }

  setOne(resource: number, limit: ResourceLimit): void {
    this.set(this.#limits.with(resource, limit));
  }

  get descriptors(): number {
    return this.#most(RLIMIT.NOFILE);
  }

  /** Bytes. */
  get fileSize(): number {
    return Math.min(this.#most(RLIMIT.FSIZE), LARGEST_FILE);
  }

  /** Bytes. */
  get memory(): number {
    return Math.min(this.#most(RLIMIT.AS), this.#most(RLIMIT.DATA));
  }

  /** What comes to a process that has used so much time: SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one. */
  cpuSignal(used: number): number {
    if (used < this.#due) return 0;
    this.#due += SECOND;
    return used >= numberOf(this.#limits[RLIMIT.CPU]?.hard) * SECOND ? SIGKILL : SIGXCPU;
  }

  #reckon(): void {
    this.#due = this.#most(RLIMIT.CPU) * SECOND;
  }

  #most(resource: number): number {
    return numberOf(this.#limits[resource]?.soft);
  }
}

const numberOf = (limit: bigint | undefined): number =>
  limit === undefined || limit === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(limit);

/** Request numbers of our own, and where our Python code's array has what: see resource.py. */
const LIMIT = 0x4e540108;
const USAGE = 0x4e540109;
const LIMIT_FIELDS = { pid: 0, resource: 4, sets: 8, soft: 16, hard: 24 } as const;
const USAGE_FIELDS = { who: 0, user: 8, system: 16, memory: 24 } as const;
const RUSAGE_SELF = 0;

/**
 * prlimit(2) and getrusage(2), for our Python code.
 *
 * @param tellTime lets the kernel know what has been computed until now.
 * @returns what answers an ioctl request about them; undefined for other requests.
 */
export function limitRequests(
  { python, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
  limits: Limits,
  errors: ErrorNumbers,
  pid: number,
  tellTime: () => void,
): (request: number, pointer: number) => Outcome | undefined {
  const words = () => new DataView(python.HEAPU8.buffer);

  function limit(pointer: number): Outcome {
    const view = words();
    const target = readI32(python, pointer + LIMIT_FIELDS.pid);
    const resource = readI32(python, pointer + LIMIT_FIELDS.resource);
    const wanted =
      readI32(python, pointer + LIMIT_FIELDS.sets) === 0
        ? null
        : {
            soft: view.getBigUint64(pointer + LIMIT_FIELDS.soft, true),
            hard: view.getBigUint64(pointer + LIMIT_FIELDS.hard, true),
          };
    return calls.ask(thread(), 'prlimit64', [target, resource, wanted], (was) => {
      if (typeof was === 'number') return errors.result(was);
      if (wanted !== null && (target === 0 || target === pid)) limits.setOne(resource, wanted);
      words().setBigUint64(pointer + LIMIT_FIELDS.soft, was.soft, true);
      words().setBigUint64(pointer + LIMIT_FIELDS.hard, was.hard, true);
      return 0;
    });
  }

  function usage(pointer: number): Outcome {
    const who = readI32(python, pointer + USAGE_FIELDS.who);
    tellTime();
    return calls.ask(thread(), 'getrusage', [who], (used) => {
      if (typeof used === 'number') return errors.result(used);
      writeI64(python, pointer + USAGE_FIELDS.user, used.userTime);
      writeI64(python, pointer + USAGE_FIELDS.system, used.systemTime);
      writeI64(python, pointer + USAGE_FIELDS.memory, who < RUSAGE_SELF ? 0 : python.HEAPU8.length);
      return 0;
    });
  }

  return (request, pointer) => {
    if (request !== LIMIT && request !== USAGE) return undefined;
    if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
    return request === LIMIT ? limit(pointer) : usage(pointer);
  };
}

/** What a write to a file of the replica comes up against. */
export class FileSizes {
  readonly #python: Emscripten;
  readonly #limits: Limits;
  readonly #exceeded: () => void;

  /** @param exceeded sends SIGXFSZ. */
  constructor(python: Emscripten, limits: Limits, exceeded: () => void) {
    this.#python = python;
    this.#limits = limits;
    this.#exceeded = exceeded;
  }

  /** @returns how many bytes fit. @throws ErrnoError (EFBIG) where none does. */
  fitting(position: number, length: number): number {
    const room = this.#limits.fileSize - position;
    if (room <= 0 && length > 0) this.#refuse();
    return Math.min(length, room);
  }

  /** @throws ErrnoError (EFBIG) for a size that no file may have. */
  check(size: number): void {
    if (size > this.#limits.fileSize) this.#refuse();
  }

  #refuse(): never {
    this.#exceeded();
    throw new this.#python.FS.ErrnoError(this.#python.ERRNO_CODES.EFBIG ?? 0);
  }
}
