/** One frame of a capture file. */
export interface ReadFrame {
  /** Nanoseconds since the file's epoch. Exact below 2^53 (104 days); real dates are rounded to 256 ns. */
  readonly time: number;
  /** The interface's name in the file, or `if<number>` where it has none. */
  readonly interface: string;
  /** 1 for Ethernet (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** What was captured; a view of the file. */
  readonly bytes: Uint8Array;
  /** How long the frame was on the cable: more than `bytes.length` when the capture cut it. */
  readonly length: number;
  /** The packet's comment, or empty. */
  readonly comment: string;
  readonly direction: 'in' | 'out' | 'unknown';
}
