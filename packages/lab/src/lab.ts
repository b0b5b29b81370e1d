import { Machine, type OutputLimit, Scheduler, type Watchdog } from '@netarium/machine';
import { Cable, type CableOptions, FramePool, Hub, Port } from '@netarium/osi/1-physical';
import { type MacAddress, macFromNumber, type PortVlans, Switch } from '@netarium/osi/2-datalink';
import { turnsOf } from '@netarium/osi/5-session';
import { formatSeconds, Simulation } from '@netarium/osi/time';
import { type TraceEvent, TraceRecord } from '@netarium/osi/trace';
import { type DriveOptions, Driver, type Stop, type StopSignal } from './driver.ts';
import { Host, type HostOptions } from './host.ts';
import { HostBook } from './host-book.ts';
import {
  type BitRate,
  type Duration,
  type Probability,
  parseBitRate,
  parseDuration,
  parseProbability,
} from './lab-file/units.ts';
import { type QueueOptions, queueSettings } from './queue.ts';

export interface LabOptions {
  /** Any integer; default 0. Two runs with one seed are the same, byte for byte. */
  readonly seed?: number;
  /** False keeps no record of what happens: faster, but there is nothing to look at afterwards. Default true. */
  readonly record?: boolean;
  /** What the machines' clocks show at the start, in milliseconds since 1970; default 2026-01-01 00:00 UTC. */
  readonly epoch?: number;
  /** The platform's eye on programs that compute for too long; without one they may. */
  readonly watchdog?: Watchdog;
  /**
   * How much of what a program writes to its terminal the record has as it is; of one that writes on and on it then has only some,
   * and says what is missing. Default: all.
   */
  readonly outputLimit?: OutputLimit;
}

/** The properties of a cable, in base units or as text with a unit. */
export interface LinkOptions {
  /** Bits per second; without it, sending takes no time. */
  readonly bandwidth?: BitRate;
  readonly delay?: Duration;
  readonly jitter?: Duration;
  /** How many frames may wait at an end, or a queue discipline. */
  readonly queue?: QueueOptions;
  readonly loss?: Probability;
  readonly duplicate?: Probability;
  readonly corrupt?: Probability;
  readonly reorder?: Probability;
  /** Segmentation and checksum offload, as Linux's veth has it: for TCP, frames of up to 64 KiB. Default false. */
  readonly offload?: boolean;
}

/** What is said of one port of a switch. */
export interface SwitchPortSettings {
  /** To which VLANs it belongs: `{ access: 10 }`, `{ trunk: [10, 20] }`. When no port has any, the switch has none. */
  readonly vlans?: PortVlans;
  /** With a spanning tree: only machines are behind it. Default: found out within 3 s. */
  readonly edge?: boolean;
}

export interface SwitchSettings {
  readonly ports?: Readonly<Record<string, SwitchPortSettings>>;
  /** Whether it speaks the rapid spanning tree protocol. Default: no, as a switch from a shop. */
  readonly stp?: boolean;
  /** In the spanning tree, 0 to 61440 in steps of 4096: the least one becomes the root. Default 32768. */
  readonly priority?: number;
  /** From the last bit in to the first bit out, more than 0; default 1 µs. */
  readonly latency?: Duration;
}

export interface HubSettings {
  /** `half`: a shared line with CSMA/CD, as a real hub; default `full`. */
  readonly duplex?: 'half' | 'full';
  /** With `half`: what all its cables carry together; default 10 Mbit/s. */
  readonly bandwidth?: BitRate;
}

export type LabNode = Host | Switch | Hub;
/** Where a cable ends: `client:eth0`; a node or its name, whose next free port is taken; or a port of something else. */
export type LinkEnd = string | LabNode | Port;
/** How far a step goes: to the next event, frame, system call, or system call from another line. */
export type StepUnit = 'event' | 'frame' | 'system-call' | 'line';

/** Locally administered, unicast: 02:00:00:00:00:01, …:02, … in the order in which interfaces are made. */
const FIRST_MAC = 0x0200_0000_0001;
/** 02:01:00:00:00:00, and as many behind it as a bridge may have ports: each of those has an address. */
const FIRST_BRIDGE_MAC = 0x0201_0000_0000;
const BRIDGE_MACS = 0x1000;

/**
 * A network: machines, switches and hubs, the cables between them, and the clock they live by.
 *
 * Everything in it follows from what is built, from the programs and from the seed; nothing from the real time.
 */
export class Lab {
  readonly sim: Simulation;
  /** What happened and why. Stays empty when the lab was made with `record: false`. */
  readonly record = new TraceRecord();
  readonly scheduler = new Scheduler();
  /** @internal Who drives it: for pacers. */
  readonly driver: Driver;
  readonly nodes: ReadonlyMap<string, LabNode>;
  readonly links: readonly Cable[];
  readonly #nodes = new Map<string, LabNode>();
  readonly #links: Cable[] = [];
  /** The machines know one another by name. */
  readonly #book = new HostBook();
  readonly #pool = new FramePool();
  readonly #recorded: TraceRecord | null;
  readonly #epoch: number | undefined;
  readonly #outputLimit: OutputLimit | undefined;
  #nextMac = FIRST_MAC;
  #bridges = 0;

  constructor(options: LabOptions = {}) {
    const { seed = 0, record = true, epoch, watchdog, outputLimit } = options;
    this.sim = new Simulation(seed);
    this.#recorded = record ? this.record : null;
    this.#epoch = epoch;
    this.#outputLimit = outputLimit;
    this.driver = new Driver(this.sim, this.scheduler, watchdog);
    this.nodes = this.#nodes;
    this.links = this.#links;
  }

  /** Adds a computer. @throws Error when the name is taken, for a bad address or a gateway out of reach. */
  host(name: string, options: HostOptions = {}): Host {
    const host = this.#add(name, this.#machine(name, options));
    this.#book.add(
      host.machine,
      [host.address, host.address6].filter((address) => address !== ''),
    );
    return host;
  }

  /** Adds a computer that passes packets on: `net.ipv4.ip_forward` and `net.ipv6.conf.all.forwarding` are 1. */
  router(name: string, options: HostOptions = {}): Host {
    const router = this.host(name, options);
    router.machine.configure({ sysctl: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 } });
    return router;
  }

  /** Adds a learning switch. @throws RangeError for settings out of their ranges. */
  switch(name: string, options: SwitchSettings = {}): Switch {
    const { stp = false, priority, latency } = options;
    const device = new Switch({
      sim: this.sim,
      name,
      record: this.#recorded,
      pool: this.#pool,
      ...(latency !== undefined && { latency: parseDuration(latency) }),
      ...(stp && { stp: { mac: this.#bridgeMac(), ...(priority !== undefined && { priority }) } }),
    });
    for (const [port, { vlans, edge }] of Object.entries(options.ports ?? {})) {
      const added = device.addPort(port, { ...(edge !== undefined && { edge }) });
      if (vlans !== undefined) device.setVlans(added, vlans);
    }
    return this.#add(name, device);
  }

  /** Addresses of their own for bridges: those of machines do not depend on how many there are. */
  #bridgeMac(): MacAddress {
    return macFromNumber(FIRST_BRIDGE_MAC + BRIDGE_MACS * this.#bridges++);
  }

  /** Adds a hub: what comes in at one port goes out at all others. @throws RangeError for a rate that is none. */
  hub(name: string, options: HubSettings = {}): Hub {
    const { duplex = 'full', bandwidth } = options;
    const rate = bandwidth === undefined ? {} : { bandwidth: parseBitRate(bandwidth) };
    return this.#add(
      name,
      new Hub({ sim: this.sim, name, record: this.#recorded, pool: this.#pool, duplex, ...rate }),
    );
  }

  /** @throws Error when there is no node of this name. */
  node(name: string): LabNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node "${name}" in this lab`);
    return node;
  }

  /** Connects two ports by a cable. @throws Error for a node that does not exist or a port that has a cable. */
  link(a: LinkEnd, b: LinkEnd, options: LinkOptions = {}): Cable {
    const cable = new Cable(this.sim, this.#port(a), this.#port(b), cableOptions(options));
    this.#links.push(cable);
    return cable;
  }

  /**
   * Lets time pass until nothing can happen any more, or up to virtual time `until` (nanoseconds, or `5s`).
   * @returns why it stopped. @throws Error when it is being driven already.
   */
  run(options: { until?: Duration; signal?: StopSignal } = {}): Promise<Stop> {
    const { until, signal } = options;
    return this.driver.drive({ ...(until !== undefined && { until: parseDuration(until) }), signal });
  }

  /** Lets time pass until `predicate` holds: it is asked after each event. @returns 'reached' if it came to that. */
  until(predicate: () => boolean, options: Omit<DriveOptions, 'reached'> = {}): Promise<Stop> {
    return this.driver.drive({ ...options, reached: predicate });
  }

  /**
   * Lets time pass until `work` has ended: a program that awaits its machines' sockets (`host.stack.connect(…)`).
   *
   * @returns what it gives. @throws what it throws; Error when nothing is left to happen while it still waits.
   */
  async finish<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const turns = turnsOf(this.sim);
    const end = () => {
      over = true;
      turns.answered();
    };
    work.then(end, end);
    turns.answered();
    const stop = await this.until(() => over);
    if (stop === 'reached') return work;
    throw new Error(
      `nothing is left to happen at ${formatSeconds(this.sim.now)} s, and the program still waits`,
    );
  }

  /** Goes one step: 'reached', or 'idle' when nothing is left to happen. Programs that are ready run in any case. */
  async step(unit: StepUnit = 'event'): Promise<Stop> {
    if (unit === 'event') {
      const before = this.sim.eventsRun;
      return this.until(() => this.sim.eventsRun > before);
    }
    if (this.#recorded === null) throw new Error(`a lab without a record has no steps by ${unit}`);
    let seen = false;
    const lines = new Map<string, string>();
    const unsubscribe = this.record.subscribe((event) => {
      seen ||= unit === 'line' ? isNewLine(event, lines, this.record) : event.kind === KIND[unit];
    });
    try {
      return await this.until(() => seen);
    } finally {
      unsubscribe();
    }
  }

  /** Switches everything off: programs are killed. The record stays. */
  close(): void {
    for (const node of this.#nodes.values()) if (node instanceof Host) node.machine.close();
  }

  #machine(name: string, options: HostOptions): Host {
    const machine = new Machine({
      sim: this.sim,
      scheduler: this.scheduler,
      name,
      record: this.#recorded,
      pool: this.#pool,
      epoch: this.#epoch,
      outputLimit: this.#outputLimit,
    });
    return new Host(machine, options, () => macFromNumber(this.#nextMac++));
  }

  #add<N extends LabNode>(name: string, node: N): N {
    if (this.#nodes.has(name)) throw new Error(`there is a node "${name}" already`);
    this.#nodes.set(name, node);
    return node;
  }

  #port(end: LinkEnd): Port {
    if (end instanceof Port) return end;
    if (typeof end !== 'string') return end instanceof Host ? end.freePort() : freePort(end);
    const [name = '', port] = end.split(':');
    const node = this.node(name);
    if (port === undefined) return this.#port(node);
    if (node instanceof Host) return node.port(port);
    return node.ports.find((known) => known.name === port) ?? node.addPort(port);
  }
}

/** The first of a device's ports 1, 2, 3 … that has no cable. */
function freePort(device: Switch | Hub): Port {
  for (let n = 1; ; n++) {
    const port = device.ports.find(({ name }) => name === String(n)) ?? device.addPort(String(n));
    if (!port.plugged) return port;
  }
}

const KIND = { frame: 'frame-sent', 'system-call': 'system-call' } as const;

/** Whether a system call comes from another line than its thread's previous one. */
function isNewLine(event: TraceEvent, lines: Map<string, string>, record: TraceRecord): boolean {
  if (event.kind !== 'system-call' || event.where === undefined) return false;
  const thread = `${event.node} ${event.pid} ${event.tid}`;
  const line = `${event.where.file}:${event.where.line}`;
  const before = lines.get(thread) ?? lineBefore(event, record);
  lines.set(thread, line);
  return line !== before;
}

function lineBefore(
  { id, node, pid, tid }: TraceEvent & { kind: 'system-call' },
  record: TraceRecord,
): string {
  for (let i = id - 1; i > 0; i--) {
    const event = record.get(i);
    if (event?.kind !== 'system-call' || event.node !== node || event.pid !== pid || event.tid !== tid)
      continue;
    if (event.where !== undefined) return `${event.where.file}:${event.where.line}`;
  }
  return '';
}

function cableOptions(options: LinkOptions) {
  const { bandwidth, delay, jitter, queue, offload } = options;
  const probability = (name: 'loss' | 'duplicate' | 'corrupt' | 'reorder') => {
    const value = options[name];
    return value === undefined ? {} : { [name]: parseProbability(value) };
  };
  return {
    ...(bandwidth !== undefined && { bandwidth: parseBitRate(bandwidth) }),
    ...(delay !== undefined && { delay: parseDuration(delay) }),
    ...(queue !== undefined && queueOf(queue)),
    ...(offload !== undefined && { offload }),
    impairments: {
      ...(jitter !== undefined && { jitter: parseDuration(jitter) }),
      ...probability('loss'),
      ...probability('duplicate'),
      ...probability('corrupt'),
      ...probability('reorder'),
    },
  };
}

/** First in, first out, is what a cable does by itself, at no cost. */
function queueOf(queue: QueueOptions): Pick<CableOptions, 'queue' | 'queueLimit'> {
  if (typeof queue === 'number') return { queueLimit: queue };
  const settings = queueSettings(queue);
  if (settings.kind !== 'fifo') return { queue: settings };
  return settings.limit === undefined ? {} : { queueLimit: settings.limit };
}
