import type { Frame } from '../../../1-physical/index.ts';
import { FIN, type Segment } from '../codec.ts';
import { finArrived } from '../receiver.ts';
import { seqAdd } from '../sequence.ts';
import { tallyOf } from '../tally-of.ts';
import type { Tcb } from '../tcb.ts';
import type { FastOpen } from './state.ts';

/** The data of a segment with SYN is the first of the stream (Linux: tcp_fastopen_add_skb). Takes the frame over. */
export function takeSynData(tcb: Tcb, fast: FastOpen, frame: Frame, segment: Segment): void {
  const size = segment.dataEnd - segment.dataStart;
  if (size === 0) {
    frame.release();
  } else {
    frame.start = segment.dataStart;
    tcb.rcvNxt = seqAdd(tcb.rcvNxt, size);
    const tally = tallyOf(tcb);
    tally.bytesReceived += size;
    tally.dataSegmentsIn++;
    tcb.receiving.push(frame);
    fast.dataTaken = true;
  }
  if ((segment.flags & FIN) !== 0) finArrived(tcb);
}
