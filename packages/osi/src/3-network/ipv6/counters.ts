/** The lines of Linux's /proc/net/snmp6 (RFC 4293), in its order. */
const IP6_COUNTERS = [
  'InReceives',
  'InHdrErrors',
  'InTooBigErrors',
  'InNoRoutes',
  'InAddrErrors',
  'InUnknownProtos',
  'InTruncatedPkts',
  'InDiscards',
  'InDelivers',
  'OutForwDatagrams',
  'OutRequests',
  'OutDiscards',
  'OutNoRoutes',
  'ReasmTimeout',
  'ReasmReqds',
  'ReasmOKs',
  'ReasmFails',
  'FragOKs',
  'FragFails',
  'FragCreates',
  'InMcastPkts',
  'OutMcastPkts',
  'InOctets',
  'OutOctets',
  'InMcastOctets',
  'OutMcastOctets',
  'InBcastOctets',
  'OutBcastOctets',
  'InNoECTPkts',
  'InECT1Pkts',
  'InECT0Pkts',
  'InCEPkts',
  'OutTransmits',
] as const;

const ICMP6_COUNTERS = [
  'InMsgs',
  'InErrors',
  'OutMsgs',
  'OutErrors',
  'InCsumErrors',
  'OutRateLimitHost',
  'InDestUnreachs',
  'InPktTooBigs',
  'InTimeExcds',
  'InParmProblems',
  'InEchos',
  'InEchoReplies',
  'InGroupMembQueries',
  'InGroupMembResponses',
  'InGroupMembReductions',
  'InRouterSolicits',
  'InRouterAdvertisements',
  'InNeighborSolicits',
  'InNeighborAdvertisements',
  'InRedirects',
  'InMLDv2Reports',
  'OutDestUnreachs',
  'OutPktTooBigs',
  'OutTimeExcds',
  'OutParmProblems',
  'OutEchos',
  'OutEchoReplies',
  'OutGroupMembQueries',
  'OutGroupMembResponses',
  'OutGroupMembReductions',
  'OutRouterSolicits',
  'OutRouterAdvertisements',
  'OutNeighborSolicits',
  'OutNeighborAdvertisements',
  'OutRedirects',
  'OutMLDv2Reports',
] as const;

type Icmp6Counter = (typeof ICMP6_COUNTERS)[number];
export type Ip6Counters = Record<(typeof IP6_COUNTERS)[number], number>;
export type Icmp6Counters = Record<Icmp6Counter, number>;

const zeroes = <N extends string>(names: readonly N[]): Record<N, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<N, number>;

export const ip6Counters = (): Ip6Counters => zeroes(IP6_COUNTERS);
export const icmp6Counters = (): Icmp6Counters => zeroes(ICMP6_COUNTERS);

/** Which counter a message of a type is counted by, without `In` or `Out`. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'DestUnreachs',
  2: 'PktTooBigs',
  3: 'TimeExcds',
  4: 'ParmProblems',
  128: 'Echos',
  129: 'EchoReplies',
  130: 'GroupMembQueries',
  131: 'GroupMembResponses',
  132: 'GroupMembReductions',
  133: 'RouterSolicits',
  134: 'RouterAdvertisements',
  135: 'NeighborSolicits',
  136: 'NeighborAdvertisements',
  137: 'Redirects',
  143: 'MLDv2Reports',
};

/** Counts a packet that came, by its ECN bits (RFC 3168). */
export function countEcn(counters: Ip6Counters, trafficClass: number): void {
  const bits = trafficClass & 3;
  if (bits === 0) counters.InNoECTPkts++;
  else if (bits === 1) counters.InECT1Pkts++;
  else if (bits === 2) counters.InECT0Pkts++;
  else counters.InCEPkts++;
}

/** Types that were counted, with how often, as /proc/net/snmp6 has them beside their names: `InType128`. */
export function typesOf(counters: Icmp6Counters): [name: string, count: number][] {
  return ['In', 'Out'].flatMap((way) =>
    Object.entries(NAMES).flatMap(([type, name]): [string, number][] => {
      const count = counters[`${way}${name}` as Icmp6Counter];
      return count === 0 ? [] : [[`${way}Type${type}`, count]];
    }),
  );
}

export function countIn(counters: Icmp6Counters, type: number): void {
  const name = NAMES[type];
  if (name !== undefined) counters[`In${name}` as Icmp6Counter]++;
}

export function countOut(counters: Icmp6Counters, type: number): void {
  const name = NAMES[type];
  counters.OutMsgs++;
  if (name !== undefined) counters[`Out${name}` as Icmp6Counter]++;
}
