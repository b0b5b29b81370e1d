import type { EventId } from '../../../trace/index.ts';
import { HEADER_LENGTH } from '../codec.ts';
import { call } from '../handshake.ts';
import { seqAdd } from '../sequence.ts';
import type { Tcb } from '../tcb.ts';
import { append } from '../write.ts';
import { mayOpen } from './health.ts';
import { FastOpen } from './state.ts';

/** All that options can take: left free in a SYN with data, for boxes on the way that add some (as Linux). */
const OPTION_SPACE = 40;

/** Whether a SYN may carry data now, and which option it has; null for none (RFC 7413 section 4.2.1, Linux: tcp_fastopen_cookie_check). */
function choose(tcb: Tcb, fast: FastOpen): boolean {
  const { fastOpen } = tcb.host;
  fast.option = null;
  if (!mayOpen(tcb.host, fast)) return false;
  if (fastOpen.sendsWithoutCookie || tcb.options.fastOpen?.withoutCookie === true) return true;
  fast.option = fastOpen.cache.cookieFor(tcb.remoteAddress, tcb.localAddress);
  if (fast.option.bytes.length > 0) return true;
  fast.failure = 'cookie unavailable';
  return false;
}

/** Whether the SYN of a prepared connection may carry data. */
export const mayCarryData = (tcb: Tcb): boolean => choose(tcb, (tcb.fastOpen ??= new FastOpen()));

/**
 * Sends the SYN with as many of the bytes as one segment takes, or with a request for a cookie.
 * @returns how many it took, or a negated errno of the network layer.
 */
export function openFast(tcb: Tcb, bytes: Uint8Array, origin: EventId): number {
  const fast = (tcb.fastOpen ??= new FastOpen());
  const taken = choose(tcb, fast) ? Math.min(bytes.length, room(tcb)) : 0;
  if (taken > 0) append(tcb, bytes.subarray(0, taken), origin);
  fast.asked = fast.option !== null;
  fast.experimental = fast.option?.experimental === true;
  fast.sentData = taken > 0;
  fast.dataEnd = seqAdd(tcb.bufferSeq, taken);
  const result = call(tcb, taken > 0 ? 'tcp.syn-data' : reasonOf(fast), taken);
  // A SYN that is sent again has neither cookie nor data: perhaps that is why it was lost (RFC 7413 section 4.2.1).
  fast.option = null;
  return result < 0 ? result : taken;
}

const reasonOf = ({ option }: FastOpen) =>
  option !== null && option.bytes.length === 0 ? 'tcp.syn-cookie-request' : 'tcp.syn';

/** How much data a SYN takes: what the last SYN+ACK of that destination allowed, and the path. */
function room(tcb: Tcb): number {
  const { ip, fastOpen } = tcb.host;
  const { maxSegment } = tcb.options;
  const known = fastOpen.cache.get(tcb.remoteAddress, tcb.localAddress)?.mss ?? 0;
  let mss = Math.min(known > 0 ? known : tcb.advMss, ip.roomTo(tcb.remoteAddress) - HEADER_LENGTH);
  if (maxSegment > 0) mss = Math.min(mss, maxSegment);
  return Math.max(0, mss - OPTION_SPACE);
}
