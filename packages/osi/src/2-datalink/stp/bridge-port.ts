import type { Port } from '../../1-physical/index.ts';
import type { Bpdu } from './bpdu.ts';
import type { BridgeTimes, PriorityVector } from './vector.ts';

export type PortRole = 'disabled' | 'root' | 'designated' | 'alternate' | 'backup';
export type PortState = 'discarding' | 'learning' | 'forwarding';

/** In seconds (IEEE 802.1D-2004 table 17-1). */
export const MIGRATE_TIME = 3;
/** BPDUs that a port may send in a second (table 17-1: TxHoldCount). */
export const TRANSMIT_HOLD_COUNT = 6;

/**
 * One port of a bridge as the spanning tree's state machines know it. Variables have the names of IEEE 802.1D-2004
 * section 17.19, timers (in whole seconds) those of 17.17; what a machine decides is in the file of that machine.
 */
export class BridgePort {
  readonly port: Port;
  /** Priority and number: what tells ports of one bridge apart (section 9.2.7). */
  readonly portId: number;
  portPathCost = 0;
  portEnabled = false;
  /** Told by the administrator to be an edge: nothing but stations is behind it. */
  readonly adminEdge: boolean;
  operEdge: boolean;
  /** A link with one other bridge at most, which can be asked and can agree. */
  pointToPoint = true;

  // Timers: section 17.17.
  edgeDelayWhile = MIGRATE_TIME;
  fdWhile = 0;
  helloWhen = 0;
  mdelayWhile = 0;
  rbWhile = 0;
  rcvdInfoWhile = 0;
  rrWhile = 0;
  tcWhile = 0;
  txCount = 0;

  // What is known of the tree here.
  infoIs: 'disabled' | 'aged' | 'mine' | 'received' = 'disabled';
  portPriority: PriorityVector;
  portTimes: BridgeTimes;
  designatedPriority: PriorityVector;
  designatedTimes: BridgeTimes;
  rcvdMsg: Bpdu | null = null;
  updtInfo = false;
  reselect = true;
  selected = false;

  role: PortRole = 'disabled';
  selectedRole: PortRole = 'disabled';
  /** What it is to do, and what it does. */
  learn = false;
  forward = false;
  learning = false;
  forwarding = false;

  // The talk with the neighbour that makes it rapid.
  agree = false;
  agreed = false;
  proposed = false;
  proposing = false;
  sync = false;
  synced = false;
  reRoot = false;
  disputed = false;

  // Which protocol the neighbour speaks.
  sendRSTP = true;
  rcvdRSTP = false;
  rcvdSTP = false;
  migration: 'checking' | 'sensing' | 'selecting-stp' = 'checking';

  // Topology changes.
  change: 'inactive' | 'learning' | 'active' = 'inactive';
  rcvdTc = false;
  rcvdTcAck = false;
  rcvdTcn = false;
  tcAck = false;
  tcProp = false;

  newInfo = true;

  constructor(port: Port, portId: number, adminEdge: boolean, vector: PriorityVector, times: BridgeTimes) {
    this.port = port;
    this.portId = portId;
    this.adminEdge = adminEdge;
    this.operEdge = adminEdge;
    this.portPriority = vector;
    this.designatedPriority = vector;
    this.portTimes = times;
    this.designatedTimes = times;
    this.mdelayWhile = MIGRATE_TIME;
    this.fdWhile = times.maxAge;
    this.rrWhile = times.forwardDelay;
  }

  get state(): PortState {
    if (this.forwarding) return 'forwarding';
    return this.learning ? 'learning' : 'discarding';
  }

  /** How long it learns before it forwards when nobody agrees (section 17.20.5). */
  get forwardDelay(): number {
    return this.sendRSTP ? this.designatedTimes.helloTime : this.designatedTimes.forwardDelay;
  }

  /** A role that was chosen and can be acted on: the condition of nearly all transitions. */
  get settled(): boolean {
    return this.selected && !this.updtInfo;
  }

  /** One second has passed (section 17.22, Port Timers). */
  tick(): void {
    for (const timer of TIMERS) if (this[timer] > 0) this[timer]--;
  }

  /** Whether time alone will still change something here. */
  get waits(): boolean {
    if (!this.portEnabled) return false;
    const becomesEdge = this.edgeDelayWhile > 0 && this.proposing;
    const becomesForwarding =
      this.selectedRole !== 'alternate' && this.selectedRole !== 'backup' && !this.forwarding;
    return becomesEdge || becomesForwarding || this.tcWhile > 0;
  }
}

const TIMERS = [
  'edgeDelayWhile',
  'fdWhile',
  'helloWhen',
  'mdelayWhile',
  'rbWhile',
  'rcvdInfoWhile',
  'rrWhile',
  'tcWhile',
  'txCount',
] as const;
