import { AF_INET, AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6 } from '../../kernel/constants.ts';
import { errorText } from './errors.ts';
import { errorText6 } from './errors6.ts';

const ICMP_HEADER = 8;
const IP_HEADER = 20;

/** In what ping over IPv4 and over IPv6 differ. */
export interface Version {
  readonly family: typeof AF_INET | typeof AF_INET6;
  /** Of its ping sockets. */
  readonly protocol: number;
  readonly echoRequest: number;
  /** Level and names of the socket options: reports of errors, the hop count of replies, that of requests. */
  readonly level: number;
  readonly receiveErrors: number;
  readonly receiveTtl: number;
  readonly ttl: readonly number[];
  readonly ttlName: string;
  /** Where reports of ICMP errors come from (SO_EE_ORIGIN_*). */
  readonly origin: number;
  /** @param options bytes of options in the IP header. */
  begin(host: string, address: string, size: number, options: number): string;
  errorText(type: number, code: number, info: number): string;
}

/** ip(7). */
export const VERSION4: Version = {
  family: AF_INET,
  protocol: IPPROTO_ICMP,
  echoRequest: 8,
  level: 0,
  receiveErrors: 11,
  receiveTtl: 12,
  ttl: [2],
  ttlName: 'unicast time-to-live',
  origin: 2,
  begin: (host, address, size, options) =>
    `PING ${host} (${address}) ${size}(${size + ICMP_HEADER + options + IP_HEADER}) bytes of data.\n`,
  errorText,
};

/** ipv6(7): of the hop limit there is one for groups and one for everything else. */
export const VERSION6: Version = {
  family: AF_INET6,
  protocol: IPPROTO_ICMPV6,
  echoRequest: 128,
  level: 41,
  receiveErrors: 25,
  receiveTtl: 51,
  ttl: [18, 16],
  ttlName: 'unicast hop limit',
  origin: 3,
  begin: (host, address, size) => `PING ${host}(${address}) ${size} data bytes\n`,
  errorText: errorText6,
};
