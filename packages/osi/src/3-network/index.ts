/**
 * Layer 3: packets from machine to machine across networks.
 *
 * Promise upward: a segment handed down is routed, cut into fragments where it must be, and handed up whole by
 * the machine that has its destination address; or not at all, sometimes with an ICMP message that says why.
 */
export * from './address.ts';
export { checksumOf, pseudoHeaderSum, sumBytes } from './checksum.ts';
export * from './ip-service.ts';
export { SYSCTL_DEFAULTS, Sysctl, type SysctlName } from './sysctl.ts';
