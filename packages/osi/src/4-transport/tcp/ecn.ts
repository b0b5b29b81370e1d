/** Explicit congestion notification of one connection (RFC 3168 section 6.1). */
export class Ecn {
  /** The window has been reduced: the next new segment says so (CWR). */
  tellReduced = false;
}
