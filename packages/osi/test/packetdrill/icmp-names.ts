/** ICMP types by packetdrill's names (RFC 792, IANA "ICMP Parameters"). */
export const ICMP_TYPES: Record<string, number> = {
  echo_reply: 0,
  unreachable: 3,
  source_quench: 4,
  redirect: 5,
  echo_request: 8,
  time_exceeded: 11,
  parameter_problem: 12,
  timestamp_request: 13,
  timestamp_reply: 14,
  information_request: 15,
  information_reply: 16,
  address_mask_request: 17,
  address_mask_reply: 18,
};

/** Types that only ICMPv6 has. */
export const ICMPV6_TYPES = ['packet_too_big'];

const UNREACHABLE = [
  'net_unreachable',
  'host_unreachable',
  'protocol_unreachable',
  'port_unreachable',
  'frag_needed',
  'source_route_failed',
  'net_unknown',
  'host_unknown',
  'source_host_isolated',
  'net_prohibited',
  'host_prohibited',
  'net_unreachable_for_tos',
  'host_unreachable_for_tos',
  'packet_filtered',
  'precedence_violation',
  'precedence_cutoff',
];

/** Codes by type and name. */
export const ICMP_CODES: Record<number, Record<string, number>> = {
  3: Object.fromEntries(UNREACHABLE.map((name, code) => [name, code])),
};

const nameOf = (table: Record<string, number>, number: number, prefix: string): string =>
  Object.entries(table).find(([, value]) => value === number)?.[0] ?? `${prefix}${number}`;

export const icmpTypeName = (type: number): string => nameOf(ICMP_TYPES, type, 'type_');
export const icmpCodeName = (type: number, code: number): string =>
  nameOf(ICMP_CODES[type] ?? {}, code, 'code_');
