import type { IpAddress } from '../../3-network/index.ts';
import type { TcpEntry } from '../services.ts';

/** What stands in the table of connections, between whom it is. */
export interface Chained {
  /** In the order in which they were made. */
  readonly number: number;
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
  /** The next one with the same key. */
  chain: Chained | null;
  /** Its line of `netstat`. */
  entry(): TcpEntry;
}
