import type { Bpdu } from './bpdu.ts';
import { type BridgePort, MIGRATE_TIME } from './bridge-port.ts';
import { compareBridges, compareVectors, type PriorityVector, sameTimes } from './vector.ts';

/** The Port Information machine (IEEE 802.1D-2004 section 17.27): what was told of the tree, and how long it holds. @returns whether anything changed. */
export function portInformation(port: BridgePort): boolean {
  if (!port.portEnabled) {
    if (port.infoIs === 'disabled') return drop(port);
    port.rcvdMsg = null;
    port.proposing = port.proposed = port.agree = port.agreed = false;
    port.rcvdInfoWhile = 0;
    return become(port, 'disabled');
  }
  if (port.infoIs === 'disabled') return become(port, 'aged');
  if (port.selected && port.updtInfo) return update(port);
  const timedOut = port.infoIs === 'received' && port.rcvdInfoWhile === 0;
  if (timedOut && !port.updtInfo && port.rcvdMsg === null) return become(port, 'aged');
  if (port.infoIs !== 'aged' && port.rcvdMsg !== null && !port.updtInfo) return receive(port, port.rcvdMsg);
  return false;
}

function drop(port: BridgePort): boolean {
  port.rcvdMsg = null;
  return false;
}

function become(port: BridgePort, infoIs: 'disabled' | 'aged'): boolean {
  port.infoIs = infoIs;
  port.reselect = true;
  port.selected = false;
  return true;
}

/** UPDATE: this bridge speaks for the link. */
function update(port: BridgePort): boolean {
  port.proposing = port.proposed = false;
  const better = port.infoIs === 'mine' && compareVectors(port.designatedPriority, port.portPriority) <= 0;
  port.agreed &&= better;
  port.synced &&= port.agreed;
  port.portPriority = port.designatedPriority;
  port.portTimes = port.designatedTimes;
  port.updtInfo = false;
  port.infoIs = 'mine';
  port.newInfo = true;
  return true;
}

/** RECEIVE: what a message says against what is known (section 17.21.8, rcvInfo). */
function receive(port: BridgePort, bpdu: Bpdu): boolean {
  port.rcvdMsg = null;
  if (bpdu.kind === 'notification') {
    port.rcvdTcn = true;
    return true;
  }
  const { vector, times, role, flags } = bpdu;
  const order = compareVectors(vector, port.portPriority);
  if (role !== 'designated') {
    if ((role === 'root' || role === 'alternate-or-backup') && order >= 0) {
      // NOT_DESIGNATED: the neighbour agrees, or no longer does.
      port.agreed = bpdu.kind === 'rapid' && port.pointToPoint && flags.agreement;
      if (port.agreed) port.proposing = false;
      setTcFlags(port, bpdu);
    }
    return true;
  }
  const superior = order < 0 || isSameSender(vector, port.portPriority);
  if (superior && (order !== 0 || !sameTimes(times, port.portTimes))) {
    port.agreed = port.proposing = false;
    if (flags.proposal) port.proposed = true;
    setTcFlags(port, bpdu);
    port.agree &&= port.infoIs === 'received' && order <= 0;
    port.portPriority = vector;
    port.portTimes = { ...times, helloTime: Math.max(1, times.helloTime) };
    holdInformation(port);
    port.infoIs = 'received';
    port.reselect = true;
    port.selected = false;
  } else if (order === 0 && port.infoIs === 'received') {
    if (flags.proposal) port.proposed = true;
    setTcFlags(port, bpdu);
    holdInformation(port);
  } else if (order > 0 && bpdu.kind === 'rapid' && flags.learning) {
    // INFERIOR_DESIGNATED: the neighbour does not hear us, and learns all the same (section 17.21.10).
    port.disputed = true;
    port.agreed = false;
  }
  return true;
}

/** The same port of the same bridge says something new: it counts even if it is worse (section 17.6). */
const isSameSender = (a: PriorityVector, b: PriorityVector): boolean =>
  compareBridges(a.bridge, b.bridge) === 0 && a.port === b.port;

function setTcFlags(port: BridgePort, bpdu: Bpdu): void {
  if (bpdu.kind === 'notification') return;
  port.rcvdTc ||= bpdu.flags.topologyChange;
  port.rcvdTcAck ||= bpdu.flags.acknowledgment;
}

/** For three hellos, unless it is too old already (section 17.21.23). */
function holdInformation(port: BridgePort): void {
  const { messageAge, maxAge, helloTime } = port.portTimes;
  port.rcvdInfoWhile = Math.round(messageAge) + 1 <= maxAge ? 3 * helloTime : 0;
}

/** The Port Protocol Migration machine (section 17.24): rapid, until the neighbour turns out to speak 802.1D of 1998 only. */
export function portMigration(port: BridgePort): boolean {
  const check = () => {
    port.migration = 'checking';
    port.sendRSTP = true;
    port.mdelayWhile = MIGRATE_TIME;
    return true;
  };
  switch (port.migration) {
    case 'checking':
      if (!port.portEnabled && port.mdelayWhile !== MIGRATE_TIME) return check();
      if (port.mdelayWhile > 0) return false;
      port.migration = 'sensing';
      port.rcvdRSTP = port.rcvdSTP = false;
      return true;
    case 'sensing':
      if (!port.portEnabled || (!port.sendRSTP && port.rcvdRSTP)) return check();
      if (!port.sendRSTP || !port.rcvdSTP) return false;
      port.migration = 'selecting-stp';
      port.sendRSTP = false;
      port.mdelayWhile = MIGRATE_TIME;
      return true;
    default:
      if (port.portEnabled && port.mdelayWhile > 0) return false;
      port.migration = 'sensing';
      port.rcvdRSTP = port.rcvdSTP = false;
      return true;
  }
}

/** The Bridge Detection machine (section 17.25): a port behind which no bridge is heard is an edge. */
export function bridgeDetection(port: BridgePort): boolean {
  if (port.operEdge) {
    if (port.portEnabled || port.adminEdge) return false;
    port.operEdge = false;
    return true;
  }
  const silent = port.edgeDelayWhile === 0 && port.sendRSTP && port.proposing;
  if (!(port.portEnabled ? silent : port.adminEdge)) return false;
  port.operEdge = true;
  return true;
}
