import type { TcpHint } from './analysis.ts';
import type { FrameView } from './conversation.ts';
import { findField, numberOf, textOf } from './find.ts';
import { igmpSummary } from './igmp-summary.ts';
import { icmpv6Summary, ipv6Summary } from './ipv6-summary.ts';
import type { Field, FieldTree, ProtocolField } from './tree.ts';

/** One frame in a packet list: Wireshark's columns. */
export interface Summary {
  /** IP addresses where there are some, else MAC addresses. */
  readonly source: string;
  readonly destination: string;
  /** `TCP`, `ARP`, `0x88b5`. */
  readonly protocol: string;
  readonly info: string;
}

/** In the order in which Wireshark prints them, each in front of those before it. */
const HINTS: Record<TcpHint, string> = {
  'reused-ports': 'TCP Port numbers reused',
  retransmission: 'TCP Retransmission',
  'fast-retransmission': 'TCP Fast Retransmission',
  'spurious-retransmission': 'TCP Spurious Retransmission',
  'out-of-order': 'TCP Out-Of-Order',
  'lost-segment': 'TCP Previous segment not captured',
  'ack-lost-segment': 'TCP ACKed unseen segment',
  'window-update': 'TCP Window Update',
  'window-full': 'TCP Window Full',
  'keep-alive': 'TCP Keep-Alive',
  'keep-alive-ack': 'TCP Keep-Alive ACK',
  'duplicate-ack': 'TCP Dup ACK',
  'zero-window': 'TCP ZeroWindow',
  'zero-window-probe': 'TCP ZeroWindowProbe',
  'zero-window-probe-ack': 'TCP ZeroWindowProbeAck',
};

/** Sums a frame up in one line. @param view what earlier frames tell; hints and dup-ACK counts come from it. */
export function summarize(tree: FieldTree, view?: FrameView): Summary {
  const [eth, ...upper] = tree.protocols;
  const ip = upper.find(({ name }) => name === 'ip' || name === 'ipv6');
  const addressed = ip !== undefined && textOf(ip, `${ip.name}.src`) !== '' ? ip : undefined;
  const summary = upperSummary(tree, upper, view);
  return {
    source: addressed ? textOf(addressed, `${addressed.name}.src`) : textOf(eth, 'eth.src'),
    destination: addressed ? textOf(addressed, `${addressed.name}.dst`) : textOf(eth, 'eth.dst'),
    protocol: summary.protocol,
    info: summary.info + (tree.malformed ? `${summary.info && ' '}[Malformed Packet]` : ''),
  };
}

function upperSummary(
  tree: FieldTree,
  upper: readonly ProtocolField[],
  view: FrameView | undefined,
): { protocol: string; info: string } {
  const known = upper.filter(({ name }) => name !== 'data' && name !== '_ws.malformed').at(-1);
  switch (known?.name) {
    case 'tcp':
      return { protocol: 'TCP', info: tcp(known, view) };
    case 'udp':
      return { protocol: 'UDP', info: udp(known) };
    case 'icmp':
      return { protocol: 'ICMP', info: icmp(known, upper) };
    case 'icmpv6':
      return { protocol: 'ICMPv6', info: icmpv6Summary(known, upper) };
    case 'ipv6':
      return { protocol: 'IPv6', info: ipv6Summary(known) };
    case 'igmp':
      return igmpSummary(known);
    case 'arp':
      return { protocol: 'ARP', info: arp(known) };
    case 'ip':
      return { protocol: 'IPv4', info: ipv4(known) };
    case 'stp':
      return { protocol: 'STP', info: stp(known) };
    case 'vlan':
      return vlan(known);
    default:
      return ethernet(tree);
  }
}

function ethernet(tree: FieldTree): { protocol: string; info: string } {
  const type = findField(tree.protocols, 'eth.type');
  if (type === undefined) return { protocol: 'Ethernet', info: '' };
  const name = type.text.replace(/ \(0x\w+\)$/, '');
  if (name === '802.1Q Virtual LAN') return { protocol: 'VLAN', info: '' };
  const protocol =
    name === 'IPv4' || name === 'IPv6' || name === 'ARP' ? name : (/0x\w+/.exec(type.text)?.[0] ?? '');
  return { protocol, info: protocol === name ? '' : name === 'Unknown' ? 'Ethernet II' : name };
}

function vlan(field: ProtocolField): { protocol: string; info: string } {
  const type = /0x\w+/.exec(textOf(field, 'vlan.etype'))?.[0] ?? 'VLAN';
  const info = field.text.replaceAll(',', ' ');
  return { protocol: type, info };
}

function stp(field: ProtocolField): string {
  const type = numberOf(field, 'stp.type');
  if (type === 0x80) return 'Topology Change Notification';
  if (type !== 0x00 && type !== 0x02) return `Unknown BPDU type (${type})`;
  if (findField([field], 'stp.forward') === undefined) return '';
  const change = numberOf(field, 'stp.flags.tc') === 1 ? 'TC + ' : '';
  const root = ['prio', 'ext'].map((part) => numberOf(field, `stp.root.${part}`));
  const where = [...root, textOf(field, 'stp.root.hw')].join('/');
  const cost = numberOf(field, 'stp.root.cost');
  return `${type === 0 ? 'Conf' : 'RST'}. ${change}Root = ${where}  Cost = ${cost}  Port = ${textOf(field, 'stp.port')}`;
}

function arp(field: ProtocolField): string {
  const sender = textOf(field, 'arp.src.proto_ipv4');
  const target = textOf(field, 'arp.dst.proto_ipv4');
  const operation = numberOf(field, 'arp.opcode');
  if (findField([field], 'arp.isprobe')) return `Who has ${target}? (ARP Probe)`;
  if (findField([field], 'arp.isannouncement')) return `ARP Announcement for ${sender}`;
  if (findField([field], 'arp.isgratuitous')) {
    return `Gratuitous ARP for ${sender} (${operation === 1 ? 'Request' : 'Reply'})`;
  }
  if (operation === 1) return `Who has ${target}? Tell ${sender}`;
  if (operation === 2) return `${sender} is at ${textOf(field, 'arp.src.hw_mac')}`;
  return textOf(field, 'arp.opcode');
}

function ipv4(field: ProtocolField): string {
  const offset = numberOf(field, 'ip.frag_offset') * 8;
  const [, name, number] = /^(.*) \((\d+)\)$/.exec(textOf(field, 'ip.proto')) ?? [];
  if (offset > 0 || numberOf(field, 'ip.flags.mf') === 1) {
    const id = numberOf(field, 'ip.id').toString(16).padStart(4, '0');
    return `Fragmented IP protocol (proto=${name} ${number}, off=${offset}, ID=${id})`;
  }
  return name === 'Unknown' ? `Unknown (${number})` : '';
}

const isBad = (field: ProtocolField, name: string): boolean => textOf(field, name) === 'Bad';

/** What stands in brackets at the end of a field's text: `0x012 (SYN, ACK)` → `SYN, ACK`. */
function bracketed(field: ProtocolField, name: string): string {
  return /^\S+ \((.*)\)$/.exec(textOf(field, name))?.[1] ?? '';
}

/** The kind takes 20 columns, so that numbers stand below each other. */
function icmp(field: ProtocolField, around: readonly ProtocolField[]): string {
  const kind = bracketed(field, 'icmp.type');
  const code = bracketed(field, 'icmp.code');
  if (code !== '') return `${kind.padEnd(20)} (${code})`;
  const seq = findField([field], 'icmp.seq');
  if (seq === undefined) return kind;
  const id = numberOf(field, 'icmp.ident').toString(16).padStart(4, '0');
  const ttl = findField(around, 'ip.ttl')?.value;
  return `${kind.padEnd(20)} id=0x${id}, seq=${seq.value}/${numberOf(field, 'icmp.seq_le')}, ttl=${ttl}`;
}

function udp(field: ProtocolField): string {
  const length = numberOf(field, 'udp.length') - 8;
  const bad = isBad(field, 'udp.checksum.status') ? ' [UDP CHECKSUM INCORRECT]' : '';
  return `${numberOf(field, 'udp.srcport')} → ${numberOf(field, 'udp.dstport')} Len=${length}${bad}`;
}

function tcp(field: ProtocolField, view: FrameView | undefined): string {
  const flags = numberOf(field, 'tcp.flags');
  const words = [
    `${numberOf(field, 'tcp.srcport')} → ${numberOf(field, 'tcp.dstport')}`,
    `[${bracketed(field, 'tcp.flags')}]`,
  ];
  words.push(`Seq=${numberOf(field, 'tcp.seq')}`);
  if (flags & 16) words.push(`Ack=${numberOf(field, 'tcp.ack')}`);
  const window = findField([field], 'tcp.window_size') ?? findField([field], 'tcp.window_size_value');
  words.push(`Win=${window?.value ?? '?'}`);
  if (flags & 32) words.push(`Urg=${numberOf(field, 'tcp.urgent_pointer')}`);
  if (isBad(field, 'tcp.checksum.status')) words.push('[TCP CHECKSUM INCORRECT]');
  const length = findField([field], 'tcp.len');
  if (length !== undefined) words.push(`Len=${length.value}`);
  for (const option of findField([field], 'tcp.options')?.children ?? []) words.push(...optionWords(option));
  const { hints = [], duplicateOf } = view?.tcp ?? {};
  for (const hint of Object.keys(HINTS).filter((name) => hints.includes(name as TcpHint)) as TcpHint[]) {
    const times = hint === 'duplicate-ack' && duplicateOf ? ` ${duplicateOf.frame}#${duplicateOf.times}` : '';
    words.unshift(`[${HINTS[hint]}${times}]`);
  }
  return words.join(' ');
}

/** Nothing for an option whose length is wrong: its value was not read. */
function optionWords(option: Field): string[] {
  if (option.name !== 'tcp.options.sack_perm' && option.children.length < 3) return [];
  switch (option.name) {
    case 'tcp.options.mss':
      return [`MSS=${numberOf(option, 'tcp.options.mss_val')}`];
    case 'tcp.options.wscale':
      return [`WS=${numberOf(option, 'tcp.options.wscale.multiplier')}`];
    case 'tcp.options.sack_perm':
      return ['SACK_PERM'];
    case 'tcp.options.timestamp':
      return [
        `TSval=${numberOf(option, 'tcp.options.timestamp.tsval')}`,
        `TSecr=${numberOf(option, 'tcp.options.timestamp.tsecr')}`,
      ];
    case 'tcp.options.tfo':
    case 'tcp.options.experimental': {
      if (findField([option], 'tcp.options.tfo.request') !== undefined) return ['TFO=R'];
      if (findField([option], 'tcp.options.tfo.cookie') !== undefined) return ['TFO=C'];
      return [`ExID=${numberOf(option, 'tcp.options.experimental.exid').toString(16)}`];
    }
    case 'tcp.options.sack':
      return option.children
        .filter(({ name }) => name === 'tcp.options.sack_le' || name === 'tcp.options.sack_re')
        .map(({ name, value }) => `${name.endsWith('le') ? 'SLE' : 'SRE'}=${value}`);
    default:
      return [];
  }
}
