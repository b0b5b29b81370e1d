import type { Frame, Medium, Port } from '../../src/1-physical/index.ts';
import type { Random } from '../../src/time/index.ts';
import { ACK, FIN, placesOf, SYN, TCP, viewOf } from './packets.ts';

const REMEMBERED_FRAMES = 256;
const REMEMBERED_FLOWS = 256;
const LONGEST = 2000;

/** One direction of a TCP connection, as its latest segments tell. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly fromPort: number;
  readonly toPort: number;
  /** Behind the last byte ever sent, FIN and SYN counted. */
  end: number;
  ack: number;
  flags: number;
  /** -1 without timestamps. */
  timestamp: number;
}

/** What somebody who hears everything knows: the latest frames, and where each connection stands. */
export class Ear {
  /** The latest frames, each in a place that is used again. */
  readonly #frames: Uint8Array[] = [];
  readonly #lengths: number[] = [];
  readonly #flows = new Map<string, Flow>();
  #list: Flow[] = [];
  #next = 0;

  /** Listens to what a port sends. What it only forwards tells nothing of a connection: it may be forged. */
  tap(port: Port, medium: Medium, address: number): void {
    const heard = (frame: Frame): void => this.#hear(frame.data(), address);
    port.plug({
      send: (frame) => {
        heard(frame);
        medium.send(frame);
      },
      get bandwidth() {
        return medium.bandwidth;
      },
      get carrier() {
        return medium.carrier ?? true;
      },
      portChanged: () => medium.portChanged?.(),
    });
  }

  #hear(bytes: Uint8Array, address: number): void {
    if (bytes.length > LONGEST) return;
    const place = this.#next;
    this.#next = (place + 1) % REMEMBERED_FRAMES;
    (this.#frames[place] ??= new Uint8Array(LONGEST)).set(bytes);
    this.#lengths[place] = bytes.length;
    if (bytes.length >= 54 && bytes[23] === TCP) this.#follow(bytes, address);
  }

  /** A copy of a frame heard lately. */
  frame(random: Random): Uint8Array | null {
    const place = random.below(Math.max(1, this.#frames.length));
    return this.#frames[place]?.slice(0, this.#lengths[place]) ?? null;
  }

  /** A direction of a connection heard of lately. */
  flow(random: Random): Flow | null {
    return this.#list[random.below(Math.max(1, this.#list.length))] ?? null;
  }

  opposite(flow: Flow): Flow | undefined {
    return this.#flows.get(keyOf(flow.to, flow.toPort, flow.from, flow.fromPort));
  }

  #follow(bytes: Uint8Array, address: number): void {
    const { ip, transport, end, protocol, fragment } = placesOf(bytes);
    if (protocol !== TCP || fragment || end - transport < 20) return;
    const view = viewOf(bytes);
    const from = view.getUint32(ip + 12);
    if (from !== address) return;
    const to = view.getUint32(ip + 16);
    const fromPort = view.getUint16(transport);
    const toPort = view.getUint16(transport + 2);
    const flags = view.getUint8(transport + 13);
    const header = (view.getUint8(transport + 12) >> 4) * 4;
    const seq = view.getInt32(transport + 4);
    const length = end - transport - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    const behind = (seq + length) | 0;
    const key = keyOf(from, fromPort, to, toPort);
    let flow = this.#flows.get(key);
    if (flow === undefined || (flags & SYN) !== 0) {
      flow = { from, to, fromPort, toPort, end: behind, ack: 0, flags, timestamp: -1 };
      this.#flows.set(key, flow);
      if (this.#flows.size > REMEMBERED_FLOWS) this.#flows.delete(this.#flows.keys().next().value as string);
      this.#list = [...this.#flows.values()];
    }
    if (((behind - flow.end) | 0) > 0) flow.end = behind;
    flow.flags = flags;
    if ((flags & ACK) !== 0) flow.ack = view.getInt32(transport + 8);
    if (header >= 32) {
      const last = transport + header - 10;
      if (view.getUint16(last) === 0x080a) flow.timestamp = view.getInt32(last + 2);
    }
  }
}

const keyOf = (from: number, fromPort: number, to: number, toPort: number): string =>
  `${from}:${fromPort}>${to}:${toPort}`;
