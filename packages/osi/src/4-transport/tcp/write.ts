import type { EventId } from '../../trace/index.ts';
import { noteWriting } from './delivery-rate.ts';
import { start } from './limits.ts';
import { PUSHED, RECORD_END, type SendChunks } from './send-chunks.ts';
import { memoryFree, tailLength } from './send-space.ts';
import { bound, output, pushOne, type Sizes, segmentSize, usual } from './sender.ts';
import { seqDiff } from './sequence.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb } from './tcb.ts';
import { markUrgent } from './urgent.ts';

/** The most data in a packet for segmentation offload: 64 KiB less Linux's MAX_TCP_HEADER + 1 (sk_setup_caps), in bytes. */
const MOST = 65_536 - 321;

/** MSG_MORE: a segment that these bytes do not fill waits. */
export const WRITE_MORE = 1;
/** MSG_OOB: the last byte is urgent data (RFC 9293 section 3.8.5). */
export const WRITE_URGENT = 2;
/** MSG_EOR: what is written next shares no segment with these bytes. */
export const WRITE_RECORD_END = 4;

/**
 * Takes bytes of the program into the send buffer, as Linux's tcp_sendmsg: in chunks of as many full segments as go down
 * together, each sent as soon as it is full. When there is no room for another chunk it stops.
 * @param how bits `WRITE_…`. @returns how many bytes it took.
 */
export function write(tcb: Tcb, bytes: Uint8Array, origin: EventId, how: number): number {
  const mss = segmentSize(tcb);
  const urgent = (how & WRITE_URGENT) !== 0;
  const goal = urgent ? mss : Math.max(mss, Math.floor(bound(tcb, MOST) / mss) * mss);
  noteWriting(tcb, tcb.tally ?? tallyOf(tcb), seqDiff(tcb.bufferEnd, tcb.sndNxt));
  let { chunks } = tcb;
  let done = 0;
  while (done < bytes.length) {
    let tail = chunks === null ? 0 : tailLength(tcb, chunks);
    const open = tail > 0 && chunks !== null && (chunks.marks(chunks.count - 1) & RECORD_END) === 0;
    if (!open || tail >= goal) {
      if (!memoryFree(tcb)) break;
      chunks ??= tcb.chunks = tcb.host.chunks.take();
      if (tcb.buffer.length === 0) start(tcb, 'network');
      chunks.add(tcb.bufferEnd);
      tail = 0;
    }
    const count = Math.min(goal - tail, bytes.length - done);
    tcb.enqueue(count === bytes.length ? bytes : bytes.subarray(done, done + count), origin);
    const into = chunks as SendChunks;
    into.extend(tcb.bufferEnd, done === 0);
    done += count;
    if (done === bytes.length) {
      if ((how & WRITE_RECORD_END) !== 0) into.markLast(RECORD_END);
      break;
    }
    if (tail + count < goal) continue;
    if (mustPush(tcb)) {
      pushTail(tcb, into);
      output(tcb, 'any');
    } else if (isHead(tcb, into)) {
      pushOne(tcb);
    }
    // All of it may have been acknowledged already, over loopback.
    chunks = tcb.chunks;
  }
  if (done < bytes.length) tcb.bufferFull = true;
  if (done > 0) push(tcb, how, done === bytes.length);
  return done;
}

/** Takes bytes that go out together, at once: data in a SYN. */
export function append(tcb: Tcb, bytes: Uint8Array, origin: EventId): void {
  start(tcb, 'network');
  tcb.enqueue(bytes, origin);
  tcb.chunks ??= tcb.host.chunks.take();
  tcb.chunks.add(tcb.bufferEnd);
  pushTail(tcb, tcb.chunks);
}

/** The write is over (Linux: tcp_push): its last segment says so, and goes as Nagle's rule and the program allow. */
function push(tcb: Tcb, how: number, complete: boolean): void {
  const more = complete && (how & WRITE_MORE) !== 0;
  const { chunks } = tcb;
  if (chunks !== null && chunks.count > 0 && (!more || mustPush(tcb))) pushTail(tcb, chunks);
  if ((how & WRITE_URGENT) !== 0) markUrgent(tcb);
  const sizes: Sizes = more ? 'full' : complete ? usual(tcb) : 'any';
  output(tcb, sizes);
}

function pushTail(tcb: Tcb, chunks: SendChunks): void {
  chunks.markLast(PUSHED);
  tcb.pushedSeq = tcb.bufferEnd;
}

/** Whether nothing of the chunks before the last one waits to be sent. */
function isHead(tcb: Tcb, chunks: SendChunks): boolean {
  chunks.sent(tcb.sndNxt);
  return chunks.next === chunks.count - 1;
}

/** Half of the largest window was written without a PSH (Linux: forced_push). */
const mustPush = (tcb: Tcb): boolean => seqDiff(tcb.bufferEnd, tcb.pushedSeq) > tcb.maxWindow >> 1;
