import { ERRNO } from '@netarium/osi/trace';
import { O_ACCMODE, O_CREAT, O_DIRECTORY, O_EXCL, O_TRUNC, O_WRONLY } from '../kernel/constants.ts';
import type { OpenFile } from '../kernel/open-file.ts';
import type { Program } from '../program.ts';
import type { FileStatus } from '../system-calls.ts';
import {
  Directory,
  type Inode,
  type LateText,
  LiveDirectory,
  MAY_EXECUTE,
  MAY_READ,
  MAY_WRITE,
  RegularFile,
  ROOT,
  SpecialFile,
  type User,
} from './inode.ts';
import { Journal } from './journal.ts';
import { OpenDirectory, OpenRegularFile } from './open.ts';
import { split } from './paths.ts';

const encoder = new TextEncoder();

/**
 * The files of one machine, in memory: directories, files with modes and owners, devices and the live files
 * of `/proc`. No links. Paths are absolute and normal (`absolute`); results < 0 are negated errno numbers.
 */
export class FileSystem {
  readonly root: Directory;
  readonly journal = new Journal();
  #clock: () => number;
  #furnish: ((files: FileSystem) => void) | null;
  readonly #made: number;
  #inodes = 1;

  /**
   * @param clock CLOCK_REALTIME in nanoseconds: what modification times are taken from.
   * @param furnish puts there what is there from the start. Called when somebody first looks: most machines of a
   * large network never do.
   */
  constructor(clock: () => number, furnish: ((files: FileSystem) => void) | null = null) {
    this.#clock = clock;
    this.#furnish = furnish;
    this.#made = clock();
    this.root = this.#stamped(new Directory(this.nextInode(), 0o755, ROOT));
  }

  nextInode(): number {
    return this.#inodes++;
  }

  /** Finds an inode, with the right to search every directory on the way. */
  find(path: string, user: User = ROOT): Inode | number {
    this.#begin();
    let at: Inode = this.root;
    if (path === '/') return at;
    for (const name of path.slice(1).split('/')) {
      if (!(at instanceof Directory)) return -ERRNO.ENOTDIR;
      if (!at.permits(user, MAY_EXECUTE)) return -ERRNO.EACCES;
      if (name.length > 255) return -ERRNO.ENAMETOOLONG;
      const next = at.get(name);
      if (next === undefined) return -ERRNO.ENOENT;
      at = next;
    }
    return at;
  }

  status(path: string, user: User = ROOT): FileStatus | number {
    const inode = this.find(path, user);
    return typeof inode === 'number' ? inode : inode.status();
  }

  /** Opens a file as open(2) does. @param pid who opens it, for devices and the journal. */
  open(path: string, flags: number, mode: number, user: User, pid: number): OpenFile | number {
    const inode = this.find(path, user);
    if (inode === -ERRNO.ENOENT && (flags & O_CREAT) !== 0) {
      const created = this.#create(path, mode & 0o777, user, pid);
      if (typeof created === 'number') return created;
      return new OpenRegularFile(created, flags, this, pid);
    }
    if (typeof inode === 'number') return inode;
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -ERRNO.EEXIST;
    const access = flags & O_ACCMODE;
    const wanted = (access === O_WRONLY ? 0 : MAY_READ) | (access === 0 ? 0 : MAY_WRITE);
    if (inode instanceof Directory) {
      if (access !== 0 || (flags & O_CREAT) !== 0) return -ERRNO.EISDIR;
      return inode.permits(user, MAY_READ) ? new OpenDirectory(inode, flags) : -ERRNO.EACCES;
    }
    if ((flags & O_DIRECTORY) !== 0) return -ERRNO.ENOTDIR;
    if (!inode.permits(user, wanted)) return -ERRNO.EACCES;
    if (inode instanceof SpecialFile) return inode.open(flags, user, pid);
    // A socket is connected to, not opened (open(2)).
    if (!(inode instanceof RegularFile)) return -ERRNO.ENXIO;
    if ((flags & O_TRUNC) !== 0 && access !== 0) this.truncate(inode, 0, pid);
    return new OpenRegularFile(inode, flags, this, pid);
  }

  /** Writes into a file's bytes at an offset. */
  write(file: RegularFile, data: Uint8Array, offset: number, pid: number): void {
    const from = Math.min(offset, file.size);
    file.write(data, offset);
    this.#wrote(file, pid, from);
  }

  truncate(file: RegularFile, length: number, pid: number): void {
    file.truncate(length);
    this.#wrote(file, pid);
  }

  mkdir(path: string, permissions: number, user: User = ROOT, pid = 0): number {
    const place = this.#placeFor(path, user);
    if (typeof place === 'number') return place;
    const { parent, name } = place;
    if (parent.get(name) !== undefined) return -ERRNO.EEXIST;
    parent.put(name, this.#stamped(new Directory(this.nextInode(), permissions & 0o1777, user)));
    this.journal.note({ op: 'mkdir', path, mode: permissions & 0o1777 }, pid);
    this.#stamped(parent);
    return 0;
  }

  /** Puts an inode of another kind under a name that is free: a socket's (mknod(2)). */
  makeNode(path: string, make: (ino: number) => Inode, user: User): number {
    const place = this.#placeFor(path, user);
    if (typeof place === 'number') return place;
    if (place.parent.get(place.name) !== undefined) return -ERRNO.EEXIST;
    const inode = this.#stamped(make(this.nextInode()));
    place.parent.put(place.name, inode);
    this.#stamped(place.parent);
    // No process made it in its replica: all are told.
    this.journal.note({ op: 'socket', path, mode: inode.mode & 0o7777 }, 0);
    return 0;
  }

  rmdir(path: string, user: User = ROOT, pid = 0): number {
    if (path === '/') return -ERRNO.EBUSY;
    const inode = this.find(path, user);
    if (typeof inode === 'number') return inode;
    if (!(inode instanceof Directory)) return -ERRNO.ENOTDIR;
    const place = this.#placeFor(path, user);
    if (typeof place === 'number') return place;
    if (inode.names().length > 0) return -ERRNO.ENOTEMPTY;
    place.parent.delete(place.name);
    this.#stamped(place.parent);
    this.journal.note({ op: 'rmdir', path }, pid);
    return 0;
  }

  unlink(path: string, user: User = ROOT, pid = 0): number {
    const inode = this.find(path, user);
    if (typeof inode === 'number') return inode;
    if (inode instanceof Directory) return -ERRNO.EISDIR;
    const place = this.#placeFor(path, user);
    if (typeof place === 'number') return place;
    this.journal.fix();
    place.parent.delete(place.name);
    this.#stamped(place.parent);
    this.journal.note({ op: 'unlink', path }, pid);
    return 0;
  }

  rename(from: string, to: string, user: User = ROOT, pid = 0): number {
    const inode = this.find(from, user);
    if (typeof inode === 'number') return inode;
    if (from === to) return 0;
    if (to.startsWith(`${from}/`)) return -ERRNO.EINVAL;
    const source = this.#placeFor(from, user);
    const target = this.#placeFor(to, user);
    if (typeof source === 'number') return source;
    if (typeof target === 'number') return target;
    this.journal.fix();
    const there = target.parent.get(target.name);
    if (there !== undefined) {
      if (there instanceof Directory) {
        if (!(inode instanceof Directory)) return -ERRNO.EISDIR;
        if (there.names().length > 0) return -ERRNO.ENOTEMPTY;
      } else if (inode instanceof Directory) return -ERRNO.ENOTDIR;
      target.parent.delete(target.name);
    }
    source.parent.delete(source.name);
    target.parent.put(target.name, inode);
    this.#stamped(source.parent);
    this.#stamped(target.parent);
    this.journal.note({ op: 'rename', from, to }, pid);
    return 0;
  }

  /** Only the owner and root may (chmod(2)). */
  chmod(path: string, permissions: number, user: User = ROOT, pid = 0): number {
    const inode = this.find(path, user);
    if (typeof inode === 'number') return inode;
    if (user.uid !== 0 && user.uid !== inode.uid) return -ERRNO.EPERM;
    inode.mode = (inode.mode & ~0o7777) | (permissions & 0o7777);
    this.journal.note({ op: 'chmod', path, mode: permissions & 0o7777 }, pid);
    return 0;
  }

  /** Puts a file there, with the directories that are missing; for those who set up a machine. */
  put(
    path: string,
    content: string | Uint8Array,
    options: { mode?: number; owner?: User; pid?: number } = {},
  ): RegularFile {
    const owner = options.owner ?? ROOT;
    this.makeDirectories(split(path).directory, owner);
    const before = this.find(path);
    const file =
      before instanceof RegularFile
        ? before
        : this.#create(path, options.mode ?? 0o644, ROOT, options.pid ?? 0);
    if (typeof file === 'number') throw new Error(`${path} cannot be written: something else is there`);
    file.uid = owner.uid;
    file.gid = owner.gid;
    if (options.mode !== undefined) file.mode = (file.mode & ~0o7777) | options.mode;
    file.data = typeof content === 'string' ? encoder.encode(content) : content;
    this.#wrote(file, options.pid ?? 0);
    return file;
  }

  /** Has a file grow by what comes of `text`. @returns to be called when something has come. @throws Error when there is no such file. */
  follow(path: string, text: LateText): () => void {
    const file = this.find(path);
    if (!(file instanceof RegularFile)) throw new Error(`${path} is no file`);
    file.follow(text);
    return () => this.#wrote(file, 0);
  }

  /** `mkdir -p`. */
  makeDirectories(path: string, owner: User = ROOT): void {
    if (path === '/' || typeof this.find(path) !== 'number') return;
    this.makeDirectories(split(path).directory, owner);
    this.mkdir(path, 0o755);
    const made = this.find(path);
    if (typeof made === 'number') return;
    made.uid = owner.uid;
    made.gid = owner.gid;
  }

  /** The content of a regular file as it is now. @returns undefined when there is none. */
  content(path: string): Uint8Array | undefined {
    const inode = this.find(path);
    return inode instanceof RegularFile ? inode.data.slice() : undefined;
  }

  /** Puts an executable there whose process `program` brings to life. */
  install(path: string, program: Program): void {
    this.put(path, '#!netarium-program\n', { mode: 0o755 }).program = program;
  }

  /** Hangs an inode of another kind (a device, a live directory) into a directory that is there. */
  mount(path: string, inode: Inode): void {
    const { directory, name } = split(path);
    this.makeDirectories(directory);
    const parent = this.find(directory);
    if (parent instanceof Directory) parent.put(name, this.#stamped(inode));
  }

  #begin(): void {
    const furnish = this.#furnish;
    if (furnish === null) return;
    this.#furnish = null;
    const clock = this.#clock;
    this.#clock = () => this.#made;
    furnish(this);
    this.#clock = clock;
  }

  #create(path: string, permissions: number, user: User, pid: number): RegularFile | number {
    const place = this.#placeFor(path, user);
    if (typeof place === 'number') return place;
    const file = new RegularFile(this.nextInode(), permissions, user);
    place.parent.put(place.name, file);
    this.#stamped(place.parent);
    this.#wrote(file, pid);
    return file;
  }

  #placeFor(path: string, user: User): { parent: Directory; name: string } | number {
    const { directory, name } = split(path);
    if (name === '') return -ERRNO.EEXIST;
    if (name.length > 255) return -ERRNO.ENAMETOOLONG;
    const parent = this.find(directory, user);
    if (typeof parent === 'number') return parent;
    if (!(parent instanceof Directory)) return -ERRNO.ENOTDIR;
    if (parent instanceof LiveDirectory) return -ERRNO.EPERM;
    return parent.permits(user, MAY_WRITE | MAY_EXECUTE) ? { parent, name } : -ERRNO.EACCES;
  }

  /** @param from the first byte that has changed. */
  #wrote(file: RegularFile, pid: number, from = 0): void {
    this.#stamped(file);
    this.journal.wrote(file, pid, from);
  }

  #stamped<T extends Inode>(inode: T): T {
    inode.mtime = this.#clock();
    return inode;
  }
}
