import { ERRNO } from '../../trace/index.ts';
import type { ErrorMeaning } from '../icmp/errors.ts';
import {
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
} from './codec.ts';

const soft = (errno: number): ErrorMeaning => ({ errno, fatal: false });
const hard = (errno: number): ErrorMeaning => ({ errno, fatal: true });

/** "Destination unreachable" by code, as Linux translates it (`tab_unreach` in net/ipv6/icmp.c). */
const UNREACHABLE: readonly ErrorMeaning[] = [
  soft(ERRNO.ENETUNREACH), // 0 no route
  hard(ERRNO.EACCES), // 1 prohibited
  soft(ERRNO.EHOSTUNREACH), // 2 beyond the scope of the source address
  soft(ERRNO.EHOSTUNREACH), // 3 address unreachable
  hard(ERRNO.ECONNREFUSED), // 4 port unreachable
  hard(ERRNO.EACCES), // 5 refused by policy
  hard(ERRNO.EACCES), // 6 route that rejects
];

/** What an error message means for a socket (`icmpv6_err_convert`). */
export function meaningOf6(type: number, code: number): ErrorMeaning {
  switch (type) {
    case ICMPV6_DESTINATION_UNREACHABLE:
      return UNREACHABLE[code] ?? hard(ERRNO.EPROTO);
    case ICMPV6_PACKET_TOO_BIG:
      return soft(ERRNO.EMSGSIZE);
    case ICMPV6_PARAMETER_PROBLEM:
      return hard(ERRNO.EPROTO);
    case ICMPV6_TIME_EXCEEDED:
      return soft(ERRNO.EHOSTUNREACH);
    default:
      return soft(ERRNO.EPROTO);
  }
}
