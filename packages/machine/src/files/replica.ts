import { ERRNO } from '@netarium/osi/trace';
import { O_CREAT, O_TRUNC, O_WRONLY, S_IFMT, S_IFSOCK } from '../kernel/constants.ts';
import type { Caller } from '../kernel/open-file.ts';
import type { FileChange } from './changes.ts';
import type { FileSystem } from './file-system.ts';
import { Directory, LiveDirectory, RegularFile, type User } from './inode.ts';

/** What a process does in its replica it has been let do: nothing limits the size of files any more. */
const changing = (pid: number): Caller => ({ pid, fd: -1, call: 0, fileSize: Number.POSITIVE_INFINITY });

/** lseek(2). */
const SEEK_SET = 0;

/** All files, as changes that build them up in an empty directory tree. Live and special files are left out. */
export function replicaOf(files: FileSystem): FileChange[] {
  const changes: FileChange[] = [];
  const walk = (directory: Directory): void => {
    for (const name of directory.names()) {
      const inode = directory.get(name);
      if (inode === undefined || inode instanceof LiveDirectory) continue;
      const path = inode.path;
      const mode = inode.mode & 0o7777;
      if (inode instanceof Directory) {
        changes.push({ op: 'mkdir', path, mode });
        walk(inode);
      } else if (inode instanceof RegularFile) {
        changes.push({ op: 'write', path, data: inode.data.slice(), mode });
      } else if ((inode.mode & S_IFMT) === S_IFSOCK) {
        changes.push({ op: 'socket', path, mode });
      }
    }
  };
  const root = files.find('/');
  if (root instanceof Directory) walk(root);
  return changes;
}

/** Takes changes that a process made in its replica; those it had no right to are left out. @returns the paths left out. */
export function applyChanges(
  files: FileSystem,
  changes: readonly FileChange[],
  user: User,
  pid: number,
): string[] {
  const refused: string[] = [];
  for (const change of changes) {
    if (applyChange(files, change, user, pid) < 0)
      refused.push(change.op === 'rename' ? change.from : change.path);
  }
  return refused;
}

function applyChange(files: FileSystem, change: FileChange, user: User, pid: number): number {
  switch (change.op) {
    case 'mkdir':
      return files.mkdir(change.path, change.mode, user, pid);
    case 'socket':
      return -ERRNO.EPERM;
    case 'rmdir':
      return files.rmdir(change.path, user, pid);
    case 'unlink':
      return files.unlink(change.path, user, pid);
    case 'rename':
      return files.rename(change.from, change.to, user, pid);
    case 'chmod':
      return files.chmod(change.path, change.mode, user, pid);
    case 'write': {
      const file = files.open(change.path, O_WRONLY | O_CREAT | O_TRUNC, change.mode, user, pid);
      return typeof file === 'number' ? file : file.write(change.data, changing(pid));
    }
    case 'patch': {
      const file = files.open(change.path, O_WRONLY, 0, user, pid);
      if (typeof file === 'number') return file;
      file.seek(change.at, SEEK_SET);
      return file.write(change.data, changing(pid));
    }
  }
}
