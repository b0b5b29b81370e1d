// What every packet counts stands in the object that it meets anyway: IPv4 has it from its base class, ICMP as fields of its own.
// The rest stands in an object for itself.
// Classes, since an engine keeps all the numbers of one in one piece.

/** Of the line `Ip` of /proc/net/snmp (RFC 4293), what all packets count. */
export abstract class IpTraffic {
  InReceives = 0;
  ForwDatagrams = 0;
  InDelivers = 0;
  OutRequests = 0;
}

/** And what some do. */
export class IpFaults {
  InHdrErrors = 0;
  InAddrErrors = 0;
  InUnknownProtos = 0;
  InDiscards = 0;
  OutDiscards = 0;
  OutNoRoutes = 0;
  ReasmTimeout = 0;
  ReasmReqds = 0;
  ReasmOKs = 0;
  ReasmFails = 0;
  FragOKs = 0;
  FragFails = 0;
  FragCreates = 0;
}

/** The line as it stands now, in its order, in which `netstat -s` prints it. */
export const ipCounters = (all: IpTraffic, faults: IpFaults) => ({
  InReceives: all.InReceives,
  InHdrErrors: faults.InHdrErrors,
  InAddrErrors: faults.InAddrErrors,
  ForwDatagrams: all.ForwDatagrams,
  InUnknownProtos: faults.InUnknownProtos,
  InDiscards: faults.InDiscards,
  InDelivers: all.InDelivers,
  OutRequests: all.OutRequests,
  OutDiscards: faults.OutDiscards,
  OutNoRoutes: faults.OutNoRoutes,
  ReasmTimeout: faults.ReasmTimeout,
  ReasmReqds: faults.ReasmReqds,
  ReasmOKs: faults.ReasmOKs,
  ReasmFails: faults.ReasmFails,
  FragOKs: faults.FragOKs,
  FragFails: faults.FragFails,
  FragCreates: faults.FragCreates,
});

export type IpCounters = Readonly<ReturnType<typeof ipCounters>>;

/** Of the line `Icmp`, what all echoes count: they stand in the layer, too. */
export interface EchoTraffic {
  InMsgs: number;
  InEchos: number;
  InEchoReps: number;
  OutMsgs: number;
  OutEchos: number;
  OutEchoReps: number;
}

/** And what other messages do. */
export class IcmpFaults {
  InErrors = 0;
  InCsumErrors = 0;
  InDestUnreachs = 0;
  InTimeExcds = 0;
  InParmProbs = 0;
  InSrcQuenchs = 0;
  InRedirects = 0;
  InTimestamps = 0;
  InTimestampReps = 0;
  InAddrMasks = 0;
  InAddrMaskReps = 0;
  OutErrors = 0;
  OutRateLimitGlobal = 0;
  OutRateLimitHost = 0;
  OutDestUnreachs = 0;
  OutTimeExcds = 0;
  OutParmProbs = 0;
  OutSrcQuenchs = 0;
  OutRedirects = 0;
  OutTimestamps = 0;
  OutTimestampReps = 0;
  OutAddrMasks = 0;
  OutAddrMaskReps = 0;
}

export const icmpCounters = (all: EchoTraffic, faults: IcmpFaults) => ({
  InMsgs: all.InMsgs,
  InErrors: faults.InErrors,
  InCsumErrors: faults.InCsumErrors,
  InDestUnreachs: faults.InDestUnreachs,
  InTimeExcds: faults.InTimeExcds,
  InParmProbs: faults.InParmProbs,
  InSrcQuenchs: faults.InSrcQuenchs,
  InRedirects: faults.InRedirects,
  InEchos: all.InEchos,
  InEchoReps: all.InEchoReps,
  InTimestamps: faults.InTimestamps,
  InTimestampReps: faults.InTimestampReps,
  InAddrMasks: faults.InAddrMasks,
  InAddrMaskReps: faults.InAddrMaskReps,
  OutMsgs: all.OutMsgs,
  OutErrors: faults.OutErrors,
  OutRateLimitGlobal: faults.OutRateLimitGlobal,
  OutRateLimitHost: faults.OutRateLimitHost,
  OutDestUnreachs: faults.OutDestUnreachs,
  OutTimeExcds: faults.OutTimeExcds,
  OutParmProbs: faults.OutParmProbs,
  OutSrcQuenchs: faults.OutSrcQuenchs,
  OutRedirects: faults.OutRedirects,
  OutEchos: all.OutEchos,
  OutEchoReps: all.OutEchoReps,
  OutTimestamps: faults.OutTimestamps,
  OutTimestampReps: faults.OutTimestampReps,
  OutAddrMasks: faults.OutAddrMasks,
  OutAddrMaskReps: faults.OutAddrMaskReps,
});

export type IcmpCounters = Readonly<ReturnType<typeof icmpCounters>>;
