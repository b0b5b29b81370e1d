import type { Port } from '../../1-physical/index.ts';
import { type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import type { TableChanged, TracedTimer, Tracer } from '../../trace/index.ts';
import { formatMac, highOf, lowOf, type MacAddress } from '../ethernet/mac-address.ts';

/** How long a station is remembered that is not heard of (IEEE 802.1D-2004 table 7-5). */
const AGEING_TIME = seconds(300);

/** Stations remembered: as many as an ordinary access switch has room for (Linux: `fdb_max_learned`, without a bound by default). */
const STATIONS = 8192;

interface Station {
  readonly port: Port;
  /** When a frame of it last came in. */
  readonly heard: Nanoseconds;
}

const FIRST_ROOM = 8;
/** In place of a row. */
const NONE = -1;

/** Which station is behind which port of a switch (in one VLAN, if it has some); forgets those it has not heard of for 300 s. */
export class MacTable {
  ageingTime: Nanoseconds = AGEING_TIME;
  /** One more is not remembered, and what is for it goes to all ports. */
  most = STATIONS;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  /** What the record calls a station after its address: ` vlan 10`. */
  readonly #place: string;
  /** One row for each station, in the order in which they were learned: every frame looks up two, so these are plain numbers. */
  #macs = new Float64Array(FIRST_ROOM);
  #heard = new Float64Array(FIRST_ROOM);
  #ports: Port[] = [];
  /** Rows by a hash of the address, each in the first free place from there on; half of the places stay free. */
  #places = new Int32Array(2 * FIRST_ROOM).fill(NONE);
  readonly #ageing: TracedTimer;

  /**
   * @param vlan of a switch that has VLANs. @param routine a run does not go on for ageing alone: of a switch whose
   * spanning tree would go on saying hello until then.
   */
  constructor(sim: Simulation, tracer: Tracer, vlan?: number, routine = false) {
    this.#place = vlan === undefined ? '' : ` vlan ${vlan}`;
    this.#sim = sim;
    this.#tracer = tracer;
    this.#ageing = tracer.timer(
      'switch.ageing',
      () => tracer.node,
      () => this.#age(),
      routine,
    );
  }

  get size(): number {
    return this.#ports.length;
  }

  *entries(): Iterable<[MacAddress, Station]> {
    for (const [row, port] of this.#ports.entries()) {
      yield [this.#macs[row] as MacAddress, { port, heard: this.#heard[row] as Nanoseconds }];
    }
  }

  /** The port behind which a station was last heard, or null. */
  find(mac: MacAddress): Port | null {
    const row = this.#places[this.#placeOf(mac)] as number;
    return row === NONE ? null : (this.#ports[row] as Port);
  }

  /** A frame of `mac` came in at `port`. */
  learn(mac: MacAddress, port: Port): void {
    const row = this.#places[this.#placeOf(mac)] as number;
    if (row === NONE) {
      this.#add(mac, port);
      return;
    }
    this.#heard[row] = this.#sim.now;
    if (this.#ports[row] !== port) {
      this.#ports[row] = port;
      this.#record('update', mac, port);
    }
  }

  /** Forgets the stations behind a port: its cable was pulled. */
  forget(port: Port): void {
    this.#keep((row) => this.#ports[row] !== port);
    if (this.size === 0) this.#ageing.stop();
  }

  #age(): void {
    const { now } = this.#sim;
    let oldest = Number.POSITIVE_INFINITY;
    this.#keep((row) => {
      const heard = this.#heard[row] as Nanoseconds;
      if (heard + this.ageingTime <= now) return false;
      oldest = Math.min(oldest, heard);
      return true;
    });
    if (this.size > 0) this.#ageing.start(oldest + this.ageingTime - now);
  }

  #add(mac: MacAddress, port: Port): void {
    const row = this.size;
    if (row >= this.most) return;
    if (row === this.#macs.length) this.#grow();
    this.#macs[row] = mac;
    this.#heard[row] = this.#sim.now;
    this.#ports.push(port);
    this.#places[this.#placeOf(mac)] = row;
    this.#record('add', mac, port);
    if (!this.#ageing.running) this.#ageing.start(this.ageingTime);
  }

  /** Where the row of an address is noted, or would be. */
  #placeOf(mac: MacAddress): number {
    const places = this.#places;
    const last = places.length - 1;
    let place = Math.imul(lowOf(mac) ^ highOf(mac), 0x9e3779b1) >>> 16;
    for (;;) {
      place &= last;
      const row = places[place] as number;
      if (row === NONE || this.#macs[row] === mac) return place;
      place++;
    }
  }

  /** Forgets the stations whose row is not to be kept. */
  #keep(kept: (row: number) => boolean): void {
    const ports = this.#ports;
    const macs = this.#macs;
    let left = 0;
    for (let row = 0; row < ports.length; row++) {
      const mac = macs[row] as MacAddress;
      const port = ports[row] as Port;
      if (!kept(row)) {
        this.#record('remove', mac, port);
        continue;
      }
      macs[left] = mac;
      this.#heard[left] = this.#heard[row] as Nanoseconds;
      ports[left] = port;
      left++;
    }
    if (left === ports.length) return;
    ports.length = left;
    this.#index(this.#places.length);
  }

  #grow(): void {
    const room = 2 * this.size;
    this.#macs = longer(this.#macs, room);
    this.#heard = longer(this.#heard, room);
    this.#index(2 * room);
  }

  #index(places: number): void {
    this.#places = new Int32Array(places).fill(NONE);
    for (let row = 0; row < this.size; row++) {
      this.#places[this.#placeOf(this.#macs[row] as MacAddress)] = row;
    }
  }

  #record(change: TableChanged['change'], mac: MacAddress, port: Port): void {
    if (!this.#tracer.on) return;
    const value = change === 'remove' ? '' : `port ${port.name}`;
    this.#tracer.write({ kind: 'table', table: 'mac', change, key: formatMac(mac) + this.#place, value });
  }
}

function longer(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const array = new Float64Array(length);
  array.set(old);
  return array;
}
