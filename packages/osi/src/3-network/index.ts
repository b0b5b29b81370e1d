/**
 * Layer 3: packets from machine to machine across networks.
 *
 * Promise upward: a segment handed down is routed, cut into fragments where it must be, and handed up whole by
 * the machine that has its destination address; or not at all, sometimes with an ICMP message that says why.
 */
export * from './address.ts';
export { checksumOf, pseudoHeaderSum, sumBytes, sumFrame } from './checksum.ts';
export type { IcmpCounters, IpCounters } from './counters.ts';
export { firstStation } from './first-station.ts';
export type { GroupEntry } from './groups/link-groups.ts';
export { type GroupHost, type GroupRequest, Memberships } from './groups/memberships.ts';
export * from './icmp/codec.ts';
export type { EchoChannels, EchoUser } from './icmp/echo.ts';
export { IcmpLayer } from './icmp/layer.ts';
export { IgmpLayer } from './igmp/layer.ts';
export type { Icmpv6Layer } from './icmpv6/layer.ts';
export type { Internet } from './internet.ts';
export * from './ip-service.ts';
export type { AddressTable } from './ipv4/addresses.ts';
export * as icmpv6Codec from './icmpv6/codec.ts';
export * from './ip-address.ts';
export * as ipv4Codec from './ipv4/codec.ts';
export * from './ipv6/address.ts';
export * as ipv6Codec from './ipv6/codec.ts';
export {
  type ExtensionHeader,
  type ExtensionHeaders,
  extensionsLength,
  isSendableRouting,
} from './ipv6/extension-headers.ts';
export * as ipv6Extensions from './ipv6/extensions.ts';
export { parseIpv6, parseIpv6Prefix } from './ipv6/text.ts';
export * as mldCodec from './mld/codec.ts';
export * as ndCodec from './ndisc/codec.ts';
export { type AdvertisementSettings, advertisementProblem } from './ndisc/router-advertiser.ts';
export {
  echoedOptions,
  examineGiven,
  IPV4_MOST_OPTIONS,
  paddedOptions,
} from './ipv4/options.ts';
export type { AddressDetails, LocalAddress } from './ipv4/local-address.ts';
export { Ipv4Layer } from './ipv4/layer.ts';
export { type Route, RouteTable } from './ipv4/routes.ts';
export type { LocalAddress6 } from './ipv6/addresses.ts';
export type { Configuration } from './ipv6/configuration.ts';
export { type Icmp6Counters, type Ip6Counters, typesOf } from './ipv6/counters.ts';
export type { Ipv6Interface } from './ipv6/interface.ts';
export type { Ipv6Layer } from './ipv6/layer.ts';
export type { Route6 } from './ipv6/routes.ts';
export { SETTING_NAMES } from './interface-settings.ts';
export { Loopback } from './loopback.ts';
export type { RawUpcalls } from './raw.ts';
export { type InterfaceOptions, NetworkLayer, type NetworkLayerOptions } from './network-layer.ts';
export { SYSCTL_DEFAULTS, Sysctl, type SysctlName } from './sysctl.ts';
