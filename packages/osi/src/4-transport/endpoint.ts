import { formatIpv4 } from '../3-network/index.ts';
import type { Endpoint } from './services.ts';

/** `10.0.0.1:9000`; without a port, as a socket that listens has no peer, `0.0.0.0:*`. */
export function formatEndpoint(endpoint: Endpoint | null): string {
  if (endpoint === null) return '0.0.0.0:*';
  return `${formatIpv4(endpoint.address)}:${endpoint.port === 0 ? '*' : endpoint.port}`;
}
