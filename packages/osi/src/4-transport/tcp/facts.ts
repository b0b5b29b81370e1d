import type { Nanoseconds } from '../../time/index.ts';
import { Trouble } from './trouble.ts';

/**
 * What is true or false of a connection, each a bit of one number; and what is known of its troubles, for which there
 * is room only once it has had any. As fields of their own these would be a tenth of an idle connection's memory.
 */
export abstract class Facts {
  #bits = 0;
  #trouble: Trouble | null = null;

  /** No program has it any more: it only brings itself to an end. */
  get orphan(): boolean {
    return (this.#bits & 0x1) !== 0;
  }

  set orphan(on: boolean) {
    this.#bits = on ? this.#bits | 0x1 : this.#bits & ~0x1;
  }

  /** The program has read all it wants: it has closed, or said so. */
  get receiveShutdown(): boolean {
    return (this.#bits & 0x2) !== 0;
  }

  set receiveShutdown(on: boolean) {
    this.#bits = on ? this.#bits | 0x2 : this.#bits & ~0x2;
  }

  /** The program has filled it, and is told when there is room again. */
  get bufferFull(): boolean {
    return (this.#bits & 0x4) !== 0;
  }

  set bufferFull(on: boolean) {
    this.#bits = on ? this.#bits | 0x4 : this.#bits & ~0x4;
  }

  /** FIN follows the last byte in the buffer. */
  get finQueued(): boolean {
    return (this.#bits & 0x8) !== 0;
  }

  set finQueued(on: boolean) {
    this.#bits = on ? this.#bits | 0x8 : this.#bits & ~0x8;
  }

  /** Of the last window's worth of segments: the congestion window held it back. */
  get cwndLimited(): boolean {
    return (this.#bits & 0x20) !== 0;
  }

  set cwndLimited(on: boolean) {
    this.#bits = on ? this.#bits | 0x20 : this.#bits & ~0x20;
  }

  /** Selective acknowledgment is offered (in SYN_SENT) or agreed on (RFC 2018). */
  get sack(): boolean {
    return (this.#bits & 0x40) !== 0;
  }

  set sack(on: boolean) {
    this.#bits = on ? this.#bits | 0x40 : this.#bits & ~0x40;
  }

  /** RACK (RFC 8985): something has arrived since losses were looked for. */
  get rackMoved(): boolean {
    return (this.#bits & 0x80) !== 0;
  }

  set rackMoved(on: boolean) {
    this.#bits = on ? this.#bits | 0x80 : this.#bits & ~0x80;
  }

  /** Window scaling is offered (in SYN_SENT) or agreed on. */
  get scaling(): boolean {
    return (this.#bits & 0x100) !== 0;
  }

  set scaling(on: boolean) {
    this.#bits = on ? this.#bits | 0x100 : this.#bits & ~0x100;
  }

  /** The peer's FIN is in, and everything before it. */
  get finReceived(): boolean {
    return (this.#bits & 0x200) !== 0;
  }

  set finReceived(on: boolean) {
    this.#bits = on ? this.#bits | 0x200 : this.#bits & ~0x200;
  }

  /** An acknowledgment is owed. */
  get ackPending(): boolean {
    return (this.#bits & 0x400) !== 0;
  }

  set ackPending(on: boolean) {
    this.#bits = on ? this.#bits | 0x400 : this.#bits & ~0x400;
  }

  /** What came has filled a gap, in part at least. */
  get gapFilled(): boolean {
    return (this.#bits & 0x800) !== 0;
  }

  set gapFilled(on: boolean) {
    this.#bits = on ? this.#bits | 0x800 : this.#bits & ~0x800;
  }

  /** The program answers what it gets: acknowledgments can ride on its data. */
  get interactive(): boolean {
    return (this.#bits & 0x1000) !== 0;
  }

  set interactive(on: boolean) {
    this.#bits = on ? this.#bits | 0x1000 : this.#bits & ~0x1000;
  }

  /** A segment smaller than full has come since the last acknowledgment: the sender waits for nothing more. */
  get pushed(): boolean {
    return (this.#bits & 0x2000) !== 0;
  }

  set pushed(on: boolean) {
    this.#bits = on ? this.#bits | 0x2000 : this.#bits & ~0x2000;
  }

  /** Timestamps are offered (in SYN_SENT) or agreed on (RFC 7323). */
  get timestamps(): boolean {
    return (this.#bits & 0x4000) !== 0;
  }

  set timestamps(on: boolean) {
    this.#bits = on ? this.#bits | 0x4000 : this.#bits & ~0x4000;
  }

  /** Segments may go down together, their checksums not computed: the path begins with a cable that has offload. */
  get offload(): boolean {
    return (this.#bits & 0x10) !== 0;
  }

  set offload(on: boolean) {
    this.#bits = on ? this.#bits | 0x10 : this.#bits & ~0x10;
  }

  /** A program waits to write: what it writes will carry the acknowledgment of the peer's SYN. */
  get writePending(): boolean {
    return (this.#bits & 0x8000) !== 0;
  }

  set writePending(on: boolean) {
    this.#bits = on ? this.#bits | 0x8000 : this.#bits & ~0x8000;
  }

  /** All it does is wait: `orphan-count.ts`. */
  get aside(): boolean {
    return (this.#bits & 0x10000) !== 0;
  }

  set aside(on: boolean) {
    this.#bits = on ? this.#bits | 0x10000 : this.#bits & ~0x10000;
  }

  /** In SYN_RECV: the peer has acknowledged our SYN, and data is waited for (TCP_DEFER_ACCEPT). */
  get deferred(): boolean {
    return (this.#bits & 0x20000) !== 0;
  }

  set deferred(on: boolean) {
    this.#bits = on ? this.#bits | 0x20000 : this.#bits & ~0x20000;
  }

  /** The peer has called. */
  get passive(): boolean {
    return (this.#bits & 0x40000) !== 0;
  }

  set passive(on: boolean) {
    this.#bits = on ? this.#bits | 0x40000 : this.#bits & ~0x40000;
  }

  get softError(): number {
    return this.#trouble === null ? 0 : this.#trouble.softError;
  }

  set softError(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().softError = value;
  }

  get endedBy(): number {
    return this.#trouble === null ? 0 : this.#trouble.endedBy;
  }

  set endedBy(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().endedBy = value;
  }

  get backoff(): number {
    return this.#trouble === null ? 0 : this.#trouble.backoff;
  }

  set backoff(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().backoff = value;
  }

  get retransmits(): number {
    return this.#trouble === null ? 0 : this.#trouble.retransmits;
  }

  set retransmits(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().retransmits = value;
  }

  get retransmittingSince(): Nanoseconds {
    return this.#trouble === null ? 0 : this.#trouble.retransmittingSince;
  }

  set retransmittingSince(value: Nanoseconds) {
    if (this.#trouble === null && value === 0) return;
    this.#had().retransmittingSince = value;
  }

  get totalRetransmits(): number {
    return this.#trouble === null ? 0 : this.#trouble.totalRetransmits;
  }

  set totalRetransmits(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().totalRetransmits = value;
  }

  get probes(): number {
    return this.#trouble === null ? 0 : this.#trouble.probes;
  }

  set probes(value: number) {
    if (this.#trouble === null && value === 0) return;
    this.#had().probes = value;
  }

  get probingSince(): Nanoseconds {
    return this.#trouble === null ? 0 : this.#trouble.probingSince;
  }

  set probingSince(value: Nanoseconds) {
    if (this.#trouble === null && value === 0) return;
    this.#had().probingSince = value;
  }

  get lastChallengeAt(): Nanoseconds {
    return this.#trouble === null ? Number.NEGATIVE_INFINITY : this.#trouble.lastChallengeAt;
  }

  set lastChallengeAt(value: Nanoseconds) {
    if (this.#trouble === null && value === Number.NEGATIVE_INFINITY) return;
    this.#had().lastChallengeAt = value;
  }

  #had(): Trouble {
    this.#trouble ??= new Trouble();
    return this.#trouble;
  }
}
