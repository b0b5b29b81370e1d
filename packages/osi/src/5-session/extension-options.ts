import {
  type ExtensionHeader,
  type ExtensionHeaders,
  isSendableRouting,
  type SendOptions,
} from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import { flag, type Option } from './option-table.ts';

/** Of a socket: what its options about extension headers are kept in. */
interface ExtensionSettings {
  readonly ip: Readonly<SendOptions>;
  changeIp(changes: SendOptions): void;
  /** Bits of `RECEIVED`. */
  receiveOptions: number;
}

/** What a socket may ask to be told of the header of a packet, a bit each; the first two of IPv4's (IP_RECVOPTS, IP_RETOPTS). */
export const RECEIVED = { options: 1, returnOptions: 2, hopByHop: 4, destination: 8, routing: 16 } as const;

/** An extension header, by its protocol number: the control message that tells of it, and the bit that asks for it. */
const TOLD = new Map<number, readonly [type: number, bit: number]>([
  [0, [linux.IPV6_HOPOPTS, RECEIVED.hopByHop]],
  [60, [linux.IPV6_DSTOPTS, RECEIVED.destination]],
  [43, [linux.IPV6_RTHDR, RECEIVED.routing]],
]);

/** The longest header that an option takes (`ipv6_set_opt_hdr`). */
const LONGEST = 8 * 255;

/** The extension headers of a packet that a socket asked for, in their order; undefined for none. */
export function toldExtensions(
  headers: readonly ExtensionHeader[],
  wanted: number,
): ControlMessage[] | undefined {
  const told: ControlMessage[] = [];
  for (const { protocol, bytes } of headers) {
    const [type, bit] = TOLD.get(protocol) ?? [0, 0];
    if ((wanted & bit) !== 0) told.push({ level: linux.IPPROTO_IPV6, type, data: bytes });
  }
  return told.length === 0 ? undefined : told;
}

/** A header as long as its second byte says; null when it says more than is there. */
export function wholeHeader(bytes: Uint8Array): Uint8Array | null {
  const length = ((bytes[1] ?? 0) + 1) * 8;
  return bytes.length < 2 || length > bytes.length ? null : bytes.slice(0, length);
}

/** A header that goes with every packet of a socket (RFC 3542 sections 7–9); nothing takes it away (`ipv6_set_opt_hdr`). */
function sticky<S extends ExtensionSettings>(name: keyof ExtensionHeaders): Option<S> {
  return {
    read: ({ ip }, length) => (ip.extensions?.[name] ?? new Uint8Array(0)).subarray(0, length),
    write: (socket, value, by) => {
      if (name !== 'routing' && !by.privileged) return -ERRNO.EPERM;
      const header = value.length === 0 ? undefined : wholeHeader(value);
      if (header === null || value.length % 8 !== 0 || value.length > LONGEST) return -ERRNO.EINVAL;
      if (name === 'routing' && header !== undefined && !isSendableRouting(value)) return -ERRNO.EINVAL;
      const extensions = { ...socket.ip.extensions, [name]: header };
      const some = Object.values(extensions).some((each) => each !== undefined);
      socket.changeIp({ extensions: some ? extensions : undefined });
      return 0;
    },
  };
}

function told<S extends ExtensionSettings>(bit: number): Option<S> {
  return flag(
    (socket) => (socket.receiveOptions & bit) !== 0,
    (socket, on) => {
      socket.receiveOptions = (socket.receiveOptions & ~bit) | (on ? bit : 0);
    },
  );
}

/** Options of level IPPROTO_IPV6 about extension headers (RFC 3542 sections 7–9). */
export const extensionOptions = <S extends ExtensionSettings>(): [number, Option<S>][] => [
  [linux.IPV6_HOPOPTS, sticky('hopByHop')],
  [linux.IPV6_RTHDRDSTOPTS, sticky('atStations')],
  [linux.IPV6_RTHDR, sticky('routing')],
  [linux.IPV6_DSTOPTS, sticky('destination')],
  [linux.IPV6_RECVHOPOPTS, told(RECEIVED.hopByHop)],
  [linux.IPV6_RECVRTHDR, told(RECEIVED.routing)],
  [linux.IPV6_RECVDSTOPTS, told(RECEIVED.destination)],
];
