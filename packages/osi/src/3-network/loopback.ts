import { type Frame, type FramePool, Port, type PortOwner } from '../1-physical/index.ts';
import {
  checkEthernet,
  ETHERNET_HEADER,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  type FrameWatcher,
  type Link,
  type LinkUpcalls,
  type MacAddress,
  NULL_MAC,
  noStatistics,
  PACKET_HOST,
  PACKET_OUTGOING,
  readEtherType,
  writeEthernet,
} from '../2-datalink/index.ts';
import type { Simulation, Timer } from '../time/index.ts';
import type { Tracer } from '../trace/index.ts';

/** Linux's MTU of `lo`: what a machine says to itself is hardly ever cut. */
const LOOPBACK_MTU = 65_536;

/**
 * The interface `lo`: what it sends it receives, at the same virtual time but never inside the sender's call.
 * Its frames are recorded like any others, with an Ethernet header of zero addresses as Linux shows them.
 */
export class Loopback implements Link, PortOwner {
  readonly name = 'lo';
  readonly index = 1;
  readonly mac = NULL_MAC;
  readonly loopback = true;
  /** Linux's has it; here what a machine says to itself is seen as it would cross a cable. */
  readonly offload = false;
  receiveOffload = true;
  readonly neighbours = null;
  readonly statistics = noStatistics();
  readonly port: Port;
  watcher: FrameWatcher | null = null;
  readonly #up: LinkUpcalls;
  #mtu = LOOPBACK_MTU;
  #first: Frame | null = null;
  #last: Frame | null = null;
  readonly #sim: Simulation;
  /** Made with the first frame. */
  #arrival: Timer | null = null;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, upcalls: LinkUpcalls) {
    this.#up = upcalls;
    this.#sim = sim;
    this.port = new Port('lo', tracer, pool);
    this.port.attach(this);
    this.port.plug({ bandwidth: Number.POSITIVE_INFINITY, send: (frame) => this.#carry(frame) });
  }

  get mtu(): number {
    return this.#mtu;
  }

  setMtu(mtu: number): void {
    if (!Number.isInteger(mtu) || mtu < 68 || mtu > LOOPBACK_MTU) {
      throw new RangeError(`mtu of lo: expected 68 to ${LOOPBACK_MTU} bytes, found ${mtu}`);
    }
    this.#mtu = mtu;
  }

  get up(): boolean {
    return this.port.enabled;
  }

  get carrier(): boolean {
    return this.port.carrier;
  }

  /** What it sends it hears, whatever the address. */
  setGroup(): void {}
  setPromiscuous(): void {}
  hearAllGroups(): void {}

  setUp(up: boolean): void {
    if (up === this.up) return;
    this.port.setEnabled(up);
    const { tracer } = this.port;
    if (tracer.on) {
      tracer.write({ kind: 'table', table: 'link', change: 'update', key: 'lo', value: up ? 'up' : 'down' });
    }
    this.#up.linkChanged(this);
  }

  send(frame: Frame): void {
    this.transmit(frame, NULL_MAC, ETHERTYPE_IPV4);
  }

  transmit(frame: Frame, _destination: MacAddress, etherType: number): void {
    frame.start -= ETHERNET_HEADER;
    writeEthernet(frame.view, frame.start, NULL_MAC, NULL_MAC, etherType);
    this.sendFrame(frame);
  }

  sendFrame(frame: Frame): void {
    if (this.watcher !== null) this.watcher.watch(this, frame, PACKET_OUTGOING, NULL_MAC);
    this.statistics.txPackets++;
    this.statistics.txBytes += frame.length;
    this.port.transmit(frame);
  }

  receive(port: Port, frame: Frame): void {
    if (checkEthernet(frame.view, frame.start, frame.end) !== null) {
      port.drop(frame, 'ethernet.truncated');
      return;
    }
    this.statistics.rxPackets++;
    this.statistics.rxBytes += frame.length;
    if (this.watcher !== null) this.watcher.watch(this, frame, PACKET_HOST, NULL_MAC);
    const etherType = readEtherType(frame.view, frame.start);
    frame.start += ETHERNET_HEADER;
    if (etherType === ETHERTYPE_IPV4) this.#up.ip.receive(this, frame, false);
    else if (etherType === ETHERTYPE_IPV6) this.#up.receive6?.(this, frame, false);
    else port.drop(frame, 'ethernet.unknown-type');
  }

  #carry(frame: Frame): void {
    frame.next = null;
    if (this.#last === null) this.#first = frame;
    else this.#last.next = frame;
    this.#last = frame;
    this.#arrival ??= this.#sim.timer(() => this.#deliver());
    if (!this.#arrival.running) this.#arrival.start(0);
  }

  /** Delivers what was sent until now; what that makes the stack send arrives in another event. */
  #deliver(): void {
    let frame = this.#first;
    this.#first = null;
    this.#last = null;
    while (frame !== null) {
      const { next } = frame;
      frame.next = null;
      this.port.receive(frame);
      frame = next;
    }
  }
}
