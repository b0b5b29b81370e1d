/** Numbers of the pcapng format (draft-ietf-opsawg-pcapng) and of its forerunner pcap (draft-ietf-opsawg-pcap). */

export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
/** Obsolete, but still found in files. */
export const PACKET = 2;
export const SIMPLE_PACKET = 3;
export const ENHANCED_PACKET = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Of pcap: time stamps with microseconds, with nanoseconds. */
export const PCAP_MICROSECONDS = 0xa1b2c3d4;
export const PCAP_NANOSECONDS = 0xa1b23c4d;

export const LINKTYPE_ETHERNET = 1;

export const OPT_END = 0;
export const OPT_COMMENT = 1;
export const IF_NAME = 2;
export const IF_TSRESOL = 9;
export const IF_FCSLEN = 13;
export const IF_TSOFFSET = 14;
export const EPB_FLAGS = 2;

/** The two lowest bits of `epb_flags`. */
export const INBOUND = 1;
export const OUTBOUND = 2;
