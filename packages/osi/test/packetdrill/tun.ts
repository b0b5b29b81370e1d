import type { Frame } from '../../src/1-physical/index.ts';
import { type Link, NULL_MAC, noStatistics } from '../../src/2-datalink/index.ts';
import { TCP_OFFLOAD } from '../../src/4-transport/tcp/segmentation.ts';
import type { Stack } from '../../src/5-session/index.ts';
import { readPacket, type Sniffed } from './packet.ts';

/**
 * The interface `tun0` of the stack under test: IP packets without a link layer, as Linux's tun device carries them.
 * What the stack sends waits in `sent`; what a script sends is handed to the stack at once.
 */
export class Tun implements Link {
  readonly name = 'tun0';
  readonly index = 2;
  readonly mac = NULL_MAC;
  readonly up = true;
  readonly carrier = true;
  readonly loopback = false;
  readonly offload = false;
  receiveOffload = true;
  readonly neighbours = null;
  readonly statistics = noStatistics();
  readonly sent: Sniffed[] = [];
  /** A queue that takes nothing: `tc qdisc … pfifo limit 0`. */
  blocked = false;
  readonly #stack: Stack;
  #mtu: number;

  constructor(stack: Stack, mtu: number) {
    this.#stack = stack;
    this.#mtu = mtu;
    stack.ip.addLink(this);
    stack.config6.attach(this);
  }

  get mtu(): number {
    return this.#mtu;
  }

  setMtu(mtu: number): void {
    this.#mtu = mtu;
  }

  setGroup(): void {}
  setPromiscuous(): void {}
  hearAllGroups(): void {}
  watcher = null;
  sendFrame(frame: Frame): void {
    frame.release();
  }

  setUp(): void {}

  transmit(frame: Frame): void {
    this.send(frame);
  }

  send(frame: Frame): void {
    const bytes = frame.data().slice();
    const packet = this.blocked ? null : readPacket(bytes);
    if (packet !== null) this.sent.push({ at: this.#stack.sim.now, packet, bytes });
    else if (this.blocked && frame.refusal !== null) frame.refusal.frame = frame;
    frame.release();
  }

  /**
   * @param length of the data in it. @param mss that of the segments which receive offload has joined, if it is longer (in Linux
   * `gso_size`); null when it is one segment in any case.
   */
  inject(bytes: Uint8Array, length: number, mss: number | null): void {
    const frame = this.#stack.pool.take(bytes.length);
    frame.bytes.set(bytes, frame.start);
    frame.end = frame.start + bytes.length;
    if (mss !== null && length > mss) {
      frame.offload = TCP_OFFLOAD;
      frame.segments = Math.ceil(length / mss);
      frame.segmentSize = mss;
    }
    if (frame.view.getUint8(frame.start) >>> 4 === 6) this.#stack.ip6.receive(this, frame, false);
    else this.#stack.ip.receive(this, frame, false);
  }
}
