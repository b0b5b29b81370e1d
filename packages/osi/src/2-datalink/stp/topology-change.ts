import type { BridgePort } from './bridge-port.ts';

/**
 * The Topology Change machine (IEEE 802.1D-2004 section 17.31): what was learned is forgotten wherever the way to a
 * station may have changed, and the news spreads through the tree. Takes one transition.
 *
 * @param flush forgets what was learned at a port. @returns whether there was a transition to take.
 */
export function topologyChange(
  port: BridgePort,
  all: readonly BridgePort[],
  flush: (port: BridgePort) => void,
): boolean {
  const inTree = port.role === 'root' || port.role === 'designated';
  switch (port.change) {
    case 'inactive':
      if (!port.learn) return false;
      port.change = 'learning';
      return forgetNews(port);
    case 'learning':
      if (inTree && port.forward && !port.operEdge) {
        // DETECTED: a port that forwards now is a change.
        newTcWhile(port);
        propagate(port, all);
        port.newInfo = true;
        port.change = 'active';
        return true;
      }
      if (port.rcvdTc || port.rcvdTcn || port.rcvdTcAck || port.tcProp) return forgetNews(port);
      if (inTree || port.learn || port.learning) return false;
      flush(port);
      port.tcWhile = 0;
      port.tcAck = false;
      port.change = 'inactive';
      return true;
    case 'active':
      if (!inTree || port.operEdge) {
        port.change = 'learning';
        return forgetNews(port);
      }
      if (port.rcvdTcn || port.rcvdTc) {
        if (port.rcvdTcn) newTcWhile(port);
        port.rcvdTcn = port.rcvdTc = false;
        if (port.role === 'designated') port.tcAck = true;
        propagate(port, all);
        return true;
      }
      if (port.tcProp) {
        newTcWhile(port);
        flush(port);
        port.tcProp = false;
        return true;
      }
      if (!port.rcvdTcAck) return false;
      port.tcWhile = 0;
      port.rcvdTcAck = false;
      return true;
  }
}

function forgetNews(port: BridgePort): true {
  port.rcvdTc = port.rcvdTcn = port.rcvdTcAck = port.tcProp = false;
  return true;
}

function propagate(port: BridgePort, all: readonly BridgePort[]): void {
  for (const other of all) if (other !== port) other.tcProp = true;
}

/** For how long the news is told (section 17.21.7). */
function newTcWhile(port: BridgePort): void {
  if (port.tcWhile > 0) return;
  const { helloTime, maxAge, forwardDelay } = port.designatedTimes;
  port.tcWhile = port.sendRSTP ? helloTime + 1 : maxAge + forwardDelay;
  if (port.sendRSTP) port.newInfo = true;
}
