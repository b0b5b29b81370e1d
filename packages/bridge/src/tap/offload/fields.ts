/** Where things stand in a frame of Ethernet, IPv4 without options, or IPv6 without extension headers, and TCP (IEEE 802.3, RFC 791, RFC 9293). */
export const ETHERTYPE = 12;
export const IP = 14;
export const IP_TOTAL_LENGTH = IP + 2;
export const IP_FRAGMENT = IP + 6;
/** The flag that forbids fragments. */
export const DONT_FRAGMENT = 0x4000;
export const IP_TTL = IP + 8;
export const IP_PROTOCOL = IP + 9;
export const IP_CHECKSUM = IP + 10;
export const IP_SOURCE = IP + 12;
export const IP_DESTINATION = IP + 16;
export const TCP = IP + 20;
export const TCP_SEQUENCE = TCP + 4;
export const TCP_ACKNOWLEDGMENT = TCP + 8;
export const TCP_DATA_OFFSET = TCP + 12;
export const TCP_FLAGS = TCP + 13;
export const TCP_WINDOW = TCP + 14;
/** Within TCP's header. */
export const TCP_CHECKSUM = 16;
export const TCP_URGENT = TCP + 18;
export const TCP_OPTIONS = TCP + 20;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;
/** IPv6's header, and in it the length of what is behind and what that is. */
export const IPV6_HEADER = 40;
export const IPV6_PAYLOAD_LENGTH = IP + 4;
export const IPV6_NEXT_HEADER = IP + 6;
/** An IEEE 802.1Q tag stands in front of the EtherType: everything behind it is four bytes further on. */
export const ETHERTYPE_VLAN = 0x8100;
export const VLAN_TAG = 4;
/** Version 4, a header of five words. */
export const PLAIN_IPV4 = 0x45;
export const PROTOCOL_TCP = 6;
/** Within UDP's header. No other protocol of Linux that asks for a checksum has it there. */
export const UDP_CHECKSUM = 6;

export const PSH = 0x08;
export const ACK = 0x10;
