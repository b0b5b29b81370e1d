import { type IpAddress, isIpv6 } from '../../../3-network/index.ts';
import { type Nanoseconds, type Random, seconds } from '../../../time/index.ts';
import { halfSipHash } from '../half-sip-hash.ts';
import { type Sequence, seqAdd } from '../sequence.ts';

/** The upper eight bits of a cookie count minutes, modulo 256; the lower ones are hash and MSS. */
const COUNT_SHIFT = 24;
const LOW_BITS = 0xff_ffff;
const COUNTS = 0x100;
const PERIOD = seconds(60);

/** Cookies of this and the last minute are good (Linux: MAX_SYNCOOKIE_AGE). */
const PERIODS = 2;

/** So long after the last cookie was given one can come back, at most (Linux: TCP_SYNCOOKIE_VALID). */
export const COOKIE_LIFE = PERIODS * PERIOD;

/** All that a cookie remembers of the peer's MSS: which of these is the largest that it allows (Linux: msstab). */
const SIZES = [536, 1300, 1440, 1460] as const;
const SIZES_V6 = [1220, 1420, 1440, 8940] as const;

const sizesFor = (address: IpAddress): readonly number[] => (isIpv6(address) ? SIZES_V6 : SIZES);

/** Who talks with whom: what a segment of the client says. */
interface FourTuple {
  readonly source: IpAddress;
  readonly sourcePort: number;
  readonly destination: IpAddress;
  readonly destinationPort: number;
}

/**
 * Initial sequence numbers that stand for the half-open connection which is not remembered (Bernstein's SYN cookies, RFC
 * 4987 section 3.6), composed as in Linux: what a secret makes of the four-tuple, plus the client's number, plus the
 * minute, plus another hash with the minute and the MSS.
 */
export class SynCookies {
  readonly #keys: readonly [number, number, number, number];

  constructor(random: Random) {
    const word = (): number => random.uint32() | 0;
    this.#keys = [word(), word(), word(), word()];
  }

  /** @param irs the sequence number of the client's SYN. @param mss the largest segment it takes. */
  make(tuple: FourTuple, irs: Sequence, mss: number, now: Nanoseconds): Sequence {
    const sizes = sizesFor(tuple.source);
    let index = sizes.length - 1;
    while (index > 0 && mss < (sizes[index] ?? 0)) index--;
    const count = Math.floor(now / PERIOD);
    const low = (this.#minuteHash(tuple, count) + index) & LOW_BITS;
    return (this.#tupleHash(tuple) + irs + (count << COUNT_SHIFT) + low) | 0;
  }

  /**
   * What the cookie says that came back. @param irs as above. @returns the MSS, or null when it is forged or too old.
   */
  read(cookie: Sequence, tuple: FourTuple, irs: Sequence, now: Nanoseconds): number | null {
    const rest = seqAdd(cookie, -(this.#tupleHash(tuple) + irs));
    const count = Math.floor(now / PERIOD);
    const age = (count - (rest >>> COUNT_SHIFT)) & (COUNTS - 1);
    if (age >= PERIODS) return null;
    const index = (rest - this.#minuteHash(tuple, count - age)) & LOW_BITS;
    return sizesFor(tuple.source)[index] ?? null;
  }

  #tupleHash(tuple: FourTuple): number {
    return halfSipHash(this.#keys[0], this.#keys[1], [...wordsOf(tuple), 0]);
  }

  #minuteHash(tuple: FourTuple, count: number): number {
    return halfSipHash(this.#keys[2], this.#keys[3], [...wordsOf(tuple), count]);
  }
}

function wordsOf({ source, sourcePort, destination, destinationPort }: FourTuple): number[] {
  return [...addressWords(source), ...addressWords(destination), (sourcePort << 16) | destinationPort];
}

const addressWords = (address: IpAddress): number[] =>
  isIpv6(address) ? [address.a, address.b, address.c, address.d] : [address];
