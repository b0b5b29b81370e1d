// In Linux's order, in which `netstat -s` prints them. Classes, so that an engine keeps all the numbers of one in one piece.

/** The line `Ip` of /proc/net/snmp (RFC 4293). */
export class IpCounters {
  InReceives = 0;
  InHdrErrors = 0;
  InAddrErrors = 0;
  ForwDatagrams = 0;
  InUnknownProtos = 0;
  InDiscards = 0;
  InDelivers = 0;
  OutRequests = 0;
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

/** Its line `Icmp`. */
export class IcmpCounters {
  InMsgs = 0;
  InErrors = 0;
  InCsumErrors = 0;
  InDestUnreachs = 0;
  InTimeExcds = 0;
  InParmProbs = 0;
  InSrcQuenchs = 0;
  InRedirects = 0;
  InEchos = 0;
  InEchoReps = 0;
  InTimestamps = 0;
  InTimestampReps = 0;
  InAddrMasks = 0;
  InAddrMaskReps = 0;
  OutMsgs = 0;
  OutErrors = 0;
  OutRateLimitGlobal = 0;
  OutRateLimitHost = 0;
  OutDestUnreachs = 0;
  OutTimeExcds = 0;
  OutParmProbs = 0;
  OutSrcQuenchs = 0;
  OutRedirects = 0;
  OutEchos = 0;
  OutEchoReps = 0;
  OutTimestamps = 0;
  OutTimestampReps = 0;
  OutAddrMasks = 0;
  OutAddrMaskReps = 0;
}
