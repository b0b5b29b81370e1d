import type { Frame, FramePool, Port } from '../../1-physical/index.ts';
import { MIN_FRAME } from '../../1-physical/index.ts';
import { type Nanoseconds, type Simulation, seconds, type Timer } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { ETHERNET_HEADER, writeEthernet } from '../ethernet/codec.ts';
import { formatMac, type MacAddress, macFromNumber } from '../ethernet/mac-address.ts';
import { type Bpdu, type BpduRole, BRIDGE_GROUP, bpduLength, readBpdu, writeBpdu } from './bpdu.ts';
import { BridgePort, type PortRole, type PortState, TRANSMIT_HOLD_COUNT } from './bridge-port.ts';
import { bridgeDetection, portInformation, portMigration } from './information.ts';
import { type Root, selectRoles } from './roles.ts';
import { topologyChange } from './topology-change.ts';
import { roleTransition, stateTransition } from './transitions.ts';
import type { BridgeId, BridgeTimes } from './vector.ts';

/** What a bridge is told by its administrator. */
export interface SpanningTreeOptions {
  /** 0 to 61440 in steps of 4096, the least one becomes the root; default 32768 (IEEE 802.1D-2004 table 17-2). */
  readonly priority?: number;
  /** The bridge's address; its ports have the addresses that follow. */
  readonly mac: MacAddress;
}

/** What of a port is told by the administrator. */
export interface SpanningTreePort {
  /** Nothing but stations is behind it: it forwards at once. Without it, that is found out in 3 s. */
  readonly edge?: boolean;
  /** Default: from the bandwidth, 20,000 for 1 Gbit/s (table 17-3). */
  readonly cost?: number;
}

const DEFAULT_PRIORITY = 32_768;
const PRIORITY_STEP = 4096;
/** A port's identifier: 4 bits of priority, whose default is 128, and 12 of its number (table 17-2). */
const PORT_PRIORITY = 0x8000;

/** Table 17-1. */
const TIMES: BridgeTimes = { messageAge: 0, maxAge: 20, helloTime: 2, forwardDelay: 15 };

/** 20 Tbit/s over the rate (table 17-3), from 1 to 200,000,000. */
const COST_OF_ONE = 20e12;
const GREATEST_COST = 200_000_000;

/** More than any bridge's machines take until nothing is left to do: the standard's own loops are a few deep. */
const MOST_ROUNDS = 10_000;

const ROLE_ON_WIRE: Record<PortRole, BpduRole> = {
  disabled: 'unknown',
  root: 'root',
  designated: 'designated',
  alternate: 'alternate-or-backup',
  backup: 'alternate-or-backup',
};

/**
 * The rapid spanning tree protocol of one switch (IEEE 802.1D-2004 clause 17): of all cables between switches it
 * uses as many as make a tree and holds the others ready. Falls back to the protocol of 1998 where a neighbour
 * speaks nothing else.
 *
 * All state machines run until none has anything to do, whenever a BPDU comes, a carrier comes or goes or a second
 * has passed; then what is new is sent. Changes of roles and states are on the record (table `stp`).
 */
export class SpanningTree {
  readonly id: BridgeId;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #flush: (port: Port) => void;
  readonly #ports: BridgePort[] = [];
  readonly #byPort = new Map<Port, BridgePort>();
  readonly #costs = new Map<BridgePort, number>();
  /** Each second one of them: the first while time alone will change something, the other for what goes on for ever. */
  readonly #tick: Timer;
  readonly #routine: Timer;
  #root: Root | null = null;
  readonly #told = new Map<string, string>();
  #waking = false;

  /** @param flush forgets what was learned at a port. @throws RangeError for a priority that is no step of 4096. */
  constructor(
    sim: Simulation,
    tracer: Tracer,
    pool: FramePool,
    options: SpanningTreeOptions,
    flush: (port: Port) => void,
  ) {
    const { priority = DEFAULT_PRIORITY, mac } = options;
    if (!Number.isInteger(priority / PRIORITY_STEP) || priority < 0 || priority > 0xf000) {
      throw new RangeError(`expected a priority from 0 to 61440 in steps of 4096, found ${priority}`);
    }
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#flush = flush;
    this.id = { priority, mac };
    this.#tick = sim.timer(() => this.#second());
    this.#routine = sim.routineTimer(() => this.#second());
  }

  /** Takes a port of the switch into the tree. */
  addPort(port: Port, settings: SpanningTreePort = {}): void {
    const number = this.#ports.length + 1;
    const vector = { root: this.id, cost: 0, bridge: this.id, port: PORT_PRIORITY + number };
    const member = new BridgePort(port, vector.port, settings.edge ?? false, vector, TIMES);
    if (settings.cost !== undefined) this.#costs.set(member, settings.cost);
    this.#ports.push(member);
    this.#byPort.set(port, member);
    this.#wake();
  }

  state(port: Port): PortState {
    return this.#byPort.get(port)?.state ?? 'discarding';
  }

  role(port: Port): PortRole {
    return this.#byPort.get(port)?.role ?? 'disabled';
  }

  /** The bridge at the root, as far as is known here. */
  get root(): BridgeId {
    return this.#root?.vector.root ?? this.id;
  }

  /** A frame to the bridges' group address came in; takes it over. */
  receive(port: Port, frame: Frame): void {
    const member = this.#byPort.get(port);
    const bpdu = readBpdu(frame.view, frame.start + ETHERNET_HEADER, frame.end);
    if (bpdu === null || member === undefined) {
      port.drop(frame, 'stp.malformed');
      return;
    }
    frame.release();
    this.#settleCarriers();
    // Port Receive machine (section 17.23).
    member.edgeDelayWhile = 3;
    member.operEdge = false;
    if (bpdu.kind === 'rapid') member.rcvdRSTP = true;
    else member.rcvdSTP = true;
    member.rcvdMsg = bpdu;
    this.#run();
  }

  /** A carrier came or went. */
  linkChanged(): void {
    this.#wake();
  }

  /** Once at this instant, when all cables that are plugged in now have been. */
  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    const { cause } = this.#tracer;
    this.#sim.after(0, () => {
      this.#waking = false;
      this.#settleCarriers();
      this.#tracer.within(cause, () => this.#run());
    });
  }

  #settleCarriers(): void {
    for (const member of this.#ports) {
      const { carrier, bandwidth } = member.port;
      if (carrier && !member.portEnabled) {
        const cost = this.#costs.get(member) ?? costOf(bandwidth);
        member.portPathCost = cost;
        member.pointToPoint = member.port.fullDuplex;
      }
      member.portEnabled = carrier;
    }
  }

  #second(): void {
    const before = this.#ports.map(({ rcvdInfoWhile, fdWhile, edgeDelayWhile, helloWhen }) => ({
      rcvdInfoWhile,
      fdWhile,
      edgeDelayWhile,
      helloWhen,
    }));
    for (const member of this.#ports) member.tick();
    const due = EXPIRIES.find(([timer]) =>
      this.#ports.some((port, i) => port.portEnabled && port[timer] === 0 && before[i]?.[timer] === 1),
    );
    // A second in which nothing is due is not worth an event.
    const expired =
      due === undefined
        ? 0
        : this.#tracer.write({ kind: 'timer', name: due[1], subject: this.#tracer.node, cause: 0 });
    this.#tracer.within(expired, () => this.#run());
  }

  #run(): void {
    const ports = this.#ports;
    for (let round = 0, busy = true; busy; round++) {
      if (round > MOST_ROUNDS) throw new Error(`the spanning tree of ${this.#tracer.node} does not settle`);
      busy = false;
      for (const port of ports) {
        busy = portMigration(port) || busy;
        busy = bridgeDetection(port) || busy;
        busy = portInformation(port) || busy;
      }
      const root = selectRoles(ports, this.id, TIMES);
      if (root !== null) {
        this.#root = root;
        busy = true;
      }
      for (const port of ports) {
        busy = roleTransition(port, ports) || busy;
        busy = stateTransition(port) || busy;
        busy = topologyChange(port, ports, ({ port: flushed }) => this.#flush(flushed)) || busy;
      }
    }
    this.#record();
    for (const port of ports) this.#transmit(port);
    this.#schedule();
  }

  #schedule(): void {
    const running = this.#tick.running || this.#routine.running;
    const waits = this.#ports.some((port) => port.waits);
    if (!running) (waits ? this.#tick : this.#routine).start(SECOND);
    else if (waits && !this.#tick.running) {
      this.#tick.start(this.#routine.deadline - this.#sim.now);
      this.#routine.stop();
    } else if (!waits && !this.#routine.running) {
      this.#routine.start(this.#tick.deadline - this.#sim.now);
      this.#tick.stop();
    }
  }

  /** The Port Transmit machine (section 17.26). */
  #transmit(port: BridgePort): void {
    if (!port.portEnabled || !port.settled) return;
    const { role } = port;
    let reason = port.proposing ? 'stp.proposal' : 'stp.information';
    if (port.agree && role !== 'designated') reason = 'stp.agreement';
    if (port.tcWhile > 0) reason = 'stp.topology-change';
    if (port.helloWhen === 0) {
      if (!port.newInfo && role === 'designated') reason = 'stp.hello';
      port.newInfo ||= role === 'designated' || (role === 'root' && port.tcWhile > 0);
      port.helloWhen = TIMES.helloTime;
    }
    if (!port.newInfo || port.txCount >= TRANSMIT_HOLD_COUNT) return;
    if (!port.sendRSTP && role !== 'designated' && role !== 'root') return;
    port.newInfo = false;
    port.txCount++;
    this.#send(port, this.#bpdu(port), reason);
    port.tcAck &&= !port.sendRSTP && role === 'root';
  }

  #bpdu(port: BridgePort): Bpdu {
    if (!port.sendRSTP && port.role === 'root') return { kind: 'notification' };
    return {
      kind: port.sendRSTP ? 'rapid' : 'configuration',
      role: ROLE_ON_WIRE[port.role],
      flags: {
        topologyChange: port.tcWhile > 0,
        acknowledgment: !port.sendRSTP && port.tcAck,
        proposal: port.proposing,
        agreement: port.agree,
        learning: port.learning,
        forwarding: port.forwarding,
      },
      vector: port.designatedPriority,
      times: port.designatedTimes,
    };
  }

  #send(member: BridgePort, bpdu: Bpdu, reason: string): void {
    const length = bpduLength(bpdu.kind);
    const frame = this.#pool.take(MIN_FRAME);
    const { start } = frame;
    const source = macFromNumber(this.id.mac + (member.portId & 0xfff));
    // A length in place of the type.
    writeEthernet(frame.view, start, BRIDGE_GROUP, source, length);
    writeBpdu(frame.view, start + ETHERNET_HEADER, bpdu);
    frame.bytes.fill(0, start + ETHERNET_HEADER + length, start + MIN_FRAME);
    frame.end = start + MIN_FRAME;
    frame.reason = reason;
    member.port.transmit(frame);
  }

  #record(): void {
    if (!this.#tracer.on) return;
    for (const member of this.#ports) {
      const { role, state, port } = member;
      this.#tell(`port ${port.name}`, role === 'disabled' ? '' : `${role} ${state}`);
    }
    const { vector, port } = this.#root ?? { vector: { root: this.id, cost: 0 }, port: null };
    const where = port === null ? '' : ` cost ${vector.cost} port ${port.port.name}`;
    this.#tell('root', `${vector.root.priority} ${formatMac(vector.root.mac)}${where}`);
  }

  #tell(key: string, value: string): void {
    const before = this.#told.get(key) ?? '';
    if (before === value) return;
    this.#told.set(key, value);
    const change = before === '' ? 'add' : value === '' ? 'remove' : 'update';
    this.#tracer.write({ kind: 'table', table: 'stp', change, key, value });
  }
}

/** The timers whose end makes something happen, and what they are called on the record. */
const EXPIRIES = [
  ['rcvdInfoWhile', 'stp.message-age'],
  ['fdWhile', 'stp.forward-delay'],
  ['edgeDelayWhile', 'stp.edge-delay'],
  ['helloWhen', 'stp.hello'],
] as const;

const SECOND: Nanoseconds = seconds(1);

function costOf(bandwidth: number): number {
  return Math.min(GREATEST_COST, Math.max(1, Math.round(COST_OF_ONE / bandwidth)));
}
