import { ERRNO } from '@netarium/osi/trace';
import type { FileSystem } from '../files/file-system.ts';
import { Directory, MAY_EXECUTE, RegularFile, type User } from '../files/inode.ts';
import { absolute, basename } from '../files/paths.ts';
import type { Program } from '../program.ts';

/** Where programs are looked for when nobody says otherwise. */
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

interface Request {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
}

interface Found {
  readonly program: Program;
  /** With the interpreter in front when the file is a script. */
  readonly argv: readonly string[];
}

/**
 * Finds what to run (execve(2), execvp(3)): a name without a slash is searched on PATH; a script names its
 * interpreter in its first line, `#!/usr/bin/env` searches PATH again.
 *
 * @returns -ENOENT, -EACCES (no right to, or a directory), -ENOEXEC (no program and no script), -ELOOP.
 */
export function findProgram(files: FileSystem, path: string, request: Request, depth = 0): Found | number {
  // Linux follows five interpreters (fs/exec.c, BINPRM).
  if (depth > 5) return -ERRNO.ELOOP;
  if (path === '') return -ERRNO.ENOENT;
  if (!path.includes('/')) return searched(files, path, request, depth);
  const file = files.find(absolute(path, request.cwd), request.user);
  if (typeof file === 'number') return file;
  if (file instanceof Directory || !file.permits(request.user, MAY_EXECUTE)) return -ERRNO.EACCES;
  if (!(file instanceof RegularFile)) return -ERRNO.EACCES;
  if (file.program !== null) return { program: file.program, argv: request.argv };
  const line = /^#!\s*(\S+)(?:[ \t]+(.*?))?\s*$/m.exec(new TextDecoder().decode(file.data.subarray(0, 256)));
  if (line === null || line.index !== 0) return -ERRNO.ENOEXEC;
  const [, interpreter = '', argument] = line;
  const rest = [path, ...request.argv.slice(1)];
  if (interpreter === '/usr/bin/env' && argument !== undefined) {
    const name = argument.replace(/^-S\s*/, '').split(/\s+/);
    return findProgram(files, name[0] ?? '', { ...request, argv: [...name, ...rest] }, depth + 1);
  }
  const argv = [basename(interpreter), ...(argument === undefined ? [] : [argument]), ...rest];
  return findProgram(files, interpreter, { ...request, argv }, depth + 1);
}

function searched(files: FileSystem, name: string, request: Request, depth: number): Found | number {
  let error: number = -ERRNO.ENOENT;
  for (const directory of (request.env.PATH ?? DEFAULT_PATH).split(':')) {
    const found = findProgram(files, `${directory === '' ? '.' : directory}/${name}`, request, depth);
    if (typeof found !== 'number') return found;
    // A file that may not be run is only the answer when no other directory has one that may.
    if (found !== -ERRNO.ENOENT && found !== -ERRNO.ENOTDIR) error = found;
  }
  return error;
}
