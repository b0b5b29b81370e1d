import type { BridgePort, PortRole } from './bridge-port.ts';
import {
  type BridgeId,
  type BridgeTimes,
  compareBridges,
  compareVectors,
  type PriorityVector,
  sameTimes,
} from './vector.ts';

/** Where the tree's root is, as one bridge knows it. */
export interface Root {
  readonly vector: PriorityVector;
  readonly times: BridgeTimes;
  /** Null when the bridge is the root itself. */
  readonly port: BridgePort | null;
}

/** The Port Role Selection machine (IEEE 802.1D-2004 section 17.28): gives each port its role. @returns null when there is nothing to select anew. */
export function selectRoles(ports: readonly BridgePort[], own: BridgeId, ownTimes: BridgeTimes): Root | null {
  if (!ports.some(({ reselect }) => reselect)) return null;
  for (const port of ports) port.reselect = false;
  const root = bestRoot(ports, own, ownTimes);
  for (const port of ports) {
    port.designatedPriority = { ...root.vector, bridge: own, port: port.portId };
    port.designatedTimes = { ...root.times, helloTime: ownTimes.helloTime };
    port.selectedRole = roleOf(port, root, own);
  }
  for (const port of ports) port.selected = true;
  return root;
}

/** The best of being root oneself and of what each port was told (section 17.21.25, a to c). */
function bestRoot(ports: readonly BridgePort[], own: BridgeId, ownTimes: BridgeTimes): Root {
  let best: Root = { vector: { root: own, cost: 0, bridge: own, port: 0 }, times: ownTimes, port: null };
  for (const port of ports) {
    if (port.infoIs !== 'received' || port.portPriority.bridge.mac === own.mac) continue;
    const vector = { ...port.portPriority, cost: port.portPriority.cost + port.portPathCost };
    const order = compareVectors(vector, best.vector);
    if (order > 0 || (order === 0 && port.portId > (best.port?.portId ?? 0))) continue;
    const times = { ...port.portTimes, messageAge: Math.floor(port.portTimes.messageAge) + 1 };
    best = { vector, times, port };
  }
  return best;
}

function roleOf(port: BridgePort, root: Root, own: BridgeId): PortRole {
  switch (port.infoIs) {
    case 'disabled':
      return 'disabled';
    case 'aged':
      port.updtInfo = true;
      return 'designated';
    case 'mine':
      if (
        compareVectors(port.portPriority, port.designatedPriority) !== 0 ||
        !sameTimes(port.portTimes, port.designatedTimes)
      ) {
        port.updtInfo = true;
      }
      return 'designated';
    case 'received':
      if (port === root.port) {
        port.updtInfo = false;
        return 'root';
      }
      if (compareVectors(port.designatedPriority, port.portPriority) < 0) {
        port.updtInfo = true;
        return 'designated';
      }
      port.updtInfo = false;
      return compareBridges(port.portPriority.bridge, own) === 0 ? 'backup' : 'alternate';
  }
}
