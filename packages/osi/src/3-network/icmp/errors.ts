import { ERRNO } from '../../trace/index.ts';
import { ICMP_DESTINATION_UNREACHABLE, ICMP_PARAMETER_PROBLEM, ICMP_TIME_EXCEEDED } from './codec.ts';

/** What an ICMP error means for a socket. */
export interface ErrorMeaning {
  readonly errno: number;
  /** A connection ends by it; others are only remembered. */
  readonly fatal: boolean;
}

const soft = (errno: number): ErrorMeaning => ({ errno, fatal: false });
const hard = (errno: number): ErrorMeaning => ({ errno, fatal: true });

/** "Destination unreachable" by code, as Linux translates it (`icmp_err_convert` in net/ipv4/icmp.c; RFC 1122 section 3.2.2.1). */
const UNREACHABLE: readonly ErrorMeaning[] = [
  soft(ERRNO.ENETUNREACH), // 0 network unreachable
  soft(ERRNO.EHOSTUNREACH), // 1 host unreachable
  hard(ERRNO.ENOPROTOOPT), // 2 protocol unreachable
  hard(ERRNO.ECONNREFUSED), // 3 port unreachable
  soft(ERRNO.EMSGSIZE), // 4 fragmentation needed
  soft(ERRNO.EOPNOTSUPP), // 5 source route failed
  hard(ERRNO.ENETUNREACH), // 6 network unknown
  hard(ERRNO.EHOSTDOWN), // 7 host unknown
  hard(ERRNO.ENONET), // 8 host isolated
  hard(ERRNO.ENETUNREACH), // 9 network prohibited
  hard(ERRNO.EHOSTUNREACH), // 10 host prohibited
  soft(ERRNO.ENETUNREACH), // 11 network unreachable for this service
  soft(ERRNO.EHOSTUNREACH), // 12 host unreachable for this service
  hard(ERRNO.EHOSTUNREACH), // 13 filtered
  hard(ERRNO.EHOSTUNREACH), // 14 host precedence violation
  hard(ERRNO.EHOSTUNREACH), // 15 precedence cut-off
];

/** What an error message means, or null for a type or code that is no error. */
export function meaningOf(type: number, code: number): ErrorMeaning | null {
  switch (type) {
    case ICMP_DESTINATION_UNREACHABLE:
      return UNREACHABLE[code] ?? null;
    case ICMP_TIME_EXCEEDED:
      return soft(ERRNO.EHOSTUNREACH);
    case ICMP_PARAMETER_PROBLEM:
      return hard(ERRNO.EPROTO);
    default:
      return null;
  }
}
