import type { Random } from '../time/index.ts';

/** The ports given to programs that ask for any: `net.ipv4.ip_local_port_range` of Linux (ip-sysctl.rst). */
export const EPHEMERAL_FIRST = 32_768;
export const EPHEMERAL_LAST = 60_999;

/**
 * Finds an ephemeral port: a random place in the range, and from there the next that is free
 * (RFC 6056 section 3.3.1). The same seed gives the same ports.
 *
 * @param isFree asked for each candidate until it says yes.
 * @param first the range, where it is not the one for ports.
 * @returns the port, or 0 when all are taken.
 */
export function chooseEphemeralPort(
  random: Random,
  isFree: (port: number) => boolean,
  first = EPHEMERAL_FIRST,
  last = EPHEMERAL_LAST,
): number {
  const size = last - first + 1;
  const start = random.below(size);
  for (let i = 0; i < size; i++) {
    const port = first + ((start + i) % size);
    if (isFree(port)) return port;
  }
  return 0;
}
