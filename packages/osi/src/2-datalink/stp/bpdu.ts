import { type MacAddress, readMac, writeMac } from '../ethernet/mac-address.ts';
import type { BridgeId, BridgeTimes, PriorityVector } from './vector.ts';

/** Bridge protocol data units (IEEE 802.1D-2004 section 9.3): the messages of the spanning tree. */
export type Bpdu =
  | { readonly kind: 'notification' }
  | {
      readonly kind: 'configuration' | 'rapid';
      /** Of the port that sent it. A configuration BPDU comes from designated ports only. */
      readonly role: BpduRole;
      readonly flags: BpduFlags;
      readonly vector: PriorityVector;
      readonly times: BridgeTimes;
    };

/** As the two bits of the flags number them (section 9.2.9). */
export type BpduRole = 'unknown' | 'alternate-or-backup' | 'root' | 'designated';
const ROLES: readonly BpduRole[] = ['unknown', 'alternate-or-backup', 'root', 'designated'];

interface BpduFlags {
  readonly topologyChange: boolean;
  readonly acknowledgment: boolean;
  readonly proposal: boolean;
  readonly agreement: boolean;
  readonly learning: boolean;
  readonly forwarding: boolean;
}

/** The group address of all bridges of a link (table 7-10): no bridge passes it on. */
export const BRIDGE_GROUP = 0x0180c2000000 as MacAddress;

/** Logical link control in front: both access points 0x42, an unnumbered information frame (section 9.3, table 7-9). */
const LLC = [0x42, 0x42, 0x03] as const;
const LLC_LENGTH = LLC.length;

const TYPE = 3;
const FLAGS = 4;
const ROOT = 5;
const COST = 13;
const BRIDGE = 17;
const PORT = 25;
const TIMES = 27;

const TYPE_CONFIGURATION = 0x00;
const TYPE_RAPID = 0x02;
const TYPE_NOTIFICATION = 0x80;

/** Lengths in bytes, without logical link control (section 9.3.1 to 9.3.3). */
const NOTIFICATION_LENGTH = 4;
const CONFIGURATION_LENGTH = 35;
const RAPID_LENGTH = 36;

/** Times are in units of 1/256 s (section 9.2.8). */
const UNITS = 256;

/** How many bytes `writeBpdu` writes. */
export function bpduLength(kind: Bpdu['kind']): number {
  if (kind === 'notification') return LLC_LENGTH + NOTIFICATION_LENGTH;
  return LLC_LENGTH + (kind === 'rapid' ? RAPID_LENGTH : CONFIGURATION_LENGTH);
}

/** Writes logical link control and the BPDU from `start` on. */
export function writeBpdu(view: DataView, start: number, bpdu: Bpdu): void {
  LLC.forEach((byte, i) => {
    view.setUint8(start + i, byte);
  });
  const at = start + LLC_LENGTH;
  view.setUint16(at, 0);
  view.setUint8(at + 2, bpdu.kind === 'rapid' ? 2 : 0);
  if (bpdu.kind === 'notification') {
    view.setUint8(at + TYPE, TYPE_NOTIFICATION);
    return;
  }
  view.setUint8(at + TYPE, bpdu.kind === 'rapid' ? TYPE_RAPID : TYPE_CONFIGURATION);
  view.setUint8(at + FLAGS, flagsByte(bpdu.kind, bpdu.role, bpdu.flags));
  const { vector, times } = bpdu;
  writeBridge(view, at + ROOT, vector.root);
  view.setUint32(at + COST, vector.cost);
  writeBridge(view, at + BRIDGE, vector.bridge);
  view.setUint16(at + PORT, vector.port);
  view.setUint16(at + TIMES, times.messageAge * UNITS);
  view.setUint16(at + TIMES + 2, times.maxAge * UNITS);
  view.setUint16(at + TIMES + 4, times.helloTime * UNITS);
  view.setUint16(at + TIMES + 6, times.forwardDelay * UNITS);
  if (bpdu.kind === 'rapid') view.setUint8(at + CONFIGURATION_LENGTH, 0);
}

/** Reads what follows an 802.3 header with a length. @returns null for what is no valid BPDU (section 9.3.4). */
export function readBpdu(view: DataView, start: number, end: number): Bpdu | null {
  const at = start + LLC_LENGTH;
  if (end < at + NOTIFICATION_LENGTH || LLC.some((byte, i) => view.getUint8(start + i) !== byte)) return null;
  if (view.getUint16(at) !== 0) return null;
  const version = view.getUint8(at + 2);
  const type = view.getUint8(at + TYPE);
  if (type === TYPE_NOTIFICATION) return { kind: 'notification' };
  const rapid = type === TYPE_RAPID;
  if (!rapid && type !== TYPE_CONFIGURATION) return null;
  if (end < at + (rapid ? RAPID_LENGTH : CONFIGURATION_LENGTH) || (rapid && version < 2)) return null;
  const vector = {
    root: readBridge(view, at + ROOT),
    cost: view.getUint32(at + COST),
    bridge: readBridge(view, at + BRIDGE),
    port: view.getUint16(at + PORT),
  };
  const [messageAge, maxAge, helloTime, forwardDelay] = [0, 2, 4, 6].map(
    (offset) => view.getUint16(at + TIMES + offset) / UNITS,
  ) as [number, number, number, number];
  if (!rapid && messageAge >= maxAge) return null;
  const byte = view.getUint8(at + FLAGS);
  return {
    kind: rapid ? 'rapid' : 'configuration',
    role: rapid ? (ROLES[(byte >> 2) & 3] as BpduRole) : 'designated',
    flags: {
      topologyChange: (byte & 0x01) !== 0,
      acknowledgment: (byte & 0x80) !== 0,
      proposal: rapid && (byte & 0x02) !== 0,
      learning: rapid && (byte & 0x10) !== 0,
      forwarding: rapid && (byte & 0x20) !== 0,
      agreement: rapid && (byte & 0x40) !== 0,
    },
    vector,
    times: { messageAge, maxAge, helloTime, forwardDelay },
  };
}

function flagsByte(kind: Bpdu['kind'], role: BpduRole, flags: BpduFlags): number {
  const change = (flags.topologyChange ? 0x01 : 0) | (flags.acknowledgment ? 0x80 : 0);
  if (kind !== 'rapid') return change;
  return (
    change |
    (flags.proposal ? 0x02 : 0) |
    (ROLES.indexOf(role) << 2) |
    (flags.learning ? 0x10 : 0) |
    (flags.forwarding ? 0x20 : 0) |
    (flags.agreement ? 0x40 : 0)
  );
}

function readBridge(view: DataView, at: number): BridgeId {
  return { priority: view.getUint16(at), mac: readMac(view, at + 2) };
}

function writeBridge(view: DataView, at: number, { priority, mac }: BridgeId): void {
  view.setUint16(at, priority);
  writeMac(view, at + 2, mac);
}
