import { type BridgePort, MIGRATE_TIME } from './bridge-port.ts';

/**
 * The Port Role Transitions machine (IEEE 802.1D-2004 section 17.29): leads a port from its role to forwarding or
 * discarding, without a loop at any moment. Takes one transition. @returns whether there was one to take.
 */
export function roleTransition(port: BridgePort, all: readonly BridgePort[]): boolean {
  if (!port.settled) return false;
  if (port.role !== port.selectedRole) return enter(port);
  switch (port.role) {
    case 'disabled':
      return blocked(port, port.designatedTimes.maxAge);
    case 'root':
      return root(port, all);
    case 'designated':
      return designated(port);
    default:
      return alternate(port, all);
  }
}

function enter(port: BridgePort): boolean {
  port.role = port.selectedRole;
  if (port.role === 'root') port.rrWhile = port.designatedTimes.forwardDelay;
  else if (port.role !== 'designated') port.learn = port.forward = false;
  return true;
}

/** DISABLED_PORT and ALTERNATE_PORT: out of the way of everything. */
function blocked(port: BridgePort, delay: number): boolean {
  if (port.learning || port.forwarding) return false;
  if (port.fdWhile === delay && !port.sync && !port.reRoot && port.synced) return false;
  port.fdWhile = delay;
  port.synced = true;
  port.rrWhile = 0;
  port.sync = port.reRoot = false;
  return true;
}

/** Whether all other ports are so that this one may tell its neighbour to go ahead (section 17.20.3). */
const allSynced = (all: readonly BridgePort[]): boolean =>
  all.every((p) => p.selected && p.role === p.selectedRole && (p.synced || p.role === 'root'));

/** Whether no other port was a root port of late (section 17.20.10). */
const reRooted = (port: BridgePort, all: readonly BridgePort[]): boolean =>
  all.every((p) => p === port || p.rrWhile === 0);

function root(port: BridgePort, all: readonly BridgePort[]): boolean {
  if (agreeOrSync(port, all, () => (port.sync = false))) return true;
  if (!port.forward && !port.reRoot) {
    for (const p of all) p.reRoot = true;
    return true;
  }
  const mayGoOn = port.fdWhile === 0 || (reRooted(port, all) && port.rbWhile === 0);
  if (mayGoOn && !port.forward) {
    goOn(port);
    return true;
  }
  if (port.reRoot && port.forward) {
    port.reRoot = false;
    return true;
  }
  if (port.rrWhile !== port.designatedTimes.forwardDelay) {
    port.rrWhile = port.designatedTimes.forwardDelay;
    return true;
  }
  return false;
}

/** PROPOSED and AGREED of root and alternate ports: what the neighbour proposes is passed on to all, then agreed to. */
function agreeOrSync(port: BridgePort, all: readonly BridgePort[], agreed: () => void): boolean {
  if (port.proposed && !port.agree && !allSynced(all)) {
    for (const p of all) p.sync = true;
    port.proposed = false;
    return true;
  }
  if ((allSynced(all) && !port.agree) || (port.proposed && port.agree)) {
    port.proposed = false;
    agreed();
    port.agree = true;
    port.newInfo = true;
    return true;
  }
  return false;
}

/** From discarding to learning, from learning to forwarding. */
function goOn(port: BridgePort): void {
  if (port.learn) {
    port.forward = true;
    port.fdWhile = 0;
  } else {
    port.learn = true;
    port.fdWhile = port.forwardDelay;
  }
}

function designated(port: BridgePort): boolean {
  if (!port.forward && !port.agreed && !port.proposing && !port.operEdge) {
    port.proposing = true;
    port.edgeDelayWhile = port.pointToPoint ? MIGRATE_TIME : port.designatedTimes.maxAge;
    port.newInfo = true;
    return true;
  }
  const quiet = !port.learning && !port.forwarding;
  if ((!port.synced && (quiet || port.agreed || port.operEdge)) || (port.sync && port.synced)) {
    port.rrWhile = 0;
    port.synced = true;
    port.sync = false;
    return true;
  }
  if (port.rrWhile === 0 && port.reRoot) {
    port.reRoot = false;
    return true;
  }
  const unsafe = (port.sync && !port.synced) || (port.reRoot && port.rrWhile !== 0) || port.disputed;
  if (unsafe && !port.operEdge && (port.learn || port.forward)) {
    port.learn = port.forward = port.disputed = false;
    port.fdWhile = port.forwardDelay;
    return true;
  }
  const allowed = port.fdWhile === 0 || port.agreed || port.operEdge;
  if (allowed && (port.rrWhile === 0 || !port.reRoot) && !port.sync && !port.forward) {
    if (port.learn) port.agreed = port.sendRSTP;
    goOn(port);
    return true;
  }
  return false;
}

function alternate(port: BridgePort, all: readonly BridgePort[]): boolean {
  if (agreeOrSync(port, all, () => {})) return true;
  const twoHellos = 2 * port.designatedTimes.helloTime;
  if (port.role === 'backup' && port.rbWhile !== twoHellos) {
    port.rbWhile = twoHellos;
    return true;
  }
  return blocked(port, port.forwardDelay);
}

/** The Port State Transition machine (section 17.30): does what the role asks for. */
export function stateTransition(port: BridgePort): boolean {
  const { learning, forwarding } = port;
  port.learning = port.learn;
  port.forwarding = port.learn && port.forward;
  return port.learning !== learning || port.forwarding !== forwarding;
}
