import { ERRNO } from '@netarium/osi/trace';
import type { OpenFile } from './open-file.ts';

interface Descriptor {
  readonly file: OpenFile;
  closeOnExec: boolean;
}

/** A process's file descriptors: small numbers for open files. The lowest free number is taken (open(2)). */
export class DescriptorTable {
  readonly #descriptors: (Descriptor | undefined)[] = [];
  readonly #limit: () => number;

  /** @param limit the first number that may not be taken (RLIMIT_NOFILE). */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get(fd: number): OpenFile | undefined {
    return this.#descriptors[fd]?.file;
  }

  /** Whether no number below the limit is free. */
  get full(): boolean {
    return this.#lowestFree(0) >= this.#limit();
  }

  /** Takes the lowest free number, `from` or above. @returns -EMFILE when there is none below the limit. */
  add(file: OpenFile, closeOnExec = false, from = 0): number {
    const fd = this.#lowestFree(from);
    if (fd >= this.#limit()) return -ERRNO.EMFILE;
    return this.put(fd, file, closeOnExec);
  }

  /** Makes `fd` refer to `file`, whatever the limit is; what it referred to before is closed. */
  put(fd: number, file: OpenFile, closeOnExec = false): number {
    file.hold();
    const before = this.#descriptors[fd];
    this.#descriptors[fd] = { file, closeOnExec };
    before?.file.release();
    return fd;
  }

  close(fd: number): number {
    const descriptor = this.#descriptors[fd];
    if (descriptor === undefined) return -ERRNO.EBADF;
    this.#descriptors[fd] = undefined;
    descriptor.file.release();
    return 0;
  }

  /** FD_CLOEXEC (fcntl(2)). @returns null for a number that is not open. */
  closeOnExec(fd: number, value?: boolean): boolean | null {
    const descriptor = this.#descriptors[fd];
    if (descriptor === undefined) return null;
    if (value !== undefined) descriptor.closeOnExec = value;
    return descriptor.closeOnExec;
  }

  *entries(): Iterable<[fd: number, file: OpenFile]> {
    for (let fd = 0; fd < this.#descriptors.length; fd++) {
      const descriptor = this.#descriptors[fd];
      if (descriptor !== undefined) yield [fd, descriptor.file];
    }
  }

  /** What is left for another program (execve(2)). */
  get kept(): [fd: number, file: OpenFile][] {
    return [...this.entries()].filter(([fd]) => this.#descriptors[fd]?.closeOnExec === false);
  }

  /** From now on it has these and no others. */
  replace(files: readonly (readonly [fd: number, file: OpenFile])[]): void {
    for (const [, file] of files) file.hold();
    this.closeAll();
    for (const [fd, file] of files) {
      this.put(fd, file);
      file.release();
    }
  }

  closeAll(): void {
    for (let fd = 0; fd < this.#descriptors.length; fd++) {
      if (this.#descriptors[fd] !== undefined) this.close(fd);
    }
  }

  #lowestFree(from: number): number {
    let fd = from;
    while (this.#descriptors[fd] !== undefined) fd++;
    return fd;
  }
}
