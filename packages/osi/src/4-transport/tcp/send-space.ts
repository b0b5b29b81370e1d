import { start, stop } from './limits.ts';
import type { SendChunks } from './send-chunks.ts';
import { seqDiff } from './sequence.ts';
import { maySend } from './state.ts';
import type { Tcb } from './tcb.ts';
import { usefulWindow } from './useful-window.ts';

/**
 * What a chunk of the send buffer costs beside its bytes: the descriptor and the smallest block of memory that holds
 * headers (`struct sk_buff` 256, its block 1024; Linux up to 6.2, later versions have a block of 640).
 */
const CHUNK_OVERHEAD = 1280;

/** Linux's MAX_TCP_HEADER and `struct skb_shared_info`: what a segment takes beside its payload; and its descriptor. */
const HEADER_SPACE = 640;
const DESCRIPTOR = 256;

/** Linux's TCP_INIT_CWND. */
const INITIAL_SEGMENTS = 10;

/** What the send buffer takes of SO_SNDBUF (Linux: sk_wmem_queued). */
const memory = (tcb: Tcb): number => tcb.buffer.length + CHUNK_OVERHEAD * (tcb.chunks?.count ?? 0);

/** TCP_NOTSENT_LOWAT, or net.ipv4.tcp_notsent_lowat (Linux: tcp_notsent_lowat). */
function mostUnsent(tcb: Tcb): number {
  return tcb.options.notSentLow || tcb.host.sysctl.values['net.ipv4.tcp_notsent_lowat'];
}

/** Bytes that were written and never sent. */
const unsent = (tcb: Tcb): number => seqDiff(tcb.bufferEnd, tcb.sndNxt);

/** Whether the program may begin another chunk (Linux: sk_stream_memory_free). */
export const memoryFree = (tcb: Tcb): boolean =>
  memory(tcb) < tcb.sendBuffer && unsent(tcb) < mostUnsent(tcb);

/** Whether a third of the buffer is free, so that nobody is woken for crumbs (Linux: __sk_stream_is_writeable). */
function hasRoom(tcb: Tcb, waking: boolean): boolean {
  const used = memory(tcb);
  const { sendBuffer } = tcb;
  if (used >= sendBuffer || sendBuffer - used < used >> 1) return false;
  return (waking ? 2 * unsent(tcb) : unsent(tcb)) < mostUnsent(tcb);
}

/** For poll(2): whether the program may write. If not, it is told when it may. */
export function isWritable(tcb: Tcb): boolean {
  if (!(maySend(tcb.state) || tcb.early) || tcb.finQueued) return true;
  if (hasRoom(tcb, false)) return true;
  tcb.bufferFull = true;
  return false;
}

/** After an acknowledgment, when what may be sent has been: is there room for a program that waits (Linux: tcp_check_space)? */
export function checkSpace(tcb: Tcb): void {
  if (!tcb.bufferFull) return;
  if ((tcb.inFlight?.pipe ?? 0) < tcb.congestion.cwnd) fitSendBuffer(tcb);
  if (!hasRoom(tcb, true)) return;
  tcb.bufferFull = false;
  stop(tcb, 'buffer');
  tcb.user?.writable();
}

/** The least power of two that is not below `n`, which is more than 1. */
const powerOfTwo = (n: number): number => 1 << (32 - Math.clz32(n - 1));

/** Lets the send buffer hold two congestion windows, so that it is not what limits (Linux: tcp_sndbuf_expand). */
export function fitSendBuffer(tcb: Tcb): void {
  const { options, roundTrip, congestion, recovery } = tcb;
  if (options.sendBufferLocked) return;
  const each = powerOfTwo(Math.max(tcb.peerMss, tcb.mss) + HEADER_SPACE) + DESCRIPTOR;
  const segments = Math.max(INITIAL_SEGMENTS, congestion.cwnd, (recovery?.reordering ?? 0) + 1);
  const wanted = 2 * segments * each;
  if (wanted <= tcb.sendBuffer) return;
  const most = Math.min(2 * usefulWindow(roundTrip.srtt), tcb.host.sysctl.values['net.ipv4.tcp_wmem.max']);
  tcb.sendBuffer = Math.max(tcb.sendBuffer, Math.min(wanted, most));
}

/** How many bytes are in the last chunk and not sent; 0 when it has been, in part or as a whole up to its end. */
export function tailLength(tcb: Tcb, chunks: SendChunks): number {
  const { count } = chunks;
  if (count === 0) return 0;
  const pending = unsent(tcb);
  return count === 1 ? pending : Math.min(pending, seqDiff(tcb.bufferEnd, chunks.endOf(count - 2)));
}

/** All that there was is sent and acknowledged, or the window holds it back: the times of TCP_INFO. */
export function noteLimits(tcb: Tcb, heldByWindow: boolean, heldByCwnd: boolean): void {
  if (heldByWindow) start(tcb, 'window');
  else stop(tcb, 'window');
  if (heldByCwnd || !tcb.bufferFull || unsent(tcb) > 0 || !maySend(tcb.state)) return;
  start(tcb, 'buffer');
}
