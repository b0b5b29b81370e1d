import type { FileChange } from '@netarium/machine';
import type { Emscripten, Node } from './emscripten.ts';
import type { FileSizes } from './limits.ts';

const O_WRONLY = 1;
const PERMISSIONS = 0o7777;
const S_IFSOCK = 0o140000;
/** What belongs to the interpreter, not to the machine. */
const OWN = /^\/(?:lib|dev|proc|home\/pyodide|tmp\/?$)(?:\/|$)/;

/**
 * The process's replica of its machine's files: reading is local, and each change goes to the kernel in the order
 * in which it was made, before any system call that comes after it.
 */
export class Replica {
  readonly #python: Emscripten;
  readonly #sizes: FileSizes;
  readonly #changes: FileChange[] = [];
  /** Files written to since they were last handed over, in the order of the first write: from which byte on. */
  readonly #written = new Map<Node, number>();
  #applying = false;

  /** @param sizes how large files may become. */
  constructor(python: Emscripten, sizes: FileSizes) {
    this.#python = python;
    this.#sizes = sizes;
    this.#watch();
  }

  /** Takes over changes that others made. */
  apply(changes: readonly FileChange[]): void {
    this.#applying = true;
    try {
      for (const change of changes) this.#apply(change);
    } finally {
      this.#applying = false;
    }
  }

  /** @returns what the process changed since it was asked last. */
  drain(): FileChange[] {
    this.#collectWritten();
    return this.#changes.splice(0);
  }

  #apply(change: FileChange): void {
    const { FS } = this.#python;
    switch (change.op) {
      case 'write': {
        FS.mkdirTree(change.path.slice(0, change.path.lastIndexOf('/')) || '/');
        FS.writeFile(change.path, change.data);
        FS.chmod(change.path, change.mode & PERMISSIONS);
        break;
      }
      case 'patch': {
        if (!this.#exists(change.path)) break;
        const stream = FS.open(change.path, O_WRONLY);
        FS.write(stream, change.data, 0, change.data.length, change.at);
        FS.close(stream);
        break;
      }
      case 'mkdir':
        FS.mkdirTree(change.path);
        FS.chmod(change.path, change.mode & PERMISSIONS);
        break;
      case 'socket':
        // In Emscripten's file system in memory a node of this type can do nothing: it only is there.
        if (!this.#exists(change.path)) {
          const node = FS.mknod(change.path, S_IFSOCK | (change.mode & PERMISSIONS), 0);
          const { getattr, setattr } = this.#python.MEMFS.ops_table.file.node;
          node.node_ops = { getattr, setattr };
        }
        break;
      case 'unlink':
        if (this.#exists(change.path)) FS.unlink(change.path);
        break;
      case 'rmdir':
        if (this.#exists(change.path)) FS.rmdir(change.path);
        break;
      case 'rename':
        if (this.#exists(change.from)) FS.rename(change.from, change.to);
        break;
      case 'chmod':
        if (this.#exists(change.path)) FS.chmod(change.path, change.mode & PERMISSIONS);
    }
  }

  #exists(path: string): boolean {
    return this.#python.FS.analyzePath(path).exists;
  }

  #record(change: FileChange): void {
    this.#collectWritten();
    this.#changes.push(change);
  }

  #collectWritten(): void {
    for (const [node, at] of this.#written) {
      const [path, data] = [this.#path(node), contents(node, at)];
      const whole = { op: 'write', path, data, mode: node.mode & PERMISSIONS } as const;
      this.#changes.push(at === 0 ? whole : { op: 'patch', path, at, data });
    }
    this.#written.clear();
  }

  #path(node: Node): string {
    return this.#python.FS.getPath(node);
  }

  /** Whether a change of a path is the machine's business. */
  #concerns(path: string): boolean {
    return !this.#applying && !OWN.test(path);
  }

  /** @param at the first byte that is not what it was. */
  #markWritten(node: Node, at = 0): void {
    if (!this.#python.FS.isFile(node.mode) || !this.#concerns(this.#path(node))) return;
    this.#written.set(node, Math.min(at, this.#written.get(node) ?? at));
  }

  /** Puts itself between Emscripten's file system and its operations on files in memory. */
  #watch(): void {
    const { FS, MEMFS } = this.#python;
    const directory = MEMFS.ops_table.dir.node;
    const file = MEMFS.ops_table.file;
    const { mknod, rename, unlink, rmdir, setattr } = directory;
    const child = (parent: Node, name: string) => `${this.#path(parent)}/${name}`.replace('//', '/');

    directory.mknod = (parent, name, mode, device) => {
      const node = mknod(parent, name, mode, device);
      if (FS.isFile(mode)) this.#markWritten(node);
      else if (FS.isDir(mode) && this.#concerns(child(parent, name)))
        this.#record({ op: 'mkdir', path: child(parent, name), mode: mode & PERMISSIONS });
      return node;
    };
    directory.rename = (node, newParent, newName) => {
      const from = this.#path(node);
      const to = child(newParent, newName);
      this.#collectWritten();
      rename(node, newParent, newName);
      if (this.#concerns(from) && this.#concerns(to)) this.#record({ op: 'rename', from, to });
    };
    directory.unlink = (parent, name) => {
      this.#collectWritten();
      unlink(parent, name);
      if (this.#concerns(child(parent, name))) this.#record({ op: 'unlink', path: child(parent, name) });
    };
    directory.rmdir = (parent, name) => {
      rmdir(parent, name);
      if (this.#concerns(child(parent, name))) this.#record({ op: 'rmdir', path: child(parent, name) });
    };
    const changed = (node: Node, attributes: { size?: number; mode?: number }) => {
      if (attributes.size !== undefined && !this.#applying) this.#sizes.check(attributes.size);
      setattr(node, attributes);
      if (attributes.size !== undefined) this.#markWritten(node);
      else if (attributes.mode !== undefined && this.#concerns(this.#path(node)))
        this.#record({ op: 'chmod', path: this.#path(node), mode: node.mode & PERMISSIONS });
    };
    directory.setattr = changed;
    (file.node as { setattr: typeof changed }).setattr = changed;
    const { write } = file.stream;
    file.stream.write = (stream, buffer, offset, length, position, canOwn) => {
      const fitting = this.#applying ? length : this.#sizes.fitting(position, length);
      const at = Math.min(position, stream.node.usedBytes);
      const written = write?.(stream, buffer, offset, fitting, position, canOwn) ?? 0;
      this.#markWritten(stream.node, at);
      return written;
    };
  }
}

/** A copy of what a file has in it from a byte on; Emscripten keeps it in any kind of array of bytes. */
function contents(node: Node, from: number): Uint8Array {
  if (!ArrayBuffer.isView(node.contents)) return new Uint8Array();
  const { buffer, byteOffset } = node.contents;
  return new Uint8Array(buffer, byteOffset, node.usedBytes).slice(from);
}
