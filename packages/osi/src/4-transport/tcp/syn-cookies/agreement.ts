/** What both ends have agreed on, as far as six bits of a timestamp can hold it. */
export interface Agreement {
  readonly sack: boolean;
  /** The shift of the client's window; -1 for no scaling. */
  readonly windowScale: number;
  readonly ecn: boolean;
}

export const NOTHING_AGREED: Agreement = { sack: false, windowScale: -1, ecn: false };

/** The lowest bits of the timestamp in SYN+ACK (as in Linux): the shift, 15 for no scaling; SACK; ECN. */
const BITS = 6;
const SCALE = 0xf;
const SACK = 0x10;
const ECN = 0x20;

/**
 * The timestamp of a SYN+ACK that no connection is remembered for: the client echoes it, and the agreement with it. It is
 * never later than the clock says, as those that follow must not be earlier (RFC 7323 section 5).
 * @param clock in milliseconds, the offset of the four-tuple not added.
 */
export function timestampFor({ sack, windowScale, ecn }: Agreement, clock: number): number {
  const options = (windowScale >= 0 ? windowScale : SCALE) | (sack ? SACK : 0) | (ecn ? ECN : 0);
  const timestamp = Math.floor(clock / (1 << BITS)) * (1 << BITS) + options;
  return timestamp > clock ? timestamp - (1 << BITS) : timestamp;
}

/** @param timestamp as echoed, the offset taken off. */
export function agreementOf(timestamp: number): Agreement {
  const scale = timestamp & SCALE;
  return {
    sack: (timestamp & SACK) !== 0,
    windowScale: scale === SCALE ? -1 : scale,
    ecn: (timestamp & ECN) !== 0,
  };
}
