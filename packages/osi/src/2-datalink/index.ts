/**
 * Layer 2: frames from station to station on one link; Ethernet, ARP, the switch.
 *
 * Promise upward: a packet for an address on the link is sent to the station that has it, after asking who
 * that is; or comes back as unresolved. Needs ports below, and what `LinkUpcalls` names from above.
 */
export { Arp } from './arp/arp.ts';
export { NeighbourCache, type NeighbourNames } from './neighbour/cache.ts';
export * from './arp/codec.ts';
export { NEIGHBOUR_DEFAULTS, type Neighbour, type NeighbourState } from './neighbour/neighbour.ts';
export {
  checkEthernet,
  ETHERNET_HEADER,
  ETHERNET_MTU,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  LEAST_ETHERTYPE,
  readDestination,
  readEtherType,
  readSource,
  writeEthernet,
} from './ethernet/codec.ts';
export { EthernetInterface, type EthernetOptions } from './ethernet/interface.ts';
export * from './ethernet/mac-address.ts';
export {
  type FrameWatcher,
  type Link,
  type LinkStatistics,
  type LinkUpcalls,
  noStatistics,
  type PacketReceiver,
} from './link.ts';
export * from './packet-types.ts';
export { MacTable } from './switch/mac-table.ts';
export { Switch, type SwitchOptions } from './switch/switch.ts';
export { ETHERTYPE_VLAN, GREATEST_VLAN, VLAN_TAG } from './vlan/codec.ts';
export { DEFAULT_VLAN, type PortVlans, VlanMembership } from './vlan/membership.ts';
export { VlanPort } from './vlan/port.ts';
export type { PortRole, PortState } from './stp/bridge-port.ts';
export { SpanningTree, type SpanningTreeOptions, type SpanningTreePort } from './stp/spanning-tree.ts';
