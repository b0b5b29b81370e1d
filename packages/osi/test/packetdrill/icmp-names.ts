/** ICMP types by packetdrill's names (RFC 792, IANA "ICMP Parameters"). */
const ICMP_TYPES: Record<string, number> = {
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
const ICMP_CODES: Record<number, Record<string, number>> = {
  3: Object.fromEntries(UNREACHABLE.map((name, code) => [name, code])),
};

/** ICMPv6 types and codes (RFC 4443). */
const ICMPV6_TYPES: Record<string, number> = {
  unreachable: 1,
  packet_too_big: 2,
  time_exceeded: 3,
  parameter_problem: 4,
  echo_request: 128,
  echo_reply: 129,
};
const ICMPV6_CODES: Record<number, Record<string, number>> = {
  1: {
    net_unreachable: 0,
    no_route: 0,
    admin_prohibited: 1,
    not_neighbour: 2,
    address_unreachable: 3,
    port_unreachable: 4,
  },
  3: { exceeded_hop_limit: 0, exceeded_frag_time: 1 },
  4: { header_field: 0, unknown_next_header: 1, unknown_option: 2 },
};

/** The names of one version of ICMP. */
export class IcmpNames {
  readonly types: Record<string, number>;
  readonly codes: Record<number, Record<string, number>>;

  constructor(types: Record<string, number>, codes: Record<number, Record<string, number>>) {
    this.types = types;
    this.codes = codes;
  }

  typeName(type: number): string {
    return nameOf(this.types, type, 'type_');
  }

  codeName(type: number, code: number): string {
    return nameOf(this.codes[type] ?? {}, code, 'code_');
  }
}

const nameOf = (table: Record<string, number>, number: number, prefix: string): string =>
  Object.entries(table).find(([, value]) => value === number)?.[0] ?? `${prefix}${number}`;

export const ICMP = new IcmpNames(ICMP_TYPES, ICMP_CODES);
export const ICMPV6 = new IcmpNames(ICMPV6_TYPES, ICMPV6_CODES);
