import type { Nanoseconds, Random } from '../../time/index.ts';
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

  /** HalfSipHash-2-4 (Aumasson, Bernstein) of three words. */
  hash(a: number, b: number, c: number): number {
    let v0 = this.#key0;
    let v1 = this.#key1;
    let v2 = 0x6c796765 ^ this.#key0;
    let v3 = 0x74656462 ^ this.#key1;
    const round = (): void => {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    };
    const take = (word: number): void => {
      v3 ^= word;
      round();
      round();
      v0 ^= word;
    };
    take(a | 0);
    take(b | 0);
    take(c | 0);
    take(12 << 24);
    v2 ^= 0xff;
    for (let i = 0; i < 4; i++) round();
    return v1 ^ v3;
  }
}

const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
