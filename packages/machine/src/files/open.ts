import { ERRNO } from '@netarium/osi/trace';
import { O_APPEND } from '../kernel/constants.ts';
import { type Caller, OpenFile } from '../kernel/open-file.ts';
import type { DirectoryEntry, FileStatus } from '../system-calls.ts';
import type { Directory, Inode, RegularFile } from './inode.ts';

/** Bytes of the largest file there can be: files are in memory (`s_maxbytes` of a file system). */
const LARGEST_FILE = 512 * 1024 * 1024;

/** What an open regular file needs to write. */
interface Writer {
  write(file: RegularFile, data: Uint8Array, offset: number, pid: number): void;
  truncate(file: RegularFile, length: number, pid: number): void;
}

/** A position in a file (lseek(2)). @param size where SEEK_END counts from. */
function seekTo(offset: number, whence: number, position: number, size: number): number {
  const from = [0, position, size][whence];
  if (from === undefined || from + offset < 0) return -ERRNO.EINVAL;
  return from + offset;
}

/** A regular file that is open, with its position. */
export class OpenRegularFile extends OpenFile {
  readonly #file: RegularFile;
  readonly #writer: Writer;
  readonly #pid: number;
  #position = 0;

  constructor(file: RegularFile, flags: number, writer: Writer, pid: number) {
    super(flags);
    this.#file = file;
    this.#writer = writer;
    this.#pid = pid;
  }

  get link(): string {
    return this.#file.path;
  }

  override read(length: number): Uint8Array {
    const data = this.#file.data.slice(this.#position, this.#position + length);
    this.#position += data.length;
    return data;
  }

  override write(data: Uint8Array, by: Caller): number {
    if ((this.flags & O_APPEND) !== 0) this.#position = this.#file.size;
    const room = Math.min(by.fileSize, LARGEST_FILE) - this.#position;
    if (room <= 0 && data.length > 0) return -ERRNO.EFBIG;
    const taken = data.subarray(0, room);
    this.#writer.write(this.#file, taken, this.#position, by.pid);
    this.#position += taken.length;
    return taken.length;
  }

  override seek(offset: number, whence: number): number {
    const position = seekTo(offset, whence, this.#position, this.#file.size);
    if (position >= 0) this.#position = position;
    return position;
  }

  override truncate(length: number, by: Caller): number {
    if (!this.mayWrite || length < 0) return -ERRNO.EINVAL;
    if (length > Math.min(by.fileSize, LARGEST_FILE)) return -ERRNO.EFBIG;
    this.#writer.truncate(this.#file, length, this.#pid);
    return 0;
  }

  override status(): FileStatus {
    return this.#file.status();
  }
}

export class OpenDirectory extends OpenFile {
  readonly directory: Directory;

  constructor(directory: Directory, flags: number) {
    super(flags);
    this.directory = directory;
  }

  get link(): string {
    return this.directory.path;
  }

  override read(): number {
    return -ERRNO.EISDIR;
  }

  override list(): DirectoryEntry[] {
    return this.directory.names().flatMap((name) => {
      const inode = this.directory.get(name);
      return inode === undefined ? [] : [{ name, mode: inode.mode }];
    });
  }

  override status(): FileStatus {
    return this.directory.status();
  }
}

/** A file of `/proc` that is open: its text is made when it is opened, or first read from its beginning again. */
export class OpenText extends OpenFile {
  readonly #inode: Inode;
  readonly #read: () => string;
  readonly #write: ((text: string) => number) | undefined;
  #text: Uint8Array | null = null;
  #position = 0;

  constructor(inode: Inode, flags: number, read: () => string, write?: (text: string) => number) {
    super(flags);
    this.#inode = inode;
    this.#read = read;
    this.#write = write;
  }

  get link(): string {
    return this.#inode.path;
  }

  override read(length: number): Uint8Array {
    if (this.#text === null || this.#position === 0) this.#text = new TextEncoder().encode(this.#read());
    const data = this.#text.slice(this.#position, this.#position + length);
    this.#position += data.length;
    return data;
  }

  override write(data: Uint8Array): number {
    const result = this.#write?.(new TextDecoder().decode(data)) ?? -ERRNO.EINVAL;
    return result < 0 ? result : data.length;
  }

  override seek(offset: number, whence: number): number {
    const position = seekTo(offset, whence, this.#position, 0);
    if (position >= 0) this.#position = position;
    return position;
  }

  override status(): FileStatus {
    return this.#inode.status();
  }
}
