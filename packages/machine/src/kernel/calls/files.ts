import { ERRNO } from '@netarium/osi/trace';
import { Directory, MAY_EXECUTE } from '../../files/inode.ts';
import { absolute } from '../../files/paths.ts';
import { O_ACCMODE, O_APPEND, O_CLOEXEC, O_NONBLOCK, SIGNALS } from '../constants.ts';
import type { Call, Family } from '../kernel.ts';

const { EBADF, EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR } = ERRNO;
/** Rights that new files do not get (umask(2)): those of others to write. */
const UMASK = 0o022;
/** PATH_MAX (limits.h). */
const PATH_MAX = 4096;

/** The system calls about files and directories. */
export const fileCalls: Family<
  | 'open'
  | 'lseek'
  | 'ftruncate'
  | 'stat'
  | 'fstat'
  | 'getdents'
  | 'mkdir'
  | 'rmdir'
  | 'unlink'
  | 'chmod'
  | 'readlink'
  | 'rename'
  | 'chdir'
  | 'getcwd'
> = {
  open(call, path, flags, mode) {
    const { kernel, process } = call;
    return at(call, path, (name) => {
      const opened = kernel.files.open(name, flags, mode & ~UMASK, process.user, process.pid);
      if (typeof opened === 'number') return opened;
      opened.flags = flags & (O_ACCMODE | O_APPEND | O_NONBLOCK);
      return process.descriptors.add(opened, (flags & O_CLOEXEC) !== 0);
    });
  },

  lseek: ({ process }, fd, offset, whence) => process.descriptors.get(fd)?.seek(offset, whence) ?? -EBADF,
  ftruncate(call, fd, length) {
    const file = call.process.descriptors.get(fd);
    if (file === undefined) return -EBADF;
    const result = file.truncate(length, call.by(fd));
    if (result === -ERRNO.EFBIG) call.kernel.signal(call.process, SIGNALS.SIGXFSZ);
    return result;
  },
  stat: (call, path) => at(call, path, (name) => call.kernel.files.status(name, call.process.user)),
  fstat: ({ process }, fd) => process.descriptors.get(fd)?.status() ?? -EBADF,
  getdents: ({ process }, fd) => process.descriptors.get(fd)?.list() ?? -EBADF,

  mkdir: (call, path, mode) =>
    at(call, path, (name) =>
      call.kernel.files.mkdir(name, mode & ~UMASK, call.process.user, call.process.pid),
    ),
  rmdir: (call, path) =>
    at(call, path, (name) => call.kernel.files.rmdir(name, call.process.user, call.process.pid)),
  unlink: (call, path) =>
    at(call, path, (name) => call.kernel.files.unlink(name, call.process.user, call.process.pid)),
  chmod: (call, path, mode) =>
    at(call, path, (name) => call.kernel.files.chmod(name, mode, call.process.user, call.process.pid)),
  rename: (call, from, to) =>
    at(call, from, (source) =>
      at(call, to, (target) => call.kernel.files.rename(source, target, call.process.user, call.process.pid)),
    ),

  readlink(call, path) {
    return at(call, path, (name) => {
      const fd = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(name);
      if (fd !== null) {
        return call.kernel.processes.get(Number(fd[1]))?.descriptors.get(Number(fd[2]))?.link ?? -ENOENT;
      }
      const inode = call.kernel.files.find(name, call.process.user);
      return typeof inode === 'number' ? inode : -EINVAL;
    });
  },

  chdir(call, path) {
    return at(call, path, (name) => {
      const inode = call.kernel.files.find(name, call.process.user);
      if (typeof inode === 'number') return inode;
      if (!(inode instanceof Directory)) return -ENOTDIR;
      if (!inode.permits(call.process.user, MAY_EXECUTE)) return -ERRNO.EACCES;
      call.process.cwd = name;
      return 0;
    });
  },

  getcwd: ({ process }) => process.cwd,
};

/** Does something with the file that a path means for this process. */
function at<R>({ process }: Call, path: string, work: (absolutePath: string) => R): R | number {
  if (path === '') return -ENOENT;
  if (path.length >= PATH_MAX) return -ENAMETOOLONG;
  // Whoever looks is meant by it (proc(5)).
  return work(absolute(path, process.cwd).replace(/^\/proc\/self(?=\/|$)/, `/proc/${process.pid}`));
}
