import { dropFrame, type Frame } from '../../1-physical/index.ts';
import type { Nanoseconds, Random, Simulation } from '../../time/index.ts';
import type { TableChanged, Tracer } from '../../trace/index.ts';
import { formatMac, type MacAddress, NULL_MAC } from '../ethernet/mac-address.ts';
import { NEIGHBOUR_DEFAULTS, Neighbour, type NeighbourParameters, type NeighbourState } from './neighbour.ts';
import { NeighbourTimer, type TimerKeeper } from './timer.ts';

/** How a protocol that finds neighbours is called in the record. */
export interface NeighbourNames {
  readonly table: TableChanged['table'];
  /** Its stream of chance, for each port. */
  readonly random: string;
  /** Its timers, and its reasons to drop a packet that waits. */
  readonly request: string;
  readonly age: string;
  readonly queueFull: string;
  readonly tableFull: string;
  readonly flushed: string;
}

/** What the cache needs done. `A`: addresses of the protocol above. */
export interface NeighbourActions<A> {
  /** A key for a map: the same for two addresses only if they are the same. */
  key(address: A): number | string;
  /** Asks who has an address: everybody, or with a MAC that one station. @param waiting the first packet that waits. */
  request(address: A, mac: MacAddress | null, waiting: Frame | null): void;
  /** Sends a packet to a station; takes the frame over. */
  transmit(frame: Frame, mac: MacAddress): void;
  /** The address did not answer; takes over the packet that waited for it. */
  unresolved(frame: Frame, address: A): void;
  format(address: A): string;
}

/**
 * Which MAC address an address on the link has, as Linux's neighbour table keeps it (net/core/neighbour.c).
 *
 * A packet that had to wait is sent under the cause under which it came: it says why it was made, and the
 * ARP exchange before it in the record says what it waited for.
 */
export class NeighbourCache<A> implements TimerKeeper<A> {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #port: string;
  readonly #names: NeighbourNames;
  readonly #actions: NeighbourActions<A>;
  readonly #table = new Map<number | string, Neighbour<A>>();
  /** Who was sent to last: on most links it is always the same. */
  #latest: Neighbour<A> | null = null;
  /** All that are as Linux has them share one object. */
  #parameters: NeighbourParameters = NEIGHBOUR_DEFAULTS;
  #random: Random | null = null;
  #reachableTime: Nanoseconds = 0;
  /** Of what it was drawn, and until when it holds. */
  #drawnOf: Nanoseconds = 0;
  #redrawAt: Nanoseconds = 0;

  constructor(
    sim: Simulation,
    tracer: Tracer,
    port: string,
    names: NeighbourNames,
    actions: NeighbourActions<A>,
  ) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#port = port;
    this.#names = names;
    this.#actions = actions;
  }

  /** `net.ipv4.neigh.<interface>.*`, to be changed. */
  get parameters(): NeighbourParameters {
    if (this.#parameters === NEIGHBOUR_DEFAULTS) this.#parameters = { ...NEIGHBOUR_DEFAULTS };
    return this.#parameters;
  }

  /** What is known, in the order in which it was learned. */
  entries(): Iterable<Readonly<Neighbour<A>>> {
    return this.#table.values();
  }

  get(address: A): Readonly<Neighbour<A>> | undefined {
    return this.#table.get(this.#actions.key(address));
  }

  /** Whom packets to an address on this link go to just now; null when `send` has to be asked. */
  ready(address: A): Neighbour<A> | null {
    let neighbour = this.#latest;
    if (neighbour === null || neighbour.address !== address) {
      neighbour = this.#table.get(this.#actions.key(address)) ?? null;
      if (neighbour === null) return null;
      this.#latest = neighbour;
    }
    return neighbour.ready ? neighbour : null;
  }

  /** Sends a packet to an address on this link, now or when its MAC is known; takes the frame over. */
  send(frame: Frame, address: A): void {
    const ready = this.ready(address);
    if (ready !== null) {
      ready.used = this.#sim.now;
      this.#actions.transmit(frame, ready.mac);
      return;
    }
    const neighbour = this.#table.get(this.#actions.key(address)) ?? this.#create(address, frame);
    if (neighbour === null) return;
    neighbour.used = this.#sim.now;
    switch (neighbour.state) {
      case 'STALE':
        this.#delay(neighbour);
        this.#actions.transmit(frame, neighbour.mac);
        return;
      case 'INCOMPLETE':
        this.#wait(neighbour, frame);
        return;
      case 'FAILED':
        this.#become(neighbour, 'INCOMPLETE');
        this.#wait(neighbour, frame);
        this.#ask(neighbour);
        return;
    }
  }

  /** Asks for an address that nothing is sent to yet, unless it is known or asked for already (`neigh_event_send`). */
  resolve(address: A): void {
    const known = this.#table.get(this.#actions.key(address));
    if (known === undefined) this.#create(address, null);
    else if (known.state === 'FAILED') {
      this.#become(known, 'INCOMPLETE');
      this.#ask(known);
    }
  }

  /**
   * Takes in what a message says of a neighbour (`neigh_update`).
   * @param create whether an unknown sender is remembered. @param answer a reply to us alone: it proves that the
   * neighbour hears us too. @param override whether a MAC that is known may be replaced at once.
   */
  learn(address: A, mac: MacAddress, create: boolean, answer: boolean, override: boolean): void {
    let neighbour = this.#table.get(this.#actions.key(address));
    const { now } = this.#sim;
    if (neighbour === undefined) {
      if (!create || !this.#makeRoom()) return;
      neighbour = new Neighbour(address);
      this.#table.set(this.#actions.key(address), neighbour);
      neighbour.mac = mac;
      neighbour.updated = now;
      this.#become(neighbour, 'STALE', 'add');
      return;
    }
    const { state } = neighbour;
    if (state === 'PERMANENT') return;
    const valid = state !== 'INCOMPLETE' && state !== 'FAILED';
    const changed = neighbour.mac !== mac;
    if (valid && changed && !override) {
      if (this.#names.table === 'neighbour') {
        // Doubt is all that is left of what was known (RFC 4861 section 7.2.5, NEIGH_UPDATE_F_WEAK_OVERRIDE).
        if (state === 'REACHABLE') {
          neighbour.timer?.stop();
          this.#become(neighbour, 'STALE');
        }
        return;
      }
      if (now < neighbour.updated + this.#parameters.lockTime) return;
    }
    if (answer) neighbour.confirmed = now;
    // A mere sign of life does not take back what a confirmation gave, nor does it end a probe of the same MAC.
    if (valid && !changed && !answer) return;
    neighbour.mac = mac;
    if (changed) neighbour.updated = now;
    neighbour.timer?.stop();
    if (answer) {
      if (changed || state !== 'REACHABLE') this.#become(neighbour, 'REACHABLE');
      this.#startTimer(neighbour, this.#drawReachableTime());
    } else {
      this.#become(neighbour, 'STALE');
    }
    this.#sendWaiting(neighbour);
  }

  /** A higher layer knows that what it sent to `address` arrived: no probe is needed (RFC 1122 section 2.3.2.1). */
  confirm(address: A): void {
    const latest = this.#latest;
    const known = latest !== null && latest.address === address;
    const neighbour = known ? latest : this.#table.get(this.#actions.key(address));
    if (neighbour === undefined) return;
    const { state } = neighbour;
    if (state === 'INCOMPLETE' || state === 'FAILED' || state === 'PERMANENT') return;
    neighbour.confirmed = this.#sim.now;
  }

  /** `ip neigh replace … nud permanent`. */
  setPermanent(address: A, mac: MacAddress): void {
    const known = this.#table.get(this.#actions.key(address));
    const neighbour = known ?? new Neighbour(address);
    this.#table.set(this.#actions.key(address), neighbour);
    neighbour.timer?.stop();
    neighbour.mac = mac;
    neighbour.updated = this.#sim.now;
    this.#become(neighbour, 'PERMANENT', known === undefined ? 'add' : 'update');
    this.#sendWaiting(neighbour);
  }

  /** `ip neigh del`. @returns false when there is none. Packets that wait are dropped. */
  remove(address: A): boolean {
    const neighbour = this.#table.get(this.#actions.key(address));
    if (neighbour === undefined) return false;
    neighbour.timer?.stop();
    // Whoever remembers it as ready does no longer.
    neighbour.state = 'FAILED';
    this.#table.delete(this.#actions.key(address));
    if (this.#latest === neighbour) this.#latest = null;
    for (let frame = neighbour.dequeue(); frame !== null; frame = neighbour.dequeue()) {
      dropFrame(this.#tracer, this.#port, frame, this.#names.flushed);
    }
    this.#record(neighbour, 'remove');
    return true;
  }

  /** Forgets everything; permanent entries too when the interface goes down, as on Linux. */
  flush(permanentToo = false): void {
    for (const neighbour of [...this.#table.values()]) {
      if (permanentToo || neighbour.state !== 'PERMANENT') this.remove(neighbour.address);
    }
  }

  #create(address: A, frame: Frame | null): Neighbour<A> | null {
    if (!this.#makeRoom()) {
      if (frame !== null) dropFrame(this.#tracer, this.#port, frame, this.#names.tableFull);
      return null;
    }
    const neighbour = new Neighbour(address);
    this.#table.set(this.#actions.key(address), neighbour);
    this.#become(neighbour, 'INCOMPLETE', 'add');
    // `send` queues the packet; the request goes out first, since it names the packet's source address.
    this.#ask(neighbour, frame);
    return neighbour;
  }

  /** Gives up the least recently used entry that nothing waits for. */
  #makeRoom(): boolean {
    if (this.#table.size < this.#parameters.tableLimit) return true;
    let oldest: Neighbour<A> | null = null;
    for (const neighbour of this.#table.values()) {
      if (neighbour.state === 'PERMANENT' || neighbour.queued > 0) continue;
      if (oldest === null || neighbour.used < oldest.used) oldest = neighbour;
    }
    return oldest !== null && this.remove(oldest.address);
  }

  #wait(neighbour: Neighbour<A>, frame: Frame): void {
    if (neighbour.queued >= this.#parameters.queueLimit) {
      const oldest = neighbour.dequeue();
      if (oldest !== null) dropFrame(this.#tracer, this.#port, oldest, this.#names.queueFull);
    }
    frame.cause = this.#tracer.cause;
    neighbour.enqueue(frame);
  }

  #sendWaiting(neighbour: Neighbour<A>): void {
    if (neighbour.state === 'STALE' && neighbour.queued > 0) this.#delay(neighbour);
    const tracer = this.#tracer;
    const before = tracer.cause;
    for (let frame = neighbour.dequeue(); frame !== null; frame = neighbour.dequeue()) {
      tracer.cause = frame.cause;
      this.#actions.transmit(frame, neighbour.mac);
    }
    tracer.cause = before;
  }

  /** The first request of a round, or after a second the next one; when all went unanswered it has failed. */
  #ask(neighbour: Neighbour<A>, waiting: Frame | null = neighbour.first): void {
    const { broadcastRequests, unicastRequests, retransTime } = this.#parameters;
    const probing = neighbour.state === 'PROBE';
    if (neighbour.requests >= (probing ? unicastRequests : broadcastRequests)) {
      this.#fail(neighbour);
      return;
    }
    neighbour.requests++;
    this.#actions.request(neighbour.address, probing ? neighbour.mac : null, waiting);
    this.#startTimer(neighbour, retransTime);
  }

  #fail(neighbour: Neighbour<A>): void {
    this.#become(neighbour, 'FAILED');
    neighbour.mac = NULL_MAC;
    for (let frame = neighbour.dequeue(); frame !== null; frame = neighbour.dequeue()) {
      this.#actions.unresolved(frame, neighbour.address);
    }
  }

  #startTimer(neighbour: Neighbour<A>, delay: Nanoseconds): void {
    neighbour.timer ??= new NeighbourTimer(this.#sim, this.#tracer, this, neighbour);
    neighbour.timer.start(delay);
  }

  /** @internal For timers. */
  titleOf({ state }: Neighbour<A>): string {
    return state === 'REACHABLE' || state === 'DELAY' ? this.#names.age : this.#names.request;
  }

  /** @internal For timers. */
  nameOf({ address }: Neighbour<A>): string {
    return this.#actions.format(address);
  }

  /** @internal For timers. */
  timeOver(neighbour: Neighbour<A>): void {
    if (neighbour.state === 'REACHABLE' || neighbour.state === 'DELAY') this.#age(neighbour);
    else this.#ask(neighbour);
  }

  /** In use without being confirmed: higher layers have some time to confirm it before it is probed. */
  #delay(neighbour: Neighbour<A>): void {
    this.#become(neighbour, 'DELAY');
    this.#startTimer(neighbour, this.#parameters.delayFirstProbeTime);
  }

  /** REACHABLE or DELAY has lasted its time (`neigh_timer_handler`). */
  #age(neighbour: Neighbour<A>): void {
    const { now } = this.#sim;
    const { delayFirstProbeTime } = this.#parameters;
    if (neighbour.state === 'REACHABLE') {
      const until = neighbour.confirmed + this.#drawReachableTime();
      if (now < until) {
        this.#startTimer(neighbour, until - now);
      } else if (now <= neighbour.used + delayFirstProbeTime) {
        this.#delay(neighbour);
      } else {
        this.#become(neighbour, 'STALE');
      }
    } else if (neighbour.state === 'DELAY') {
      if (now <= neighbour.confirmed + delayFirstProbeTime) {
        this.#become(neighbour, 'REACHABLE');
        this.#startTimer(neighbour, this.#drawReachableTime());
      } else {
        this.#become(neighbour, 'PROBE');
        this.#ask(neighbour);
      }
    }
  }

  /** The random reachable time in force, drawn anew every 300 s and when its mean changes (RFC 4861 section 6.3.4). */
  #drawReachableTime(): Nanoseconds {
    const { now } = this.#sim;
    const { baseReachableTime, redrawTime } = this.#parameters;
    if (this.#drawnOf !== baseReachableTime || now >= this.#redrawAt) {
      this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/${this.#names.random}.${this.#port}`);
      this.#reachableTime = Math.round(baseReachableTime * (0.5 + this.#random.unit()));
      this.#drawnOf = baseReachableTime;
      this.#redrawAt = now + redrawTime;
    }
    return this.#reachableTime;
  }

  #become(neighbour: Neighbour<A>, state: NeighbourState, change: TableChanged['change'] = 'update'): void {
    neighbour.state = state;
    neighbour.requests = 0;
    this.#record(neighbour, change);
  }

  #record(neighbour: Neighbour<A>, change: TableChanged['change']): void {
    if (!this.#tracer.on) return;
    const known = neighbour.state !== 'INCOMPLETE' && neighbour.state !== 'FAILED';
    this.#tracer.write({
      kind: 'table',
      table: this.#names.table,
      change,
      key: this.#actions.format(neighbour.address),
      value: change === 'remove' ? '' : `${known ? `${formatMac(neighbour.mac)} ` : ''}${neighbour.state}`,
    });
  }
}
