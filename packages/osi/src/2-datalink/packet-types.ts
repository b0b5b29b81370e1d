/** How a frame came by a link (packet(7) `sll_pkttype`): to this station, to all, to a group, to another, from this one. */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;
