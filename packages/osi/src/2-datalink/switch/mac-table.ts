import type { Port } from '../../1-physical/index.ts';
import { type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import type { TableChanged, TracedTimer, Tracer } from '../../trace/index.ts';
import { formatMac, type MacAddress } from '../ethernet/mac-address.ts';

/** How long a station is remembered that is not heard of (IEEE 802.1D-2004 table 7-5). */
const AGEING_TIME = seconds(300);

/** Stations remembered: as many as an ordinary access switch has room for (Linux: `fdb_max_learned`, without a bound by default). */
const STATIONS = 8192;

interface Station {
  port: Port;
  /** When a frame of it last came in. */
  heard: Nanoseconds;
}

/** Which station is behind which port of a switch (in one VLAN, if it has some); forgets those it has not heard of for 300 s. */
export class MacTable {
  ageingTime: Nanoseconds = AGEING_TIME;
  /** One more is not remembered, and what is for it goes to all ports. */
  most = STATIONS;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  /** What the record calls a station after its address: ` vlan 10`. */
  readonly #place: string;
  readonly #stations = new Map<MacAddress, Station>();
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
    return this.#stations.size;
  }

  entries(): Iterable<[MacAddress, Readonly<Station>]> {
    return this.#stations;
  }

  /** The port behind which a station was last heard, or null. */
  find(mac: MacAddress): Port | null {
    return this.#stations.get(mac)?.port ?? null;
  }

  /** A frame of `mac` came in at `port`. */
  learn(mac: MacAddress, port: Port): void {
    const { now } = this.#sim;
    const station = this.#stations.get(mac);
    if (station === undefined) {
      if (this.#stations.size >= this.most) return;
      this.#stations.set(mac, { port, heard: now });
      this.#record('add', mac, port);
      if (!this.#ageing.running) this.#ageing.start(this.ageingTime);
      return;
    }
    station.heard = now;
    if (station.port !== port) {
      station.port = port;
      this.#record('update', mac, port);
    }
  }

  /** Forgets the stations behind a port: its cable was pulled. */
  forget(port: Port): void {
    for (const [mac, station] of this.#stations) {
      if (station.port === port) this.#remove(mac, port);
    }
    if (this.#stations.size === 0) this.#ageing.stop();
  }

  #age(): void {
    const { now } = this.#sim;
    let oldest = Number.POSITIVE_INFINITY;
    for (const [mac, station] of this.#stations) {
      if (station.heard + this.ageingTime <= now) this.#remove(mac, station.port);
      else if (station.heard < oldest) oldest = station.heard;
    }
    if (this.#stations.size > 0) this.#ageing.start(oldest + this.ageingTime - now);
  }

  #remove(mac: MacAddress, port: Port): void {
    this.#stations.delete(mac);
    this.#record('remove', mac, port);
  }

  #record(change: TableChanged['change'], mac: MacAddress, port: Port): void {
    if (!this.#tracer.on) return;
    const value = change === 'remove' ? '' : `port ${port.name}`;
    this.#tracer.write({ kind: 'table', table: 'mac', change, key: formatMac(mac) + this.#place, value });
  }
}
