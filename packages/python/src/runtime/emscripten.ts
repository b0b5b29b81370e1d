import type { NeededExport } from '../shim/imports.ts';

/** What we use of Emscripten's JavaScript around the CPython binary (`pyodide.asm.mjs`, pinned exactly). */

export interface Emscripten {
  readonly FS: FileSystem;
  readonly MEMFS: { readonly ops_table: MemoryOperations };
  readonly SOCKFS: { readonly root: Node };
  /** Emscripten's error numbers by name. */
  readonly ERRNO_CODES: Readonly<Record<string, number>>;
  readonly HEAPU8: Uint8Array;
  readonly HEAP16: Int16Array;
  readonly HEAP32: Int32Array;
  readonly HEAPU32: Uint32Array;
  UTF8ToString(pointer: number): string;
  stringToNewUTF8(text: string): number;
  stringToUTF8(text: string, pointer: number, size: number): number;
  _free(pointer: number): void;
  _captureThreadState(): number;
  _restoreThreadState(state: number): void;
  /** What a failed call into JavaScript returns. */
  readonly error: unknown;
  stackStop: number;
  readonly suspenderGlobal: { value: unknown };
  readonly validSuspender: { value: boolean };
}

export interface Node {
  name: string;
  mode: number;
  mount: unknown;
  parent: Node;
  contents?: ArrayBufferView | Record<string, Node> | null;
  usedBytes: number;
  /** Set on the nodes of descriptors that the kernel keeps. */
  kernel?: KernelFile;
  node_ops: unknown;
  stream_ops: StreamOperations;
}

/** An open file description of the kernel: descriptors made by `dup` share it. */
export interface KernelFile {
  readonly fd: number;
  readonly kind: 'socket' | 'terminal' | 'device' | 'file' | 'pipe' | 'epoll';
  /** Of a socket: AF_INET 2, AF_UNIX 1. */
  readonly domain: number;
  /** SOCK_STREAM 1, SOCK_DGRAM 2. */
  readonly type: number;
  references: number;
}

export interface Stream {
  readonly fd: number;
  readonly node: Node;
  flags: number;
  readonly path: string;
  readonly tty?: unknown;
  /** FD_CLOEXEC, which Emscripten does not know. */
  closeOnExec?: boolean;
  position: number;
  readonly stream_ops: StreamOperations;
}

interface StreamOperations {
  read?(stream: Stream, buffer: Uint8Array, offset: number, length: number, position: number): number;
  write?(
    stream: Stream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    canOwn?: boolean,
  ): number;
  poll?(stream: Stream, timeout: number): number;
  close?(stream: Stream): void;
  dup?(stream: Stream): void;
  ioctl?(stream: Stream, request: number, argument: number): number;
  [operation: string]: unknown;
}

interface NodeOperations {
  mknod(parent: Node, name: string, mode: number, device: number): Node;
  rename(node: Node, directory: Node, name: string): void;
  unlink(parent: Node, name: string): void;
  rmdir(parent: Node, name: string): void;
  symlink(parent: Node, name: string, target: string): Node;
  setattr(node: Node, attributes: { size?: number; mode?: number }): void;
}

interface MemoryOperations {
  readonly dir: { readonly node: NodeOperations };
  readonly file: {
    readonly node: Pick<NodeOperations, 'setattr'> & { readonly getattr: unknown };
    readonly stream: StreamOperations;
  };
}

interface FileSystem {
  readonly ErrnoError: new (errno: number) => Error & { errno: number };
  readonly streams: (Stream | null | undefined)[];
  mknod(path: string, mode: number, device: number): Node;
  cwd(): string;
  open(path: string, flags: number): Stream;
  write(stream: Stream, buffer: Uint8Array, offset: number, length: number, position: number): number;
  dupStream(stream: Stream): Stream;
  getStream(fd: number): Stream | null | undefined;
  nextfd: () => number;
  readonly MAX_OPEN_FDS: number;
  createStream(stream: object, fd?: number): Stream;
  closeStream(fd: number): void;
  close(stream: Stream): void;
  createNode(parent: Node, name: string, mode: number, device: number): Node;
  getPath(node: Node): string;
  isDir(mode: number): boolean;
  isFile(mode: number): boolean;
  analyzePath(path: string): { readonly exists: boolean; readonly object: Node | null };
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array | string, options?: { mode?: number; canOwn?: boolean }): void;
  mkdir(path: string, mode?: number): void;
  mkdirTree(path: string, mode?: number): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  rename(from: string, to: string): void;
  chmod(path: string, mode: number): void;
  chdir(path: string): void;
}

/** The functions the binary exports: numbers are values, pointers, or objects by their addresses. */
export type Exports = Readonly<Record<NeededExport, (...values: number[]) => number>> & {
  /** Address of the number that CPython counts down to 0 before it looks for signals. */
  readonly _Py_emscripten_signal_clock: WebAssembly.Global;
  readonly __indirect_function_table: WebAssembly.Table;
};

/** The import object of the binary. */
export type Imports = Record<string, Record<string, unknown>>;
