import { ERRNO } from '@netarium/osi/trace';
import type { FileSystem } from '../../files/file-system.ts';
import { Inode, MAY_WRITE, type User } from '../../files/inode.ts';
import { absolute } from '../../files/paths.ts';
import type { UnixAddress } from '../../system-calls.ts';
import { AF_UNIX, S_IFSOCK } from '../constants.ts';
import type { UnixSocket } from './unix-socket.ts';

/** Rights that a new socket's name does not get (umask(2)). */
const UMASK = 0o022;
/** `sun_path`. */
const LONGEST = 108;

/** Who asks: names are looked up from its working directory, with its rights. */
interface Asker {
  readonly cwd: string;
  readonly user: User;
}

/** The name of a socket among the files. It outlives the socket. */
class SocketInode extends Inode {
  readonly socket: UnixSocket;

  constructor(ino: number, socket: UnixSocket, owner: User) {
    super(ino, S_IFSOCK | (0o777 & ~UMASK), owner);
    this.socket = socket;
  }
}

/** Which socket a name means: among the files, or in the abstract namespace, whose names begin with NUL (unix(7)). */
export class UnixNames {
  readonly #files: FileSystem;
  readonly #abstract = new Map<string, UnixSocket>();
  #automatic = 0;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** bind(2). An empty path asks for an abstract name of the kernel's choice. */
  bind(socket: UnixSocket, { path }: UnixAddress, { cwd, user }: Asker): number {
    if (path.length > LONGEST) return -ERRNO.EINVAL;
    if (socket.name !== null) return -ERRNO.EINVAL;
    if (path === '') path = this.#automaticName();
    if (path.startsWith('\0')) {
      const holder = this.#abstract.get(path);
      if (holder !== undefined && !holder.closed) return -ERRNO.EADDRINUSE;
      this.#abstract.set(path, socket);
    } else {
      const made = this.#files.makeNode(
        absolute(path, cwd),
        (ino) => new SocketInode(ino, socket, user),
        user,
      );
      if (made < 0) return made === -ERRNO.EEXIST ? -ERRNO.EADDRINUSE : made;
    }
    socket.name = { family: AF_UNIX, path };
    return 0;
  }

  /** @returns -ENOENT, -EACCES …; -ECONNREFUSED for what is no socket, or one that is gone. */
  find({ path }: UnixAddress, { cwd, user }: Asker): UnixSocket | number {
    if (path === '') return -ERRNO.EINVAL;
    if (path.startsWith('\0')) {
      const socket = this.#abstract.get(path);
      return socket === undefined || socket.closed ? -ERRNO.ECONNREFUSED : socket;
    }
    const inode = this.#files.find(absolute(path, cwd), user);
    if (typeof inode === 'number') return inode;
    if (!inode.permits(user, MAY_WRITE)) return -ERRNO.EACCES;
    return inode instanceof SocketInode && !inode.socket.closed ? inode.socket : -ERRNO.ECONNREFUSED;
  }

  /** The socket is gone: an abstract name is free again. */
  release({ name }: UnixSocket): void {
    if (name?.path.startsWith('\0')) this.#abstract.delete(name.path);
  }

  #automaticName(): string {
    let path: string;
    do {
      path = `\0${(this.#automatic++ & 0xfffff).toString(16).padStart(5, '0')}`;
    } while (this.#abstract.has(path));
    return path;
  }
}
