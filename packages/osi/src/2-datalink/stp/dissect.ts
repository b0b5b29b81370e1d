import { type Dissector, hex, type Pen, type Scope, Unreadable } from '../../dissect/pen.ts';

const CONFIGURATION = 0x00;
const RAPID = 0x02;
const TOPOLOGY_CHANGE_NOTIFICATION = 0x80;

const NOTIFICATION_LENGTH = 4;
const CONFIGURATION_LENGTH = 35;
const RAPID_LENGTH = 36;

const VERSIONS = new Map([
  [0, 'Spanning Tree'],
  [2, 'Rapid Spanning Tree'],
]);
const TYPES = new Map([
  [CONFIGURATION, 'Configuration'],
  [RAPID, 'Rapid/Multiple Spanning Tree'],
  [TOPOLOGY_CHANGE_NOTIFICATION, 'Topology Change Notification'],
]);
const ROLES = ['Unknown', 'Alternate or Backup', 'Root', 'Designated'];

/** A flag of a BPDU: its field's last name, what it is called, its bit from the most significant one. */
type Flag = readonly [name: string, label: string, bit: number];
const ACKNOWLEDGMENT: Flag = ['tcack', 'Topology Change Acknowledgment', 0];
const CHANGE: Flag = ['tc', 'Topology Change', 7];
const RAPID_FLAGS: readonly Flag[] = [
  ACKNOWLEDGMENT,
  ['agreement', 'Agreement', 1],
  ['forwarding', 'Forwarding', 2],
  ['learning', 'Learning', 3],
  ['port_role', 'Port Role', 4],
  ['proposal', 'Proposal', 6],
  CHANGE,
];

/** A bridge protocol data unit (IEEE 802.1D-2004 section 9.3). */
export const dissectStp: Dissector = (scope, start, end) => {
  scope.reading = 'STP';
  const needed = lengthOf(scope.bytes[start + 3]);
  if (end - start < needed) throw new Unreadable(end, `the BPDU needs ${needed} bytes at byte ${start}`);
  const pen = scope.protocol('stp', 'STP', 'Spanning Tree Protocol', 2, start, NOTIFICATION_LENGTH);
  pen.end = end;
  const protocol = pen.number('stp.protocol', 'Protocol Identifier', start, 2);
  const identifier = protocol.field.value as number;
  protocol.text(`${identifier === 0 ? 'Spanning Tree Protocol' : 'Unknown'} (${hex(identifier, 4)})`);
  const version = pen.number('stp.version', 'Protocol Version Identifier', start + 2, 1);
  const number = version.field.value as number;
  version.text(`${VERSIONS.get(number) ?? 'Unknown'} (${number})`);
  const kind = pen.number('stp.type', 'BPDU Type', start + 3, 1);
  const type = kind.field.value as number;
  kind.text(`${TYPES.get(type) ?? 'Unknown'} (${hex(type, 2)})`);
  if (type !== CONFIGURATION && type !== RAPID) return start + NOTIFICATION_LENGTH;

  flags(scope, pen, start + 4, type === RAPID);
  bridge(scope, pen, 'root', 'Root Bridge', start + 5);
  pen.number('stp.root.cost', 'Root Path Cost', start + 13, 4);
  bridge(scope, pen, 'bridge', 'Bridge', start + 17);
  const port = pen.number('stp.port', 'Port identifier', start + 25, 2);
  port.text(hex(port.field.value as number, 4));
  time(scope, pen, 'msg_age', 'Message Age', start + 27);
  time(scope, pen, 'max_age', 'Max Age', start + 29);
  time(scope, pen, 'hello', 'Hello Time', start + 31);
  time(scope, pen, 'forward', 'Forward Delay', start + 33);
  pen.cover(CONFIGURATION_LENGTH);
  if (type === CONFIGURATION) return start + CONFIGURATION_LENGTH;
  pen.number('stp.version_1_length', 'Version 1 Length', start + 35, 1);
  pen.cover(RAPID_LENGTH);
  return start + RAPID_LENGTH;
};

function lengthOf(type: number | undefined): number {
  if (type === CONFIGURATION) return CONFIGURATION_LENGTH;
  return type === RAPID ? RAPID_LENGTH : NOTIFICATION_LENGTH;
}

function flags(scope: Scope, pen: Pen, at: number, rapid: boolean): void {
  const all = pen.number('stp.flags', 'BPDU flags', at, 1);
  const byte = all.field.value as number;
  const words = [hex(byte, 2)];
  for (const [name, label, bit] of rapid ? RAPID_FLAGS : [ACKNOWLEDGMENT, CHANGE]) {
    if (name === 'port_role') {
      const role = (byte >> 2) & 3;
      all.bits('stp.flags.port_role', label, at, 1, 4, 2, `${ROLES[role]} (${role})`);
      words.push(`${label}: ${ROLES[role]}`);
    } else {
      all.flag(`stp.flags.${name}`, label, { bitOffset: at * 8, bitLength: 8 }, bit, 'Yes', 'No');
      if (((scope.bytes[at] as number) >> (7 - bit)) & 1) words.push(label);
    }
  }
  all.text(words.join(', '));
}

/** A bridge identifier: four bits of priority, twelve of the system's own (the VLAN in some protocols), a MAC address. */
function bridge(scope: Scope, pen: Pen, name: string, label: string, at: number): void {
  const heading = pen.heading(name === 'root' ? 'Root Identifier' : 'Bridge Identifier', '', at, 8);
  const word = scope.view.getUint16(at);
  const priority = word & 0xf000;
  const extension = word & 0x0fff;
  heading.value(`stp.${name}.prio`, `${label} Priority`, priority, String(priority), at, 1);
  heading.value(`stp.${name}.ext`, `${label} System ID Extension`, extension, String(extension), at, 2);
  const { text } = heading.mac(`stp.${name}.hw`, `${label} System ID`, at + 2).field;
  heading.text(`${priority} / ${extension} / ${text}`);
}

/** A time in units of 1/256 s. */
function time(scope: Scope, pen: Pen, name: string, label: string, at: number): void {
  const seconds = scope.view.getUint16(at) / 256;
  pen.value(`stp.${name}`, label, seconds, String(seconds), at, 2);
}
