import type {
  ControlMessage,
  ExtendedError,
  PacketAddress,
  SocketAddress,
  UnspecifiedAddress,
} from '@netarium/osi/5-session';
import type { SourceLocation } from '@netarium/osi/trace';
import type { ResourceLimit } from './kernel/limits.ts';
import type { Termios, WindowSize } from './termios.ts';

export type { ResourceLimit } from './kernel/limits.ts';
export type { Termios, WindowSize } from './termios.ts';

/**
 * The system call table: what a program can ask of its machine, and nothing else.
 *
 * Names, arguments and results are Linux's (section 2 of its manual), except that a buffer to fill is a length
 * in the arguments and the bytes in the result, and a struct is an object. Results < 0 are negated errno numbers.
 * Everything that crosses is structured-cloneable: the table works the same over a MessagePort.
 */
export interface SystemCalls {
  // sockets: addresses are those of the session layer
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: SocketAddress | PacketAddress | UnixAddress): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, flags: number): number | { fd: number; address: SocketAddress | UnixAddress };
  connect(fd: number, address: SocketAddress | UnspecifiedAddress | UnixAddress): number;
  sendto(
    fd: number,
    data: Uint8Array,
    flags: number,
    address: SocketAddress | PacketAddress | UnixAddress | null,
  ): number;
  /**
   * @param rights descriptors that go along, to a socket of AF_UNIX (SCM_RIGHTS).
   * @param controls other control messages: of a socket that speaks IP how far a packet goes, and of what class it is.
   */
  sendmsg(
    fd: number,
    data: Uint8Array,
    flags: number,
    address: SocketAddress | PacketAddress | UnixAddress | null,
    rights: readonly (number | ReplicaFile)[],
    controls?: readonly ControlMessage[],
  ): number;
  /** Descriptors that come along are closed. */
  recvfrom(fd: number, length: number, flags: number): number | ReceivedMessage;
  /** @param room how many descriptors may come along. */
  recvmsg(fd: number, length: number, flags: number, room: number): number | ReceivedMessage;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number): number | SocketAddress | UnixAddress | PacketAddress;
  getpeername(fd: number): number | SocketAddress | UnixAddress;
  /** The option's value as the bytes a C program gets, at most `length`, little-endian. */
  getsockopt(fd: number, level: number, name: number, length: number): number | Uint8Array;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;

  /** Two sockets of AF_UNIX that are connected to each other. */
  socketpair(domain: number, type: number, protocol: number): number | { first: number; second: number };

  // descriptors
  /** @returns the bytes read; empty at the end. */
  read(fd: number, length: number): number | Uint8Array;
  write(fd: number, data: Uint8Array): number;
  close(fd: number): number;
  /** @param timeout nanoseconds; negative waits for ever. @returns revents for each entry, all 0 after the timeout. */
  poll(fds: readonly PollEntry[], timeout: number): number | number[];
  epoll_create1(flags: number): number;
  /** @param operation 1 EPOLL_CTL_ADD, 2 _DEL, 3 _MOD. The data that is reported is the descriptor. */
  epoll_ctl(epfd: number, operation: number, fd: number, events: number): number;
  /** @param most how many to report. @param timeout nanoseconds; negative waits for ever. */
  epoll_wait(epfd: number, most: number, timeout: number): number | PollEntry[];
  pipe2(flags: number): number | { read: number; write: number };
  dup(fd: number): number;
  dup2(fd: number, to: number): number;
  fcntl(fd: number, command: number, argument: number): number;

  /**
   * Of a terminal: ioctl_tty(2) by Linux's request numbers: TCGETS, TCSETS, TCSETSW, TCSETSF, TCFLSH, TIOCGWINSZ, TIOCSWINSZ,
   * TIOCGPGRP, TIOCSPGRP, FIONREAD. @returns -ENOTTY for everything else.
   */
  ioctl(fd: number, request: number, argument?: Termios | WindowSize | number): number | Termios | WindowSize;

  // files
  open(path: string, flags: number, mode: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  ftruncate(fd: number, length: number): number;
  stat(path: string): number | FileStatus;
  fstat(fd: number): number | FileStatus;
  /** Names in a directory, sorted, without `.` and `..`. */
  getdents(fd: number): number | DirectoryEntry[];
  mkdir(path: string, mode: number): number;
  rmdir(path: string): number;
  unlink(path: string): number;
  chmod(path: string, mode: number): number;
  /** What a link points to; there are links in `/proc` only. @returns -EINVAL for what is no link. */
  readlink(path: string): number | string;
  rename(from: string, to: string): number;
  chdir(path: string): number;
  getcwd(): number | string;

  // processes and signals
  getpid(): number;
  getppid(): number;
  getuid(): number;
  kill(pid: number, signal: number): number;
  /**
   * Chooses what a signal does. `handler`: the program is told (`ProcessEvents.signal`); a TypeScript `Main` sees the
   * call it waits in, or the next one that has to wait, return -EINTR.
   */
  rt_sigaction(signal: number, disposition: 'default' | 'ignore' | 'handler'): number;
  /** Starts a program (posix_spawn(3)): searched on PATH when `path` has no slash. `stdio`: the child's 0, 1, 2. @returns its pid. */
  spawn(path: string, argv: readonly string[], options?: SpawnOptions): number;
  /** The process becomes another program's: the one that called ends without a word. Searched on PATH when `path` has no slash. */
  execve(
    path: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    options?: Pick<SpawnOptions, 'cwd' | 'descriptors'>,
  ): number;
  /** Waits for a child; -1 for any. `options` 1 is WNOHANG. */
  wait4(pid: number, options: number): number | { pid: number; status: number };
  /** One more thread of this process (clone(2) as pthread_create(3) uses it). @returns its id; -EAGAIN at the limit. */
  clone(): number;
  /** A thread other than the main one has ended. */
  exit(status: number): number;
  /**
   * Waits at an address until someone wakes it, or wakes at most `value` threads of this process that wait there:
   * `operation` 128 (FUTEX_WAIT_PRIVATE), 129 (FUTEX_WAKE_PRIVATE). What stands at the address the process looks at.
   * @param timeout nanoseconds; negative waits for ever. @returns 0 or how many were woken, -ETIMEDOUT.
   */
  futex(address: number, operation: number, value: number, timeout: number): number;
  /** Lets the others run. @param used nanoseconds for which the thread has computed: that time passes now. */
  sched_yield(used: number): number;
  /** Never returns. */
  exit_group(status: number): number;

  // what a process may use
  /**
   * Of a process, 0 for the caller, what it may use of a resource (RLIMIT_NOFILE 7 …); `limit` is what it may from now on, null
   * leaves that as it is. 2^64 - 1 is no limit. @returns what it was.
   */
  prlimit64(pid: number, resource: number, limit: ResourceLimit | null): number | ResourceLimit;
  /** @param who RUSAGE_SELF 0, RUSAGE_CHILDREN -1: those that were waited for. */
  getrusage(who: number): number | ResourceUsage;

  // time and chance
  /** @param clock 0 CLOCK_REALTIME, 1 CLOCK_MONOTONIC. @returns nanoseconds. */
  clock_gettime(clock: number): number;
  /**
   * A SIGALRM after `value` nanoseconds and after every `interval` from then on, 0 for none; `which` 0 is ITIMER_REAL, the
   * only one there is. @returns what was set before.
   */
  setitimer(which: number, value: number, interval: number): number | { value: number; interval: number };
  getitimer(which: number): number | { value: number; interval: number };
  /** @param duration nanoseconds. */
  nanosleep(duration: number): number;
  getrandom(length: number): number | Uint8Array;

  // the machine
  uname(): number | { sysname: string; nodename: string; release: string; version: string; machine: string };
  sysctl(name: string, value?: number): number;
  /** Requests of rtnetlink(7) and the `tcp_metrics` family as objects: what `ip` speaks. */
  netlink(request: NetlinkRequest): number | NetlinkAnswer[];
  /**
   * Follow what a process calls (ptrace(2) as `strace -p` uses it): waits for the next system calls of `pid`, in
   * strace's format, a line each; a call that waits is shown as `… <unfinished ...>` and later as `<... resumed>`.
   * The first call attaches and returns without lines. @returns -ESRCH once the process has ended and all is told, -EPERM.
   */
  ptrace(pid: number): number | { lines: TracedCall[] };
}

/** What a process has used, in nanoseconds. */
export interface ResourceUsage {
  /** Computing. */
  readonly userTime: number;
  /** In system calls. */
  readonly systemTime: number;
}

/** A line of what a process does, as strace writes it; which thread it was, and which line of the person's program. */
export interface TracedCall {
  readonly text: string;
  readonly tid: number;
  readonly where?: SourceLocation;
}

export type SystemCallName = keyof SystemCalls;
export type SystemCallArguments<N extends SystemCallName> = Parameters<SystemCalls[N]>;
export type SystemCallResult<N extends SystemCallName> = ReturnType<SystemCalls[N]>;

export interface ReceivedMessage {
  /** What fits into `length`. */
  readonly data: Uint8Array;
  readonly address: SocketAddress | UnixAddress | null;
  /** A datagram was longer than `length` (MSG_TRUNC). */
  readonly truncated: boolean;
  /** The datagram's whole length: what recvfrom(2) returns when it is called with MSG_TRUNC. */
  readonly whole: number;
  /** The packet's time to live, where the socket asked for it (IP_RECVTTL). */
  readonly ttl?: number;
  /** Its type of service, or traffic class (IP_RECVTOS, IPV6_RECVTCLASS). */
  readonly trafficClass?: number;
  /** Where it was sent to, and the number of the interface it came in by (IP_PKTINFO, IPV6_RECVPKTINFO). */
  readonly packetInfo?: { readonly address: string; readonly interface: number };
  /** The options of its IPv4 header (IP_RECVOPTS), and those that an answer would bear (IP_RETOPTS). */
  readonly options?: Uint8Array;
  readonly returnOptions?: Uint8Array;
  /** Its IPv6 extension headers, as control messages (IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR). */
  readonly extensions?: readonly ControlMessage[];
  /** Instead of a datagram: how much the path to `address` takes, in bytes (IPV6_RECVPATHMTU). */
  readonly pathMtu?: number;
  /** Of a packet socket, instead of `address`: where the frame came from. */
  readonly packet?: PacketAddress;
  /** What recvmsg(2) has in `msg_flags` beside MSG_TRUNC. */
  readonly flags?: number;
  /** Descriptors that came along (SCM_RIGHTS). */
  readonly rights?: readonly (ReceivedDescriptor | ReplicaFile)[];
  /** With MSG_ERRQUEUE: what became of a sent packet (IP_RECVERR). */
  readonly error?: ExtendedError;
}

/**
 * AF_UNIX: a path, empty for a socket that has no name; one of the abstract namespace begins with NUL and then has
 * a character for each byte (unix(7)).
 */
export interface UnixAddress {
  readonly family: 1;
  readonly path: string;
}

/** A descriptor that came along, and what it is: type and permissions as fstat(2) gives them, flags as F_GETFL does. */
export interface ReceivedDescriptor {
  readonly fd: number;
  readonly mode: number;
  readonly flags: number;
  /** Of a socket. */
  readonly domain: number;
  readonly type: number;
}

/** A file that a process has open in its replica, where the kernel has no descriptor for it, on its way to another. */
export interface ReplicaFile {
  /** For the process that sent it: which of its open files that is. */
  readonly key: string;
  /** For others: what to open, with which flags of open(2), and where to go on reading. */
  readonly path: string;
  readonly flags: number;
  readonly position: number;
}

export interface PollEntry {
  readonly fd: number;
  /** POLLIN 1, POLLPRI 2, POLLOUT 4, POLLERR 8, POLLHUP 16, POLLNVAL 32, POLLRDHUP 0x2000 (poll(2)). */
  readonly events: number;
}

export interface FileStatus {
  readonly ino: number;
  /** Type and permission bits: S_IFREG 0o100000, S_IFDIR 0o040000, S_IFIFO, S_IFSOCK, S_IFCHR. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Nanoseconds of the machine's CLOCK_REALTIME. */
  readonly mtime: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly mode: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdio?: readonly [number, number, number];
  /** Instead of `stdio`: all that it has open, the caller's number and its own of each. */
  readonly descriptors?: readonly (readonly [from: number, to: number])[];
}

export type NetlinkRequest =
  | { readonly type: 'getlink' | 'getaddr' | 'getmaddr' | 'getroute' | 'getneigh' | 'gettcpmetrics' }
  /** Of IPv6 alone. */
  | { readonly type: 'getaddr6' | 'getmaddr6' | 'getroute6' | 'getneigh6' }
  | {
      readonly type: 'setlink';
      readonly name: string;
      readonly up?: boolean;
      readonly mtu?: number;
      readonly receiveOffload?: boolean;
    }
  | { readonly type: 'deladdr'; readonly interface: string; readonly prefix: string }
  | {
      readonly type: 'newaddr';
      readonly interface: string;
      readonly prefix: string;
      /** Of IPv4 alone: a broadcast address, or `+` for the one that the prefix has; RT_SCOPE_* of rtnetlink(7); a label. */
      readonly broadcast?: string;
      readonly scope?: number;
      readonly label?: string;
    }
  | {
      readonly type: 'newroute' | 'delroute';
      /** `10.1.0.0/16`, `2001:db8::/32` or `default`. */
      readonly destination: string;
      readonly via?: string;
      readonly interface?: string;
      readonly metric?: number;
    }
  | { readonly type: 'delneigh'; readonly interface: string; readonly address: string }
  /** Of one address, or of all. */
  | { readonly type: 'deltcpmetrics'; readonly address?: string };

export type NetlinkAnswer =
  | {
      readonly type: 'link';
      readonly index: number;
      readonly name: string;
      readonly mtu: number;
      readonly mac: string;
      readonly up: boolean;
      readonly carrier: boolean;
      readonly loopback: boolean;
      /** What of it is left to the cable or taken together: segmentation offload, generic receive offload. */
      readonly offload: boolean;
      readonly receiveOffload: boolean;
      readonly statistics: {
        readonly rxPackets: number;
        readonly rxBytes: number;
        readonly rxErrors: number;
        readonly rxDropped: number;
        readonly rxMulticast: number;
        readonly txPackets: number;
        readonly txBytes: number;
        readonly txDropped: number;
      };
    }
  | {
      readonly type: 'addr';
      readonly interface: string;
      readonly prefix: string;
      /** The broadcast address that somebody has told. */
      readonly broadcast: string | null;
      /** RT_SCOPE_* of rtnetlink(7). */
      readonly scope: number;
      /** Another address of its network was there before (IFA_F_SECONDARY). */
      readonly secondary: boolean;
      readonly label: string;
    }
  | {
      /** A group that an interface is in. */
      readonly type: 'maddr';
      readonly interface: string;
      readonly index: number;
      readonly address: string;
      /** Of its frames; null on loopback, and for what stays on the interface. */
      readonly mac: string | null;
      /** How many sockets are in it. */
      readonly users: number;
    }
  | {
      readonly type: 'route';
      readonly destination: string;
      readonly via: string | null;
      readonly interface: string;
      readonly metric: number;
      readonly source: string | null;
      /** How it came about: `kernel` for the network of an address, `boot` or `static` by a person (ip-route(8)). */
      readonly protocol: 'kernel' | 'boot' | 'static' | 'dhcp';
    }
  | {
      readonly type: 'addr6';
      readonly interface: string;
      readonly index: number;
      readonly address: string;
      /** Of the network's prefix. */
      readonly length: number;
      readonly scope: 'host' | 'link' | 'site' | 'global';
      /** IFA_F_* of linux/if_addr.h. */
      readonly flags: number;
      /** Seconds for which it stays ours, and may be chosen for new conversations; null for ever. */
      readonly valid: number | null;
      readonly preferred: number | null;
    }
  | {
      readonly type: 'route6';
      readonly destination: string;
      readonly via: string | null;
      readonly interface: string;
      readonly metric: number;
      readonly protocol: 'kernel' | 'boot' | 'static' | 'ra';
      /** Seconds that are left; null for ever. */
      readonly expires: number | null;
    }
  | {
      readonly type: 'neigh';
      readonly interface: string;
      readonly address: string;
      readonly mac: string | null;
      readonly state: string;
    }
  | {
      /** What TCP remembers of a destination for one of our addresses. */
      readonly type: 'tcpmetrics';
      readonly destination: string;
      readonly source: string;
      /** Nanoseconds since it was learned, and since a SYN with data was lost. */
      readonly age: number;
      readonly sinceSynDrop: number;
      readonly synDrops: number;
      /** 0 when it is not known. */
      readonly mss: number;
      /** Of Fast Open, in hexadecimal digits. */
      readonly cookie: string | null;
    };
