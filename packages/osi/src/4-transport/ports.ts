import type { Random } from '../time/index.ts';

/** The ports given to programs that ask for any: `net.ipv4.ip_local_port_range` of Linux (ip-sysctl.rst). */
export const EPHEMERAL_FIRST = 32_768;
export const EPHEMERAL_LAST = 60_999;

/**
 * Finds an ephemeral port: a random place in the range, and from there the next that is free
 * (RFC 6056 section 3.3.1). The same seed gives the same ports.
 *
 * @param isFree asked for each candidate until it says yes.
 * @returns the port, or 0 when all are taken.
 */
export function chooseEphemeralPort(random: Random, isFree: (port: number) => boolean): number {
  const size = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;
  const start = random.below(size);
  for (let i = 0; i < size; i++) {
    const port = EPHEMERAL_FIRST + ((start + i) % size);
    if (isFree(port)) return port;
  }
  return 0;
}
