/**
 * Who calls: only a privileged caller may bind ports below 1024 (ip(7), `net.ipv4.ip_unprivileged_port_start`), and give
 * packets headers that machines on the way look at (RFC 3542 section 15).
 */
export interface Credentials {
  readonly privileged: boolean;
}

/** Who uses a stack without a kernel around it. */
export const PRIVILEGED: Credentials = { privileged: true };
