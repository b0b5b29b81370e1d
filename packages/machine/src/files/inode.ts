import { S_IFCHR, S_IFDIR, S_IFREG } from '../kernel/constants.ts';
import type { OpenFile } from '../kernel/open-file.ts';
import type { Program } from '../program.ts';
import type { FileStatus } from '../system-calls.ts';

/** Who asks: root (uid 0) may do everything. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

export const ROOT: User = { uid: 0, gid: 0 };

export const MAY_READ = 4;
export const MAY_WRITE = 2;
export const MAY_EXECUTE = 1;

/** What every inode has. Without hard links an inode has one name in one directory. */
export abstract class Inode {
  readonly ino: number;
  /** Type and permissions. */
  mode: number;
  uid: number;
  gid: number;
  mtime = 0;
  parent: Directory | null = null;
  name = '';

  constructor(ino: number, mode: number, owner: User) {
    this.ino = ino;
    this.mode = mode;
    this.uid = owner.uid;
    this.gid = owner.gid;
  }

  get size(): number {
    return 0;
  }

  get path(): string {
    if (this.parent === null) return this.name === '' ? '/' : `${this.name} (deleted)`;
    const above = this.parent.path;
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  /** Whether `user` may do what `bits` say (path_resolution(7)). */
  permits(user: User, bits: number): boolean {
    if (user.uid === 0)
      return (bits & MAY_EXECUTE) === 0 || this instanceof Directory || (this.mode & 0o111) !== 0;
    const shift = user.uid === this.uid ? 6 : user.gid === this.gid ? 3 : 0;
    return ((this.mode >> shift) & bits) === bits;
  }

  status(): FileStatus {
    const { ino, mode, uid, gid, size, mtime } = this;
    return { ino, mode, uid, gid, size, mtime };
  }
}

/** A directory: names for inodes. */
export class Directory extends Inode {
  readonly #entries = new Map<string, Inode>();

  constructor(ino: number, permissions: number, owner: User) {
    super(ino, S_IFDIR | permissions, owner);
  }

  override get size(): number {
    return 4096;
  }

  get(name: string): Inode | undefined {
    return this.#entries.get(name);
  }

  /** In the order of code units, as `getdents` gives them here. */
  names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  put(name: string, inode: Inode): void {
    inode.parent = this;
    inode.name = name;
    this.#entries.set(name, inode);
  }

  delete(name: string): void {
    const inode = this.#entries.get(name);
    if (inode !== undefined) inode.parent = null;
    this.#entries.delete(name);
  }
}

/** Text that comes to the end of a file, and is put there when somebody looks: most machines' files are never read. */
export interface LateText {
  /** What has come since this was asked last. */
  take(): string;
}

const encoder = new TextEncoder();

/** A file with bytes. An executable that is no script has its program here. */
export class RegularFile extends Inode {
  program: Program | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;
  #late: LateText | null = null;

  constructor(ino: number, permissions: number, owner: User) {
    super(ino, S_IFREG | permissions, owner);
  }

  override get size(): number {
    this.#catchUp();
    return this.#size;
  }

  /** From now on the file has what comes of `text` behind what it has. */
  follow(text: LateText): void {
    this.#catchUp();
    this.#late = text;
  }

  #catchUp(): void {
    const text = this.#late?.take() ?? '';
    if (text !== '') this.#put(encoder.encode(text), this.#size);
  }

  /** The content; a view that the next write may change. */
  get data(): Uint8Array {
    this.#catchUp();
    return this.#bytes.subarray(0, this.#size);
  }

  /** Replaces the content by a copy of `data`. */
  set data(data: Uint8Array) {
    // What would have come before is gone with the rest.
    this.#late?.take();
    this.#bytes = data.slice();
    this.#size = data.length;
  }

  /** Writes at `offset`; a gap before it is zeros. */
  write(data: Uint8Array, offset: number): void {
    this.#catchUp();
    this.#put(data, offset);
  }

  #put(data: Uint8Array, offset: number): void {
    this.#reserve(offset + data.length);
    this.#bytes.set(data, offset);
    this.#size = Math.max(this.#size, offset + data.length);
  }

  truncate(length: number): void {
    this.#catchUp();
    this.#reserve(length);
    if (length < this.#size) this.#bytes.fill(0, length, this.#size);
    this.#size = length;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}

/** Something that is made when it is opened: a device, or a file of `/proc`. */
export class SpecialFile extends Inode {
  readonly open: (flags: number, user: User, pid: number) => OpenFile | number;

  constructor(
    ino: number,
    mode: number,
    owner: User,
    open: (flags: number, user: User, pid: number) => OpenFile | number,
  ) {
    super(ino, (mode & ~0o7777) === 0 ? S_IFCHR | mode : mode, owner);
    this.open = open;
  }
}

/** A directory whose entries are made when they are asked for: `/proc`. */
export class LiveDirectory extends Directory {
  readonly #find: (name: string) => Inode | undefined;
  readonly #list: () => string[];

  constructor(
    ino: number,
    permissions: number,
    owner: User,
    find: (name: string) => Inode | undefined,
    list: () => string[],
  ) {
    super(ino, permissions, owner);
    this.#find = find;
    this.#list = list;
  }

  override get(name: string): Inode | undefined {
    const fixed = super.get(name);
    if (fixed !== undefined) return fixed;
    const found = this.#find(name);
    if (found !== undefined) {
      found.parent = this;
      found.name = name;
    }
    return found;
  }

  override names(): string[] {
    return [...new Set([...this.#list(), ...super.names()])].sort();
  }
}
