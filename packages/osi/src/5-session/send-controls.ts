import { ERRNO } from '../trace/index.ts';
import {
  AF_INET6,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_TCLASS,
} from './constants.ts';
import { readInt } from './option-table.ts';

/** A control message that a program sends along (cmsg(3)). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What one packet is sent with instead of the socket's settings. */
export interface PacketControls {
  ttl?: number;
  tos?: number;
}

/**
 * Reads the control messages of a datagram: `ip_cmsg_send` and, of AF_INET6, `ip6_datagram_send_ctl` of Linux, as far as
 * they say how far a packet goes and of what class it is. Those of other levels are not looked at.
 * @returns -EINVAL for another message, or one with a value of another size or range.
 */
export function readControls(controls: readonly ControlMessage[], domain: number): PacketControls | number {
  const read: PacketControls = {};
  for (const { level, type, data } of controls) {
    const known =
      level === IPPROTO_IPV6 && domain === AF_INET6 ? SIX[type] : level === IPPROTO_IP ? FOUR[type] : null;
    if (known === null) continue;
    const isByte = known?.orByte === true && data.length === 1;
    if (known === undefined || (data.length !== 4 && !isByte)) return -ERRNO.EINVAL;
    const value = isByte ? (data[0] ?? 0) : readInt(data, 0);
    if (value < known.least || value > 255) return -ERRNO.EINVAL;
    // -1 asks for what the machine would choose.
    if (value >= 0) read[known.sets] = value;
  }
  return read;
}

interface Known {
  readonly sets: keyof PacketControls;
  readonly least: number;
  readonly orByte: boolean;
}
const FOUR: Readonly<Record<number, Known>> = {
  [IP_TTL]: { sets: 'ttl', least: 1, orByte: false },
  [IP_TOS]: { sets: 'tos', least: 0, orByte: true },
};
const SIX: Readonly<Record<number, Known>> = {
  [IPV6_HOPLIMIT]: { sets: 'ttl', least: -1, orByte: false },
  [IPV6_TCLASS]: { sets: 'tos', least: -1, orByte: false },
};
