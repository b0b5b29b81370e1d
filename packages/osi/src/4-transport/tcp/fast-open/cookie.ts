/** A cookie of Fast Open (RFC 7413 section 4.1.1), or, with no bytes, the request for one. */
export interface Cookie {
  /** 4 to 16 bytes, an even number of them; none for a request. */
  readonly bytes: Uint8Array;
  /** In the option for experiments (RFC 6994: kind 254 with magic 0xF989), as before RFC 7413 gave it kind 34. */
  readonly experimental: boolean;
}

export const COOKIE_MIN = 4;
export const COOKIE_MAX = 16;

const NOTHING = new Uint8Array(0);

/** Asks the server for a cookie. */
export const REQUEST: Cookie = { bytes: NOTHING, experimental: false };
/** The same as it was asked before there was a kind of its own. */
export const EXPERIMENTAL_REQUEST: Cookie = { bytes: NOTHING, experimental: true };

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
