/**
 * Captures: a record as a pcapng file that Wireshark opens, and such files read again.
 *
 * Promise upward: the same record gives the same bytes; a file that is not a capture gives one precise error.
 */
export { CaptureError } from './error.ts';
export { type CaptureOptions, capturedFrames, type CapturedFrame, writePcapng } from './write.ts';
export { encodePcapng, type PcapngFrame } from './pcapng.ts';
export { readPcapng } from './read.ts';
export type { ReadFrame } from './read-frame.ts';
