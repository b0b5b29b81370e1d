import type { Nanoseconds, Random } from '../../time/index.ts';
import { halfSipHash } from './half-sip-hash.ts';
import type { Sequence } from './sequence.ts';

/**
 * Numbers that a stranger cannot guess and that are a function of who talks with whom: initial sequence numbers
 * (RFC 6528), offsets of timestamps (RFC 7323 section 5.4) and of ephemeral ports (RFC 6056 section 3.3.4).
 */
export class Secrets {
  readonly #key0: number;
  readonly #key1: number;

  constructor(random: Random) {
    this.#key0 = random.uint32() | 0;
    this.#key1 = random.uint32() | 0;
  }

  /** ISN = M + F(four-tuple, secret), where M ticks every 64 ns as in Linux (RFC 6528 section 3: every 4 µs). */
  initialSequence(
    local: number,
    localPort: number,
    remote: number,
    remotePort: number,
    now: Nanoseconds,
  ): Sequence {
    const ports = (localPort << 16) | remotePort;
    return (this.hash(local, remote, ports) + Math.floor(now / 64)) | 0;
  }

  /** What is added to the clock in our timestamps to one peer. Not a matter of ports: it must grow from connection to connection (RFC 6191). */
  timestampOffset(local: number, remote: number): number {
    return this.hash(local, remote, -1);
  }

  hash(a: number, b: number, c: number): number {
    return halfSipHash(this.#key0, this.#key1, [a, b, c]);
  }
}
