import { ERRNO } from '@netarium/osi/trace';
import { AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from '../constants.ts';
import type { Family } from '../kernel.ts';
import { UnixSocket } from '../unix-socket.ts';
import { open } from './sockets.ts';

const { EAFNOSUPPORT, EOPNOTSUPP, EPROTONOSUPPORT, ESOCKTNOSUPPORT } = ERRNO;
const AF_INET = 2;
const TYPE = 0xf;

/** Local sockets, of which there are pairs only: a process's two ends, or two threads'. */
export const unixCalls: Family<'socketpair'> = {
  socketpair(call, domain, type, protocol) {
    if (domain !== AF_UNIX) return domain === AF_INET ? -EOPNOTSUPP : -EAFNOSUPPORT;
    if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
    const kind = type & TYPE;
    if (kind !== SOCK_STREAM && kind !== SOCK_DGRAM) return -ESOCKTNOSUPPORT;
    const [one, other] = UnixSocket.pair(kind, `unix:${call.kernel.nextInode()}`);
    const first = open(call, one, type);
    if (first < 0) return first;
    const second = open(call, other, type);
    if (second >= 0) return { first, second };
    call.process.descriptors.close(first);
    return second;
  },
};
