/** A change of a machine's files. Paths are absolute and normal: no `.`, `..` or double slash. */
export type FileChange =
  | { readonly op: 'write'; readonly path: string; readonly data: Uint8Array; readonly mode: number }
  /** From byte `at` on, the file has `data` in it: the rest of what it was stays. */
  | { readonly op: 'patch'; readonly path: string; readonly at: number; readonly data: Uint8Array }
  | { readonly op: 'mkdir'; readonly path: string; readonly mode: number }
  /** The name of a socket appears (bind(2)): the kernel's to make. */
  | { readonly op: 'socket'; readonly path: string; readonly mode: number }
  | { readonly op: 'unlink'; readonly path: string }
  | { readonly op: 'rmdir'; readonly path: string }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number };
