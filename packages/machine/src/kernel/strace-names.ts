import * as tty from '../termios.ts';
import * as linux from './constants.ts';
import { RLIMIT } from './limits.ts';

/** The names that strace prints for numbers, from Linux's headers. */

type Names = Readonly<Record<number, string>>;

export const ADDRESS_FAMILIES: Names = {
  0: 'AF_UNSPEC',
  1: 'AF_UNIX',
  2: 'AF_INET',
  10: 'AF_INET6',
  17: 'AF_PACKET',
};
export const SOCKET_TYPES: Names = { 1: 'SOCK_STREAM', 2: 'SOCK_DGRAM', 3: 'SOCK_RAW', 5: 'SOCK_SEQPACKET' };
export const SOCKET_FLAGS: Names = {
  [linux.SOCK_NONBLOCK]: 'SOCK_NONBLOCK',
  [linux.SOCK_CLOEXEC]: 'SOCK_CLOEXEC',
};
export const IP_PROTOCOLS: Names = {
  0: 'IPPROTO_IP',
  1: 'IPPROTO_ICMP',
  6: 'IPPROTO_TCP',
  17: 'IPPROTO_UDP',
  58: 'IPPROTO_ICMPV6',
  255: 'IPPROTO_RAW',
};
export const MESSAGE_FLAGS: Names = {
  1: 'MSG_OOB',
  2: 'MSG_PEEK',
  4: 'MSG_DONTROUTE',
  32: 'MSG_TRUNC',
  64: 'MSG_DONTWAIT',
  256: 'MSG_WAITALL',
  8192: 'MSG_ERRQUEUE',
  16384: 'MSG_NOSIGNAL',
  32768: 'MSG_MORE',
  536870912: 'MSG_FASTOPEN',
};
export const SHUTDOWN: Names = { 0: 'SHUT_RD', 1: 'SHUT_WR', 2: 'SHUT_RDWR' };
export const OPTION_LEVELS: Names = {
  0: 'SOL_IP',
  1: 'SOL_SOCKET',
  6: 'SOL_TCP',
  17: 'SOL_UDP',
  41: 'SOL_IPV6',
  255: 'SOL_RAW',
  263: 'SOL_PACKET',
};
export const ACCESS_MODES: Names = { 0: 'O_RDONLY', 1: 'O_WRONLY', 2: 'O_RDWR' };
export const OPEN_FLAGS: Names = {
  [linux.O_CREAT]: 'O_CREAT',
  [linux.O_EXCL]: 'O_EXCL',
  [linux.O_NOCTTY]: 'O_NOCTTY',
  [linux.O_TRUNC]: 'O_TRUNC',
  [linux.O_APPEND]: 'O_APPEND',
  [linux.O_NONBLOCK]: 'O_NONBLOCK',
  [linux.O_DIRECTORY]: 'O_DIRECTORY',
  [linux.O_CLOEXEC]: 'O_CLOEXEC',
};
export const SEEK: Names = { 0: 'SEEK_SET', 1: 'SEEK_CUR', 2: 'SEEK_END' };
export const FCNTL_COMMANDS: Names = {
  0: 'F_DUPFD',
  1: 'F_GETFD',
  2: 'F_SETFD',
  3: 'F_GETFL',
  4: 'F_SETFL',
  8: 'F_SETOWN',
  9: 'F_GETOWN',
  1030: 'F_DUPFD_CLOEXEC',
};
export const FILE_TYPES: Names = {
  [linux.S_IFSOCK]: 'S_IFSOCK',
  [linux.S_IFLNK]: 'S_IFLNK',
  [linux.S_IFREG]: 'S_IFREG',
  [linux.S_IFDIR]: 'S_IFDIR',
  [linux.S_IFCHR]: 'S_IFCHR',
  [linux.S_IFIFO]: 'S_IFIFO',
};
export const POLL_EVENTS: Names = {
  1: 'POLLIN',
  2: 'POLLPRI',
  4: 'POLLOUT',
  8: 'POLLERR',
  16: 'POLLHUP',
  32: 'POLLNVAL',
  8192: 'POLLRDHUP',
};
export const CLOCKS: Names = { 0: 'CLOCK_REALTIME', 1: 'CLOCK_MONOTONIC' };

export const TIMERS: Names = { 0: 'ITIMER_REAL', 1: 'ITIMER_VIRTUAL', 2: 'ITIMER_PROF' };

/** Requests and modes of terminals (asm-generic/ioctls.h, termbits.h). */
export const IOCTL_REQUESTS: Names = {
  [tty.TCGETS]: 'TCGETS',
  [tty.TCSETS]: 'TCSETS',
  [tty.TCSETSW]: 'TCSETSW',
  [tty.TCSETSF]: 'TCSETSF',
  [tty.TCSBRK]: 'TCSBRK',
  [tty.TCXONC]: 'TCXONC',
  [tty.TCFLSH]: 'TCFLSH',
  [tty.TIOCGPGRP]: 'TIOCGPGRP',
  [tty.TIOCSPGRP]: 'TIOCSPGRP',
  [tty.TIOCGWINSZ]: 'TIOCGWINSZ',
  [tty.TIOCSWINSZ]: 'TIOCSWINSZ',
  [tty.FIONREAD]: 'FIONREAD',
};
export const INPUT_MODES: Names = {
  [tty.INLCR]: 'INLCR',
  [tty.IGNCR]: 'IGNCR',
  [tty.ICRNL]: 'ICRNL',
  [tty.IXON]: 'IXON',
  [tty.IUTF8]: 'IUTF8',
};
export const OUTPUT_MODES: Names = { [tty.OPOST]: 'OPOST', [tty.ONLCR]: 'ONLCR' };
export const LOCAL_MODES: Names = {
  [tty.ISIG]: 'ISIG',
  [tty.ICANON]: 'ICANON',
  [tty.ECHO]: 'ECHO',
  [tty.ECHOE]: 'ECHOE',
  [tty.ECHOK]: 'ECHOK',
  [tty.ECHONL]: 'ECHONL',
  [tty.ECHOCTL]: 'ECHOCTL',
  [tty.ECHOKE]: 'ECHOKE',
  [tty.IEXTEN]: 'IEXTEN',
};

/** Resources of getrlimit(2) by number. */
export const RESOURCE_NAMES: Names = Object.fromEntries(
  Object.entries(RLIMIT).map(([name, number]) => [number, `RLIMIT_${name}`]),
);
export const USAGES: Names = { 0: 'RUSAGE_SELF', 1: 'RUSAGE_THREAD', [-1]: 'RUSAGE_CHILDREN' };

/** Socket options by level (asm-generic/socket.h, linux/in.h, linux/in6.h, linux/tcp.h, linux/if_packet.h). */
const OPTIONS: Readonly<Record<number, Names>> = {
  0: {
    1: 'IP_TOS',
    2: 'IP_TTL',
    3: 'IP_HDRINCL',
    4: 'IP_OPTIONS',
    6: 'IP_RECVOPTS',
    7: 'IP_RETOPTS',
    8: 'IP_PKTINFO',
    10: 'IP_MTU_DISCOVER',
    11: 'IP_RECVERR',
    12: 'IP_RECVTTL',
    13: 'IP_RECVTOS',
    14: 'IP_MTU',
  },
  1: {
    2: 'SO_REUSEADDR',
    3: 'SO_TYPE',
    4: 'SO_ERROR',
    5: 'SO_DONTROUTE',
    6: 'SO_BROADCAST',
    7: 'SO_SNDBUF',
    8: 'SO_RCVBUF',
    9: 'SO_KEEPALIVE',
    13: 'SO_LINGER',
    15: 'SO_REUSEPORT',
    16: 'SO_PASSCRED',
    17: 'SO_PEERCRED',
    20: 'SO_RCVTIMEO_OLD',
    21: 'SO_SNDTIMEO_OLD',
    25: 'SO_BINDTODEVICE',
    30: 'SO_ACCEPTCONN',
    38: 'SO_PROTOCOL',
    39: 'SO_DOMAIN',
  },
  6: {
    1: 'TCP_NODELAY',
    2: 'TCP_MAXSEG',
    3: 'TCP_CORK',
    4: 'TCP_KEEPIDLE',
    5: 'TCP_KEEPINTVL',
    6: 'TCP_KEEPCNT',
    7: 'TCP_SYNCNT',
    8: 'TCP_LINGER2',
    9: 'TCP_DEFER_ACCEPT',
    10: 'TCP_WINDOW_CLAMP',
    11: 'TCP_INFO',
    12: 'TCP_QUICKACK',
    13: 'TCP_CONGESTION',
    18: 'TCP_USER_TIMEOUT',
    23: 'TCP_FASTOPEN',
    25: 'TCP_NOTSENT_LOWAT',
    30: 'TCP_FASTOPEN_CONNECT',
    33: 'TCP_FASTOPEN_KEY',
    34: 'TCP_FASTOPEN_NO_COOKIE',
    36: 'TCP_INQ',
  },
  41: {
    16: 'IPV6_UNICAST_HOPS',
    17: 'IPV6_MULTICAST_IF',
    18: 'IPV6_MULTICAST_HOPS',
    19: 'IPV6_MULTICAST_LOOP',
    20: 'IPV6_ADD_MEMBERSHIP',
    21: 'IPV6_DROP_MEMBERSHIP',
    23: 'IPV6_MTU_DISCOVER',
    24: 'IPV6_MTU',
    25: 'IPV6_RECVERR',
    26: 'IPV6_V6ONLY',
    36: 'IPV6_HDRINCL',
    49: 'IPV6_RECVPKTINFO',
    50: 'IPV6_PKTINFO',
    51: 'IPV6_RECVHOPLIMIT',
    52: 'IPV6_HOPLIMIT',
    53: 'IPV6_RECVHOPOPTS',
    54: 'IPV6_HOPOPTS',
    55: 'IPV6_RTHDRDSTOPTS',
    56: 'IPV6_RECVRTHDR',
    57: 'IPV6_RTHDR',
    58: 'IPV6_RECVDSTOPTS',
    59: 'IPV6_DSTOPTS',
    60: 'IPV6_RECVPATHMTU',
    61: 'IPV6_PATHMTU',
    62: 'IPV6_DONTFRAG',
    66: 'IPV6_RECVTCLASS',
    67: 'IPV6_TCLASS',
  },
  263: {
    1: 'PACKET_ADD_MEMBERSHIP',
    2: 'PACKET_DROP_MEMBERSHIP',
    6: 'PACKET_STATISTICS',
    10: 'PACKET_VERSION',
  },
};

/** One number's name, or the number in hexadecimal as strace shows what it does not know. */
export const named = (names: Names, value: number): string =>
  names[value] ?? `0x${(value >>> 0).toString(16)}`;

/** A set of bits: `POLLIN|POLLOUT`, `0` for none. */
export function bits(names: Names, value: number): string {
  const parts: string[] = [];
  let rest = value;
  for (const [bit, name] of Object.entries(names)) {
    if ((value & Number(bit)) === 0) continue;
    parts.push(name);
    rest &= ~Number(bit);
  }
  if (rest !== 0) parts.push(`0x${(rest >>> 0).toString(16)}`);
  return parts.length === 0 ? '0' : parts.join('|');
}

export const optionName = (level: number, name: number): string =>
  OPTIONS[level]?.[name] ?? `0x${name.toString(16)}`;
