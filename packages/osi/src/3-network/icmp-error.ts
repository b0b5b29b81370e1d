import type { IcmpError, TransportProtocol } from './ip-service.ts';

/**
 * Tells the transport of an ICMP error about a packet of ours. @param learn takes note of what it says of the path; not called
 * when the transport does not believe it.
 */
export function tellTransport(
  transport: TransportProtocol | undefined,
  error: IcmpError,
  original: DataView,
  at: number,
  learn: () => void,
): void {
  if (transport?.judge === undefined) {
    learn();
    transport?.receiveError?.(error, original, at);
    return;
  }
  const act = transport.judge(error, original, at);
  if (act === null) return;
  learn();
  act();
}
