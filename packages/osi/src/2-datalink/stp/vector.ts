import type { MacAddress } from '../ethernet/mac-address.ts';

/** A bridge's identifier: 4 bits of priority and 12 of extension as one number, then its address (IEEE 802.1D-2004 section 9.2.5). */
export interface BridgeId {
  readonly priority: number;
  readonly mac: MacAddress;
}

/** What bridges compare to agree on one tree; the lesser one is the better (section 17.6). */
export interface PriorityVector {
  readonly root: BridgeId;
  readonly cost: number;
  readonly bridge: BridgeId;
  /** The identifier of the port that sent it. */
  readonly port: number;
}

/** Times in seconds, as a BPDU carries them (section 17.13). */
export interface BridgeTimes {
  readonly messageAge: number;
  readonly maxAge: number;
  readonly helloTime: number;
  readonly forwardDelay: number;
}

/** < 0 when `a` is the better one, 0 when they are the same. */
export const compareBridges = (a: BridgeId, b: BridgeId): number => a.priority - b.priority || a.mac - b.mac;

/** < 0 when `a` is better than `b`, 0 when they are the same. */
export const compareVectors = (a: PriorityVector, b: PriorityVector): number =>
  compareBridges(a.root, b.root) || a.cost - b.cost || compareBridges(a.bridge, b.bridge) || a.port - b.port;

export const sameTimes = (a: BridgeTimes, b: BridgeTimes): boolean =>
  a.messageAge === b.messageAge &&
  a.maxAge === b.maxAge &&
  a.helloTime === b.helloTime &&
  a.forwardDelay === b.forwardDelay;
