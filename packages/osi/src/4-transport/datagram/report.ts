import { type IcmpError, isIpv6 } from '../../3-network/index.ts';
import type { ErrorReport } from '../services.ts';

/** An ICMP error as the socket's error queue keeps it: the packet's payload is `[from, to)` of what came back. */
export function reportOf(
  error: IcmpError,
  remotePort: number,
  original: DataView,
  from: number,
  to: number,
): ErrorReport {
  const data =
    to <= from
      ? new Uint8Array(0)
      : new Uint8Array(original.buffer, original.byteOffset + from, to - from).slice();
  return {
    errno: error.errno,
    origin: isIpv6(error.source) ? 3 : 2,
    type: error.type,
    code: error.code,
    info: error.mtu,
    offender: error.from,
    destination: { address: error.destination, port: remotePort },
    data,
  };
}
