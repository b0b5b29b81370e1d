import { ERRNO } from '@netarium/osi/trace';
import { AF_INET, AF_UNIX } from '../constants.ts';
import type { Family } from '../kernel.ts';
import { UnixSocket } from '../unix/unix-socket.ts';
import { open } from './sockets.ts';
import { unixTypeError } from './unix-sockets.ts';

const { EAFNOSUPPORT, EOPNOTSUPP } = ERRNO;
const TYPE = 0xf;

/** Local sockets that are connected to each other from the start. */
export const unixCalls: Family<'socketpair'> = {
  socketpair(call, domain, type, protocol) {
    if (domain !== AF_UNIX) return domain === AF_INET ? -EOPNOTSUPP : -EAFNOSUPPORT;
    const error = unixTypeError(type, protocol);
    if (error !== 0) return error;
    const [one, other] = UnixSocket.pair(
      type & TYPE,
      `unix:${call.kernel.nextInode()}`,
      call.process.credentials,
    );
    const first = open(call, one, type);
    if (first < 0) return first;
    const second = open(call, other, type);
    if (second >= 0) return { first, second };
    call.process.descriptors.close(first);
    return second;
  },
};
