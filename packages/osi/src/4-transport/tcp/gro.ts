import type { Frame } from '../../1-physical/index.ts';
import { type Simulation, Timed } from '../../time/index.ts';
import type { EventId, Tracer } from '../../trace/index.ts';
import { decideAcknowledgment, noteData } from './acknowledgment.ts';
import { PSH, type Segment } from './codec.ts';
import { append } from './receiver.ts';
import { noteArrival } from './right-sizing.ts';
import type { ReceiveOffload, Tcb } from './tcb.ts';

/** The most bytes that are taken as one (Linux: GRO_MAX_SIZE). */
const MOST = 65_536;

/**
 * Generic receive offload: data segments of one connection that arrive in one instant, one behind the other, are to TCP
 * what one large segment is. They are acknowledged together and the program is told once (Linux: tcp_gro_receive).
 *
 * Only what header prediction lets pass is joined (`fastPath`): in order, with the same acknowledgment and window.
 * On a cable with a bandwidth each segment arrives in an instant of its own, so nothing is joined there.
 */
export class Gro extends Timed implements ReceiveOffload {
  /** Whose segments are being joined; null while nobody's are. */
  #tcb: Tcb | null = null;
  /** Of each segment but perhaps the last, in bytes; and of all so far. */
  #size = 0;
  #total = 0;
  #timestamp = 0;
  #tos = 0;
  /** The arrival of the last one: what follows of them all follows of it. */
  #cause: EventId = 0;
  readonly #tracer: Tracer;

  constructor(sim: Simulation, tracer: Tracer) {
    super(sim);
    this.#tracer = tracer;
  }

  /** Begins with a segment behind which others arrive, its data from `frame.start` on. @returns whether it was taken over. */
  begins(tcb: Tcb, frame: Frame, segment: Segment): boolean {
    if (!frame.followed || (segment.flags & PSH) !== 0 || frame.segments > 1) return false;
    this.#tcb = tcb;
    this.#size = frame.length;
    this.#total = 0;
    this.#timestamp = segment.timestamp;
    this.#tos = segment.tos;
    this.start(0);
    this.#add(tcb, frame);
    return true;
  }

  /** Joins a segment to those before it, or ends these. @returns whether it was taken over. */
  joins(tcb: Tcb, frame: Frame, segment: Segment): boolean {
    if (this.#tcb === null) return false;
    const size = frame.length;
    const alike =
      this.#tcb === tcb &&
      size <= this.#size &&
      this.#total + size < MOST &&
      segment.timestamp === this.#timestamp &&
      segment.tos === this.#tos &&
      frame.segments === 1;
    if (!alike) {
      this.#finish();
      return false;
    }
    const last = !frame.followed || size < this.#size || (segment.flags & PSH) !== 0;
    this.#add(tcb, frame);
    if (last) this.#finish();
    return true;
  }

  /** Something else arrives for a connection: first comes what follows of the segments that were joined. */
  end(tcb: Tcb): void {
    if (this.#tcb === tcb) this.#finish();
  }

  /** Nothing else has arrived in this instant. */
  protected expired(): void {
    const tcb = this.#tcb;
    if (tcb === null) return;
    this.#tracer.within(this.#cause, () => {
      this.#finish();
      if (tcb.state !== 'CLOSED') tcb.show();
    });
  }

  #add(tcb: Tcb, frame: Frame): void {
    this.#total += frame.length;
    this.#cause = this.#tracer.cause;
    append(tcb, frame);
  }

  #finish(): void {
    const tcb = this.#tcb;
    if (tcb === null) return;
    this.#tcb = null;
    this.stop();
    // The program may have closed meanwhile.
    if (tcb.state === 'CLOSED') return;
    noteData(tcb, this.#size, this.#total);
    noteArrival(tcb);
    // Or sent something, which has acknowledged them.
    if (tcb.rcvWup === tcb.rcvNxt) tcb.ackPending = false;
    decideAcknowledgment(tcb);
    tcb.user?.readable();
  }
}
