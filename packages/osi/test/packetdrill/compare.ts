import { ACK, flagBits, formatFlags, optionsLength, type Packet, PSH, type TcpPacket } from './packet.ts';
import type { IpInfo, PacketSpec, TcpOption, TcpSpec } from './script.ts';
import { formatOption } from './tcp-options.ts';

/** How exactly a packet has to be the script's. */
export interface Strictness {
  /**
   * Neither windows nor PSH are compared, nor the order of TCP options and their padding. (Neither are times: that
   * is the interpreter's part.)
   */
  readonly lenient: boolean;
  /** How far our timestamps may be from the script's, in ticks; null for not to compare them, nor what they echo. */
  readonly timestamps: number | null;
}

/** Compares a packet that was sent, in the script's numbers. @returns the first difference, or null. */
export function difference(spec: PacketSpec, packet: Packet, strictness: Strictness): string | null {
  if (spec.protocol !== packet.protocol) return `expected ${spec.protocol}, sent ${packet.protocol}`;
  return ipDifference(spec.ip, packet) ?? transportDifference(spec, packet, strictness);
}

const field = (name: string, expected: number | string, actual: number | string): string | null =>
  expected === actual ? null : `${name}: expected ${expected}, sent ${actual}`;

function ipDifference(spec: IpInfo, packet: Packet): string | null {
  const ecn = packet.tos & 3;
  if (spec.ecn === 'ect01') return ecn === 1 || ecn === 2 ? null : `ECN field: expected 1 or 2, sent ${ecn}`;
  if (spec.ecn !== null) return field('ECN field', spec.ecn, ecn);
  if (spec.tos !== null) return field('type of service', spec.tos, packet.tos);
  if (spec.ttl !== null) return field('time to live', spec.ttl, packet.ttl);
  return null;
}

function transportDifference(spec: PacketSpec, packet: Packet, strictness: Strictness): string | null {
  if (spec.protocol === 'tcp' && packet.protocol === 'tcp') return tcpDifference(spec, packet, strictness);
  if (spec.protocol === 'udp') return field('length', spec.length, packet.payload.length);
  if (spec.protocol === 'icmp' && packet.protocol === 'icmp')
    return field('type', spec.type, packet.type) ?? field('code', spec.code, packet.code);
  return null;
}

function tcpDifference(spec: TcpSpec, packet: TcpPacket, strictness: Strictness): string | null {
  const { lenient } = strictness;
  const ignored = lenient ? PSH : 0;
  const flags = flagBits(spec.flags);
  // What no flags say, a digit says of the ACE field: without one all bits are compared as they are.
  return (
    field('flags', formatFlags(flags & ~ignored), formatFlags(packet.flags & ~ignored)) ??
    field('sequence number', spec.seq, packet.seq) ??
    field('length', spec.length, packet.payload.length) ??
    ((flags & ACK) === 0 ? null : field('acknowledgment', spec.ack, packet.ack)) ??
    (spec.window === null || lenient ? null : field('window', spec.window, packet.window)) ??
    field('urgent pointer', spec.urgent, packet.urgent) ??
    optionsDifference(spec.options, packet.options, strictness) ??
    (packet.payload.every((byte) => byte === 0) ? null : 'the payload is not what was written')
  );
}

const list = (options: readonly TcpOption[]): string => `<${options.map(formatOption).join(',')}>`;

function optionsDifference(
  expected: readonly TcpOption[] | null,
  sent: readonly TcpOption[],
  strictness: Strictness,
): string | null {
  if (expected === null) return null;
  const [wanted, found] = strictness.lenient ? [sorted(expected), sorted(sent)] : [expected, sent];
  const same =
    wanted.length === found.length &&
    wanted.every((option, i) => sameOption(option, found[i] as TcpOption, strictness));
  if (!same) return `TCP options: expected ${list(expected)}, sent ${list(sent)}`;
  return strictness.lenient ? null : field('header length', optionsLength(expected), optionsLength(sent));
}

const sorted = (options: readonly TcpOption[]): TcpOption[] =>
  options
    .filter(({ kind }) => kind !== 'nop' && kind !== 'eol')
    .sort((a, b) => (formatOption(a) < formatOption(b) ? -1 : 1));

function sameOption(expected: TcpOption, sent: TcpOption, { timestamps }: Strictness): boolean {
  if (expected.kind === 'TS' && sent.kind === 'TS')
    return (
      timestamps === null ||
      (expected.echo === sent.echo && Math.abs(expected.value - sent.value) <= timestamps)
    );
  return formatOption(expected) === formatOption(sent);
}

const ECN_NAMES = ['noecn', 'ect1', 'ect0', 'ce'];

function formatIpInfo({ tos, ecn, ttl }: IpInfo): string[] {
  if (tos !== null) return [`(tos 0x${tos.toString(16)})`];
  if (ecn !== null) return [`[${ecn === 'ect01' ? ecn : ECN_NAMES[ecn]}]`];
  return ttl === null ? [] : [`[ttl ${ttl}]`];
}

/** A packet of the script in its own notation. */
export function formatSpec(spec: PacketSpec): string {
  const arrow = spec.direction === 'in' ? '<' : '>';
  switch (spec.protocol) {
    case 'udp':
      return `${arrow} udp (${spec.length})`;
    case 'icmp':
      return `${arrow} icmp type_${spec.type} code_${spec.code}`;
    case 'tcp': {
      const { seq, length, ack, window, urgent, options } = spec;
      const parts = [
        arrow,
        ...formatIpInfo(spec.ip),
        spec.flags === '' ? '-' : spec.flags,
        `${seq}:${(seq + length) % 2 ** 32}(${length})`,
        ...(spec.flags.includes('.') ? [`ack ${ack}`] : []),
        ...(window === null ? [] : [`win ${window}`]),
        ...(urgent === 0 ? [] : [`urg ${urgent}`]),
        ...(options === null ? ['<...>'] : options.length === 0 ? [] : [list(options)]),
      ];
      return parts.join(' ');
    }
  }
}
