import { URG } from './codec.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import { type Sequence, seqAdd, seqAtMost, seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { AWAITED, TAKEN, UrgentMark } from './urgent-mark.ts';

/** Where the sender's urgent pointer ends at most: a segment's header can point 65535 bytes ahead. */
const FARTHEST = 0xffff;

/** Number of the next byte that the program reads. */
const readNext = (tcb: Tcb): Sequence => (tcb.rcvNxt - (tcb.finReceived ? 1 : 0) - tcb.queue.length) | 0;

/**
 * A segment with URG, or one that comes while the urgent byte is awaited. `seq` is the number of its first byte,
 * `[start, end)` its data in `bytes`. @returns whether there is news for the program.
 */
export function noteUrgent(
  tcb: Tcb,
  flags: number,
  pointer: number,
  seq: Sequence,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const news = (flags & URG) !== 0 && announce(tcb, seqAdd(seq, pointer === 0 ? 0 : pointer - 1));
  const mark = tcb.urgent;
  if (mark === null || mark.value !== AWAITED) return news;
  const at = seqDiff(mark.seq, seq);
  const value = at >= 0 && at < end - start ? bytes[start + at] : undefined;
  if (value === undefined) return news;
  mark.value = value;
  return true;
}

/** @returns whether the mark is a new one. */
function announce(tcb: Tcb, seq: Sequence): boolean {
  const next = readNext(tcb);
  if (seqLess(seq, next) || seqLess(seq, tcb.rcvNxt)) return false;
  const mark = tcb.urgent;
  if (mark !== null && seqAtMost(seq, mark.seq)) return false;
  // The former byte was read apart: nobody reads it in the stream any more.
  if (mark !== null && mark.seq === next && !tcb.options.urgentInline && next !== tcb.rcvNxt)
    tcb.queue.skip(1);
  tcb.urgent = new UrgentMark(seq);
  tcb.user?.urgent?.();
  return true;
}

/** @returns the urgent byte; -1 when there is none or it was read already; -2 when it is still to come. */
export function takeUrgent(tcb: Tcb, peek: boolean): number {
  const mark = tcb.urgent;
  if (mark === null || mark.value === TAKEN || tcb.options.urgentInline) return -1;
  if (!mark.ready) return -2;
  const { value } = mark;
  if (!peek) mark.value = TAKEN;
  return value;
}

/** Whether the next byte of the stream is the urgent one (sockatmark(3)). */
export const atMark = (tcb: Tcb): boolean => tcb.urgent !== null && tcb.urgent.seq === readNext(tcb);

/** How many bytes a read would find: the urgent one, read apart, is none of them (`tcp_poll`). */
export const readableBytes = (tcb: Tcb): number =>
  tcb.urgent === null || tcb.options.urgentInline || !atMark(tcb) || tcb.queue.length === 0
    ? tcb.queue.length
    : tcb.queue.length - 1;

/** How many bytes wait before the mark, if there is one ahead (SIOCINQ, tcp(7)). */
export function bytesToMark(tcb: Tcb): number {
  const { urgent, queue, options } = tcb;
  if (urgent === null || options.urgentInline) return queue.length;
  const ahead = seqDiff(urgent.seq, readNext(tcb));
  return ahead < 0 || ahead >= queue.length ? queue.length : ahead;
}

/** Reads up to the mark, or from behind it. @returns how many bytes were copied, and how many left the queue. */
export function readAroundMark(
  tcb: Tcb,
  mark: UrgentMark,
  into: Uint8Array,
  peek: boolean,
): { readonly copied: number; readonly gone: number } {
  const { queue, options } = tcb;
  const ahead = seqDiff(mark.seq, readNext(tcb));
  const before = queue.length;
  const most = ahead > 0 ? Math.min(into.length, ahead) : into.length;
  const apart = ahead === 0 && !options.urgentInline && before > 0;
  const copied = apart ? readBehind(queue, into, peek) : queue.read(into.subarray(0, most), peek);
  if (!peek && seqLess(mark.seq, readNext(tcb))) tcb.urgent = null;
  return { copied, gone: before - queue.length };
}

function readBehind(queue: ReceiveQueue, into: Uint8Array, peek: boolean): number {
  if (!peek) {
    queue.skip(1);
    return queue.read(into, false);
  }
  const all = new Uint8Array(Math.min(into.length + 1, queue.length));
  queue.read(all, true);
  into.set(all.subarray(1));
  return all.length - 1;
}

/** The program has written urgent data: its last byte is the one (RFC 9293 section 3.8.5; Linux: tcp_mark_urg). */
export function markUrgent(tcb: Tcb): void {
  tcb.sndUrgent = tcb.bufferEnd;
}

/** Whether urgent data is unacknowledged: it does not wait to fill a segment. */
export function isUrgent(tcb: Tcb): boolean {
  if (tcb.sndUrgent === null) return false;
  if (seqLess(tcb.sndUna, tcb.sndUrgent)) return true;
  tcb.sndUrgent = null;
  return false;
}

/**
 * @returns the urgent pointer of a segment that begins at `seq`, 0 for none: as far as it can point, when the urgent
 * byte is farther away but on its way (Linux: __tcp_transmit_skb).
 */
export function urgentPointer(tcb: Tcb, seq: Sequence): number {
  const end = tcb.sndUrgent;
  if (end === null || !isUrgent(tcb) || !seqLess(seq, end)) return 0;
  const ahead = seqDiff(end, seq);
  if (ahead <= FARTHEST) return ahead;
  return seqLess(tcb.sndNxt, seqAdd(seq, FARTHEST)) ? FARTHEST : 0;
}
