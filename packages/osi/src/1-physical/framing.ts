/** What IEEE 802.3 section 3.1 and table 4-2 put around a frame on the wire, in bytes: preamble and start delimiter, FCS, inter-frame gap. */
export const PREAMBLE = 8;
export const FCS = 4;
export const INTER_FRAME_GAP = 12;
