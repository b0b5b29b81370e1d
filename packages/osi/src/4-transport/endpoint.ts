import { formatIpv4, type IpAddress, isIpv6 } from '../3-network/index.ts';
import type { Endpoint } from './services.ts';

/** `10.0.0.1:9000`, `[2001:db8::1]:9000`; without a port, as a socket that listens has no peer, `0.0.0.0:*` or `[::]:*`. */
export function formatEndpoint(endpoint: Endpoint): string {
  return `${host(endpoint.address)}:${endpoint.port === 0 ? '*' : endpoint.port}`;
}

const host = (address: IpAddress): string => (isIpv6(address) ? `[${address.text}]` : formatIpv4(address));
