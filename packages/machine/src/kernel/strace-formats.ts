import type {
  ControlMessage,
  PacketAddress,
  SocketAddress,
  UnspecifiedAddress,
} from '@netarium/osi/5-session';
import { bytesOfText } from '../byte-names/index.ts';
import type {
  FileStatus,
  PollEntry,
  ReplicaFile,
  ResourceLimit,
  SystemCallArguments,
  SystemCallName,
  SystemCallResult,
  Termios,
  UnixAddress,
  WindowSize,
} from '../system-calls.ts';
import { FUTEX_WAKE_PRIVATE, SOCK_CLOEXEC, SOCK_NONBLOCK, signalName } from './constants.ts';
import { RLIM_INFINITY } from './limits.ts';
import {
  ACCESS_MODES,
  ADDRESS_FAMILIES,
  bits,
  CLOCKS,
  FCNTL_COMMANDS,
  FILE_TYPES,
  INPUT_MODES,
  IOCTL_REQUESTS,
  IP_PROTOCOLS,
  LOCAL_MODES,
  MESSAGE_FLAGS,
  named,
  OPEN_FLAGS,
  OPTION_LEVELS,
  OUTPUT_MODES,
  optionName,
  POLL_EVENTS,
  RESOURCE_NAMES,
  SEEK,
  SHUTDOWN,
  SOCKET_FLAGS,
  SOCKET_TYPES,
  TIMERS,
  USAGES,
} from './strace-names.ts';

/** How much of a string it shows (its option -s). */
const STRING_LIMIT = 32;
/** Stands for what a call has not given yet. */
const UNKNOWN = '…';

/** How strace writes one system call. */
export interface Format<N extends SystemCallName> {
  /** The arguments that are known when the call is made. */
  readonly call: (...args: SystemCallArguments<N>) => string;
  /** What follows them when it has returned. `result` is undefined before that. */
  readonly rest?: (result: SystemCallResult<N> | undefined, ...args: SystemCallArguments<N>) => string;
  /** What is said after the result, where it is no error. */
  readonly note?: (result: SystemCallResult<N>, ...args: SystemCallArguments<N>) => string;
  /** The result as a number, where it is none by itself. */
  readonly value?: (result: Exclude<SystemCallResult<N>, number>) => number;
}
type Formats = { readonly [N in SystemCallName]: Format<N> };

const decimal = (text: number): string => String(text);
const noArguments = (): string => '';
const list = (...parts: readonly string[]): string => parts.join(', ');

/** Bytes as a C string: `"hi\0\n"`, octal for what does not print, at most 32 of them. */
function quoted(data: Uint8Array, limit = STRING_LIMIT): string {
  let text = '';
  for (let i = 0; i < Math.min(data.length, limit); i++) {
    const byte = data[i] as number;
    const escaped = ESCAPES[byte];
    if (escaped !== undefined) text += escaped;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else {
      // As short as it can be without running into a digit that follows.
      const next = i + 1 < Math.min(data.length, limit) ? (data[i + 1] as number) : 0;
      const octal = byte.toString(8);
      text += `\\${next >= 0x30 && next <= 0x39 ? octal.padStart(3, '0') : octal}`;
    }
  }
  return `"${text}"${data.length > limit ? '...' : ''}`;
}

const ESCAPES: Record<number, string> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

const path = (text: string): string => quoted(bytesOfText(text), 4096);
const bytes = (data: Uint8Array | number | undefined): string =>
  data === undefined || typeof data === 'number' ? UNKNOWN : quoted(data);

function sockaddr(address: SocketAddress | PacketAddress | UnspecifiedAddress | UnixAddress): string {
  if (address.family === 1) return `{sa_family=AF_UNIX${unixName(address.path)}}`;
  if (address.family === 0)
    return '{sa_family=AF_UNSPEC, sa_data="\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"}';
  if (address.family === 17) {
    const { protocol, interface: index, hardwareType, packetType, address: mac } = address;
    const octets =
      mac === ''
        ? ''
        : `, sll_addr=[${mac
            .split(':')
            .map((octet) => `0x${octet}`)
            .join(', ')}]`;
    return `{sa_family=AF_PACKET, sll_protocol=htons(0x${protocol.toString(16).padStart(4, '0')}), sll_ifindex=${index}, sll_hatype=${hardwareType}, sll_pkttype=${packetType}, sll_halen=${mac === '' ? 0 : 6}${octets}}`;
  }
  if (address.family === 10) {
    const { address: text, port, flowInfo, scopeId } = address;
    return `{sa_family=AF_INET6, sin6_port=htons(${port}), sin6_flowinfo=htonl(${flowInfo}), inet_pton(AF_INET6, "${text}", &sin6_addr), sin6_scope_id=${scopeId}}`;
  }
  return `{sa_family=${named(ADDRESS_FAMILIES, address.family)}, sin_port=htons(${address.port}), sin_addr=inet_addr("${address.address}")}`;
}

/** `sun_path=@"name"` in the abstract namespace. */
function unixName(name: string): string {
  if (name === '') return '';
  return name.startsWith('\0') ? `, sun_path=@${path(name.slice(1))}` : `, sun_path=${path(name)}`;
}

/** What C gives as an address's length: of AF_UNIX the family and the path, with its NUL where it is a file's. */
function lengthOf(address: SocketAddress | PacketAddress | UnspecifiedAddress | UnixAddress): number {
  if (address.family === 1) {
    const { path } = address;
    return 2 + path.length + (path === '' || path.startsWith('\0') ? 0 : 1);
  }
  return SOCKADDR_SIZES[address.family];
}
const SOCKADDR_SIZES = { 0: 16, 2: 16, 10: 28, 17: 20 } as const;

const gotAddress = (
  address: SocketAddress | PacketAddress | UnixAddress | number | null | undefined,
): string =>
  address === null
    ? 'NULL, NULL'
    : typeof address === 'object'
      ? `${sockaddr(address)}, [${lengthOf(address)}]`
      : `${UNKNOWN}, [16]`;

/** `struct msghdr`, as far as it says something. */
function header(
  address: SocketAddress | PacketAddress | UnixAddress | null,
  data: string,
  length: number,
  rights: readonly string[],
  others: readonly string[] = [],
): string {
  const descriptors =
    rights.length === 0
      ? []
      : [`{cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${rights.join(', ')}]}`];
  const all = [...descriptors, ...others];
  const control = all.length === 0 ? '' : `, msg_control=[${all.join(', ')}]`;
  const name = address === null ? 'NULL' : sockaddr(address);
  return `{msg_name=${name}, msg_iov=[{iov_base=${data}, iov_len=${length}}], msg_iovlen=1${control}}`;
}
/** Of those that say something of a packet, types are named as options are. */
const control = ({ level, type, data }: ControlMessage): string =>
  `{cmsg_level=${named(OPTION_LEVELS, level)}, cmsg_type=${optionName(level, type)}, cmsg_data=${optionValue(level, type, data)}}`;
const right = (file: number | ReplicaFile): string =>
  typeof file === 'number' ? decimal(file) : path(file.path);

const octal = (mode: number): string => `0${mode.toString(8)}`;

function openFlags(flags: number): string {
  const rest = bits(OPEN_FLAGS, flags & ~3);
  return `${named(ACCESS_MODES, flags & 3)}${rest === '0' ? '' : `|${rest}`}`;
}

const timeval = (ns: number): string =>
  `{tv_sec=${Math.floor(ns / 1e9)}, tv_usec=${Math.floor((ns % 1e9) / 1e3)}}`;
const timerSetting = ({ value, interval }: { readonly value: number; readonly interval: number }): string =>
  `{it_interval=${timeval(interval)}, it_value=${timeval(value)}}`;
const timespec = (ns: number): string =>
  `{tv_sec=${Math.floor(ns / 1e9)}, tv_nsec=${ns - Math.floor(ns / 1e9) * 1e9}}`;

const fileStatus = (status: FileStatus | number | undefined): string =>
  typeof status !== 'object'
    ? UNKNOWN
    : `{st_mode=${named(FILE_TYPES, status.mode & 0o170000)}|${octal(status.mode & 0o7777)}, st_size=${status.size}, ...}`;

/** An option's value as strace reads it: a number, a `struct linger`, a `struct timeval`. */
function optionValue(level: number, name: number, value: Uint8Array): string {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const option = optionName(level, name);
  if (option === 'SO_LINGER' && value.length >= 8) {
    return `{l_onoff=${view.getInt32(0, true)}, l_linger=${view.getInt32(4, true)}}`;
  }
  if (option.endsWith('TIMEO_OLD') && value.length >= 16) {
    return quotedTime(view);
  }
  return value.length === 4 ? `[${view.getInt32(0, true)}]` : quoted(value);
}

const quotedTime = (view: DataView): string =>
  `{tv_sec=${view.getBigInt64(0, true)}, tv_usec=${view.getBigInt64(8, true)}}`;

const pollFds = (fds: readonly PollEntry[]): string =>
  `[${fds.map(({ fd, events }) => `{fd=${fd}, events=${bits(POLL_EVENTS, events)}}`).join(', ')}]`;

function pollResult(result: number | number[], fds: readonly PollEntry[]): string {
  if (typeof result === 'number') return '';
  const ready = fds.flatMap(({ fd }, i) =>
    result[i] ? [`{fd=${fd}, revents=${bits(POLL_EVENTS, result[i])}}`] : [],
  );
  return ready.length === 0 ? ' (Timeout)' : ` ([${ready.join(', ')}])`;
}

/** What an ioctl request is about: settings and sizes of terminals as strace writes them. */
function controlValue(value: Termios | WindowSize | number): string {
  if (typeof value === 'number') return decimal(value);
  if ('rows' in value) return `{ws_row=${value.rows}, ws_col=${value.columns}, ws_xpixel=0, ws_ypixel=0}`;
  const { iflag, oflag, cflag, lflag } = value;
  return `{c_iflag=${bits(INPUT_MODES, iflag)}, c_oflag=${bits(OUTPUT_MODES, oflag)}, c_cflag=0x${cflag.toString(16)}, c_lflag=${bits(LOCAL_MODES, lflag)}, ...}`;
}

/** `512*1024` where it is a multiple, as strace writes limits. */
const limitValue = (value: bigint): string =>
  value === RLIM_INFINITY
    ? 'RLIM64_INFINITY'
    : value > 1024n && value % 1024n === 0n
      ? `${value / 1024n}*1024`
      : String(value);
const resourceLimit = ({ soft, hard }: ResourceLimit): string =>
  `{rlim_cur=${limitValue(soft)}, rlim_max=${limitValue(hard)}}`;

const EPOLL_OPERATIONS = { 1: 'EPOLL_CTL_ADD', 2: 'EPOLL_CTL_DEL', 3: 'EPOLL_CTL_MOD' };
const epollEvent = ({ fd, events }: PollEntry): string =>
  `{events=${bits(POLL_EVENTS, events).replaceAll('POLL', 'EPOLL')}, data={u32=${fd}, u64=${fd}}}`;
const milliseconds = (ns: number): number => (ns < 0 ? -1 : Math.ceil(ns / 1e6));
const socketType = (type: number): string => {
  const flags = bits(SOCKET_FLAGS, type & (SOCK_NONBLOCK | SOCK_CLOEXEC));
  return `${named(SOCKET_TYPES, type & 15)}${flags === '0' ? '' : `|${flags}`}`;
};

export const FORMATS: Formats = {
  socket: {
    call: (domain, type, protocol) =>
      list(named(ADDRESS_FAMILIES, domain), socketType(type), named(IP_PROTOCOLS, protocol)),
  },
  bind: { call: (fd, address) => list(decimal(fd), sockaddr(address), decimal(lengthOf(address))) },
  listen: { call: (fd, backlog) => list(decimal(fd), decimal(backlog)) },
  accept4: {
    call: (fd) => `${fd}, `,
    rest: (result, _fd, flags) =>
      list(gotAddress(typeof result === 'object' ? result.address : result), bits(SOCKET_FLAGS, flags)),
    value: ({ fd }) => fd,
  },
  connect: { call: (fd, address) => list(decimal(fd), sockaddr(address), decimal(lengthOf(address))) },
  sendto: {
    call: (fd, data, flags, address) =>
      list(
        decimal(fd),
        quoted(data),
        decimal(data.length),
        bits(MESSAGE_FLAGS, flags),
        address === null ? 'NULL, 0' : `${sockaddr(address)}, ${lengthOf(address)}`,
      ),
  },
  recvfrom: {
    call: (fd) => `${fd}, `,
    rest: (result, _fd, length, flags) => {
      const received = typeof result === 'object' ? result : undefined;
      const from = received === undefined ? 'NULL, NULL' : gotAddress(received.packet ?? received.address);
      return list(bytes(received?.data), decimal(length), bits(MESSAGE_FLAGS, flags), from);
    },
    value: ({ data }) => data.length,
  },
  sendmsg: {
    call: (fd, data, flags, address, rights, controls = []) =>
      list(
        decimal(fd),
        header(address, quoted(data), data.length, rights.map(right), controls.map(control)),
        bits(MESSAGE_FLAGS, flags),
      ),
  },
  recvmsg: {
    call: (fd) => `${fd}, `,
    rest: (result, _fd, length, flags) => {
      const received = typeof result === 'object' ? result : undefined;
      const rights = received?.rights?.map((each) => right('fd' in each ? each.fd : each)) ?? [];
      return list(
        header(received?.packet ?? received?.address ?? null, bytes(received?.data), length, rights),
        bits(MESSAGE_FLAGS, flags),
      );
    },
    value: ({ data }) => data.length,
  },
  shutdown: { call: (fd, how) => list(decimal(fd), named(SHUTDOWN, how)) },
  getsockname: { call: (fd) => `${fd}, `, rest: (result) => gotAddress(result), value: () => 0 },
  getpeername: { call: (fd) => `${fd}, `, rest: (result) => gotAddress(result), value: () => 0 },
  getsockopt: {
    call: (fd, level, name) => `${list(decimal(fd), named(OPTION_LEVELS, level), optionName(level, name))}, `,
    rest: (result, _fd, level, name, length) =>
      typeof result === 'object'
        ? list(optionValue(level, name, result), `[${result.length}]`)
        : list(UNKNOWN, `[${length}]`),
    value: () => 0,
  },
  setsockopt: {
    call: (fd, level, name, value) =>
      list(
        decimal(fd),
        named(OPTION_LEVELS, level),
        optionName(level, name),
        optionValue(level, name, value),
        decimal(value.length),
      ),
  },

  socketpair: {
    call: (domain, type, protocol) =>
      `${list(named(ADDRESS_FAMILIES, domain), socketType(type), named(IP_PROTOCOLS, protocol))}, `,
    rest: (result) => (typeof result === 'object' ? `[${result.first}, ${result.second}]` : UNKNOWN),
    value: () => 0,
  },

  read: {
    call: (fd) => `${fd}, `,
    rest: (result, _fd, length) => list(bytes(result), decimal(length)),
    value: (data) => data.length,
  },
  write: { call: (fd, data) => list(decimal(fd), quoted(data), decimal(data.length)) },
  close: { call: decimal },
  poll: {
    call: (fds, timeout) => list(pollFds(fds), decimal(fds.length), decimal(milliseconds(timeout))),
    note: (result, fds) => pollResult(result, fds),
    value: (ready) => ready.filter((events) => events !== 0).length,
  },
  epoll_create1: { call: (flags) => bits(OPEN_FLAGS, flags) },
  epoll_ctl: {
    call: (epfd, operation, fd, events) =>
      list(
        decimal(epfd),
        named(EPOLL_OPERATIONS, operation),
        decimal(fd),
        operation === 2 ? 'NULL' : epollEvent({ fd, events }),
      ),
  },
  epoll_wait: {
    call: (epfd) => `${epfd}, `,
    rest: (result, _epfd, most, timeout) =>
      list(
        typeof result === 'object' ? `[${result.map(epollEvent).join(', ')}]` : UNKNOWN,
        decimal(most),
        decimal(milliseconds(timeout)),
      ),
    value: (ready) => ready.length,
  },
  pipe2: {
    call: noArguments,
    rest: (result, flags) =>
      list(
        typeof result === 'object' ? `[${result.read}, ${result.write}]` : UNKNOWN,
        bits(OPEN_FLAGS, flags),
      ),
    value: () => 0,
  },
  dup: { call: decimal },
  dup2: { call: (fd, to) => list(decimal(fd), decimal(to)) },
  fcntl: {
    call: (fd, command, argument) => {
      const name = named(FCNTL_COMMANDS, command);
      if (name === 'F_GETFD' || name === 'F_GETFL') return list(decimal(fd), name);
      return list(decimal(fd), name, name === 'F_SETFL' ? openFlags(argument) : decimal(argument));
    },
  },

  ioctl: {
    call: (fd, request, argument) => {
      const name = named(IOCTL_REQUESTS, request);
      if (argument === undefined) return `${list(decimal(fd), name)}, `;
      return list(decimal(fd), name, controlValue(argument));
    },
    rest: (result, _fd, _request, argument) =>
      argument !== undefined ? '' : typeof result === 'object' ? controlValue(result) : UNKNOWN,
    value: () => 0,
  },

  open: {
    call: (name, flags, mode) =>
      list(path(name), openFlags(flags), ...((flags & 0o100) !== 0 ? [octal(mode)] : [])),
  },
  lseek: { call: (fd, offset, whence) => list(decimal(fd), decimal(offset), named(SEEK, whence)) },
  ftruncate: { call: (fd, length) => list(decimal(fd), decimal(length)) },
  stat: { call: (name) => `${path(name)}, `, rest: fileStatus, value: () => 0 },
  fstat: { call: (fd) => `${fd}, `, rest: fileStatus, value: () => 0 },
  getdents: {
    call: (fd) => `${fd}, `,
    rest: (result) => (typeof result === 'object' ? `/* ${result.length} entries */` : UNKNOWN),
    value: (entries) => entries.length,
  },
  mkdir: { call: (name, mode) => list(path(name), octal(mode)) },
  rmdir: { call: path },
  unlink: { call: path },
  chmod: { call: (name, mode) => list(path(name), octal(mode)) },
  readlink: {
    call: (name) => `${path(name)}, `,
    rest: (result) => (typeof result === 'string' ? path(result) : UNKNOWN),
    value: (target) => target.length,
  },
  rename: { call: (from, to) => list(path(from), path(to)) },
  chdir: { call: path },
  getcwd: {
    call: noArguments,
    rest: (result) => (typeof result === 'string' ? path(result) : UNKNOWN),
    value: (cwd) => cwd.length + 1,
  },

  getpid: { call: noArguments },
  getppid: { call: noArguments },
  getuid: { call: noArguments },
  kill: { call: (pid, signal) => list(decimal(pid), signal === 0 ? '0' : signalName(signal)) },
  rt_sigaction: {
    call: (signal, disposition) =>
      list(
        signalName(signal),
        `{sa_handler=${{ default: 'SIG_DFL', ignore: 'SIG_IGN', handler: '…' }[disposition]}}`,
      ),
  },
  spawn: {
    call: (name, argv) => list(path(name), `[${argv.map(path).join(', ')}]`),
  },
  execve: {
    call: (name, argv, env) =>
      list(path(name), `[${argv.map(path).join(', ')}]`, `/* ${Object.keys(env).length} vars */`),
  },
  wait4: {
    call: (pid) => `${pid}, `,
    rest: (result, _pid, options) =>
      list(waitStatus(result), options === 1 ? 'WNOHANG' : decimal(options), 'NULL'),
    value: ({ pid }) => pid,
  },
  clone: { call: () => 'flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD' },
  exit: { call: decimal },
  futex: {
    call: (address, operation, value, timeout) => {
      const at = `0x${address.toString(16)}`;
      return operation === FUTEX_WAKE_PRIVATE
        ? list(at, 'FUTEX_WAKE_PRIVATE', decimal(value))
        : list(at, 'FUTEX_WAIT_PRIVATE', decimal(value), timeout < 0 ? 'NULL' : timespec(timeout));
    },
  },
  sched_yield: { call: noArguments },
  exit_group: { call: decimal },

  prlimit64: {
    call: (pid, resource, limit) =>
      `${list(decimal(pid), named(RESOURCE_NAMES, resource), limit === null ? 'NULL' : resourceLimit(limit))}, `,
    rest: (result) => (typeof result === 'object' ? resourceLimit(result) : UNKNOWN),
    value: () => 0,
  },
  getrusage: {
    call: (who) => `${named(USAGES, who)}, `,
    rest: (result) =>
      typeof result === 'object'
        ? `{ru_utime=${timeval(result.userTime)}, ru_stime=${timeval(result.systemTime)}, ...}`
        : UNKNOWN,
    value: () => 0,
  },
  clock_gettime: {
    call: (clock) => `${named(CLOCKS, clock)}, `,
    rest: (result) => (result === undefined || result < 0 ? UNKNOWN : timespec(result)),
  },
  nanosleep: { call: (duration) => list(timespec(duration), 'NULL') },
  setitimer: {
    call: (which, value, interval) => list(named(TIMERS, which), timerSetting({ value, interval }), 'NULL'),
    value: () => 0,
  },
  getitimer: {
    call: (which) => `${named(TIMERS, which)}, `,
    rest: (result) => (typeof result === 'object' ? timerSetting(result) : UNKNOWN),
    value: () => 0,
  },
  getrandom: {
    call: noArguments,
    rest: (result, length) => list(bytes(result), decimal(length), '0'),
    value: (data) => data.length,
  },

  uname: {
    call: noArguments,
    rest: (result) =>
      typeof result === 'object'
        ? `{sysname=${path(result.sysname)}, nodename=${path(result.nodename)}, ...}`
        : UNKNOWN,
    value: () => 0,
  },
  sysctl: { call: (name, value) => list(path(name), ...(value === undefined ? [] : [decimal(value)])) },
  netlink: {
    call: ({ type, ...rest }) =>
      `{${[`type=${type}`, ...Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(', ')}}`,
    value: (answers) => answers.length,
  },
  ptrace: { call: (pid) => list('PTRACE_SYSCALL', decimal(pid)), value: ({ lines }) => lines.length },
};

function waitStatus(result: SystemCallResult<'wait4'> | undefined): string {
  if (typeof result !== 'object') return UNKNOWN;
  const signal = result.status & 0x7f;
  return signal === 0
    ? `[{WIFEXITED(s) && WEXITSTATUS(s) == ${result.status >> 8}}]`
    : `[{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(signal)}}]`;
}
