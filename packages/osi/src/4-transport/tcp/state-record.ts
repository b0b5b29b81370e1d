import type { IpAddress } from '../../3-network/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { formatEndpoint } from '../endpoint.ts';
import type { TcpState } from '../services.ts';

/** What a connection or listener is called in the record, and between whom it is. */
interface Named {
  readonly id: string;
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
}

/** Records one arrow of the state diagram. */
export function recordState(tracer: Tracer, of: Named, from: TcpState, to: TcpState): void {
  if (!tracer.on) return;
  tracer.write({
    kind: 'socket-state',
    socket: of.id,
    local: formatEndpoint({ address: of.localAddress, port: of.localPort }),
    remote: formatEndpoint({ address: of.remoteAddress, port: of.remotePort }),
    from,
    to,
  });
}
