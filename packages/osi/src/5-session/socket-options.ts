import {
  examineGiven,
  IPV4_MOST_OPTIONS,
  isMulticastIp,
  paddedOptions,
  type SendOptions,
  type Sysctl,
} from '../3-network/index.ts';
import type { Endpoint, RawOptions } from '../4-transport/index.ts';
import { type Nanoseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { RECEIVED } from './extension-options.ts';
import { MULTICAST_OPTIONS, type MulticastSettings } from './multicast-options.ts';
import { byteOrInteger, flag, integer, ints, type Option, type OptionTable } from './option-table.ts';

/** What the options of a socket are kept in. */
export interface SocketSettings extends MulticastSettings {
  /** Null for all but raw sockets. */
  readonly raw: RawOptions | null;
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  reuseAddress: boolean;
  reusePort: boolean;
  /** SO_ZEROCOPY: MSG_ZEROCOPY means something. */
  zeroCopy: boolean;
  readonly listening: boolean;
  readonly peer: Endpoint | null;
  readonly ip: Readonly<SendOptions>;
  changeIp(changes: SendOptions): void;
  broadcast: boolean;
  keepAlive: boolean;
  urgentInline: boolean;
  /** As SO_SNDBUF and SO_RCVBUF report them. */
  sendBuffer: number;
  receiveBuffer: number;
  linger: Nanoseconds | null;
  /** SO_MAX_PACING_RATE in bytes a second; `Infinity` for none. */
  maxPacingRate: number;
  receiveTimeout: Nanoseconds;
  sendTimeout: Nanoseconds;
  receiveErrors: boolean;
  receiveTtl: boolean;
  /** IP_RECVTOS, IP_PKTINFO. */
  receiveClass: boolean;
  receiveInfo: boolean;
  /** Bits of `RECEIVED`. */
  receiveOptions: number;
  readonly parts: MulticastSettings['parts'] & {
    readonly sysctl: Sysctl;
    hasInterface(name: string): boolean;
  };
  /** The error that is pending, which is none afterwards; positive, or 0. */
  takeError(): number;
}

/** Linux's smallest buffers (`SOCK_MIN_SNDBUF`, `SOCK_MIN_RCVBUF`): 2048 bytes with their bookkeeping, for sending twice. */
const MIN_SEND_BUFFER = 4608;
const MIN_RECEIVE_BUFFER = 2304;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** IFNAMSIZ: an interface's name with its NUL. */
const NAME_SIZE = 16;

/** IP_PMTUDISC_DONT, _WANT, _DO. */
const DISCOVERY = [false, 'if-it-fits', true] as const;

/** The two low bits of TOS belong to ECN (RFC 3168); a stream's are not the program's to set. */
const ECN = 3;

/** Level SOL_SOCKET (socket(7)), for every socket of AF_INET. */
export const SOCKET_OPTIONS: OptionTable<SocketSettings> = new Map<number, Option<SocketSettings>>([
  [
    linux.SO_REUSEADDR,
    flag(
      (socket) => socket.reuseAddress,
      (socket, on) => {
        socket.reuseAddress = on;
      },
    ),
  ],
  [
    linux.SO_REUSEPORT,
    flag(
      (socket) => socket.reusePort,
      (socket, on) => {
        socket.reusePort = on;
      },
    ),
  ],
  [
    linux.SO_ZEROCOPY,
    integer(
      (socket) => (socket.zeroCopy ? 1 : 0),
      (socket, value) => {
        if (socket.type !== linux.SOCK_STREAM) return -ERRNO.EOPNOTSUPP;
        if (value !== 0 && value !== 1) return -ERRNO.EINVAL;
        socket.zeroCopy = value === 1;
        return 0;
      },
    ),
  ],
  // 4 bytes of it, or 8; all ones are no bound (socket(7) does not have it; `sk_setsockopt`).
  [
    linux.SO_MAX_PACING_RATE,
    {
      read: ({ maxPacingRate }, length) => {
        const size = length >= 8 ? 8 : 4;
        const view = new DataView(new ArrayBuffer(8));
        const rate = Number.isFinite(maxPacingRate) ? BigInt(maxPacingRate) : ALL_ONES;
        if (size === 8) view.setBigUint64(0, rate, true);
        else view.setUint32(0, Number(rate > 0xffff_ffffn ? 0xffff_ffffn : rate), true);
        return new Uint8Array(view.buffer, 0, size).subarray(0, Math.max(0, length));
      },
      write: (socket, value) => {
        if (value.length < 4) return -ERRNO.EINVAL;
        const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
        const rate = value.length >= 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
        const none = rate === (value.length >= 8 ? ALL_ONES : 0xffff_ffffn);
        socket.maxPacingRate = none ? Number.POSITIVE_INFINITY : Number(rate);
        return 0;
      },
    },
  ],
  [linux.SO_TYPE, integer((socket) => socket.type)],
  [linux.SO_DOMAIN, integer((socket) => socket.domain)],
  [linux.SO_PROTOCOL, integer((socket) => socket.protocol)],
  [linux.SO_ERROR, integer((socket) => socket.takeError())],
  [linux.SO_ACCEPTCONN, integer((socket) => (socket.listening ? 1 : 0))],
  [
    linux.SO_BROADCAST,
    flag(
      (socket) => socket.broadcast,
      (socket, on) => {
        socket.broadcast = on;
      },
    ),
  ],
  [
    linux.SO_KEEPALIVE,
    flag(
      (socket) => socket.keepAlive,
      (socket, on) => {
        socket.keepAlive = on;
      },
    ),
  ],
  [
    linux.SO_OOBINLINE,
    flag(
      (socket) => socket.urgentInline,
      (socket, on) => {
        socket.urgentInline = on;
      },
    ),
  ],
  // The kernel doubles what is asked for, to have room for its bookkeeping, and reports the double (socket(7)).
  [
    linux.SO_SNDBUF,
    integer(
      (socket) => socket.sendBuffer,
      (socket, value) => {
        const most = socket.parts.sysctl.values['net.core.wmem_max'];
        socket.sendBuffer = Math.max(2 * Math.min(value >>> 0, most), MIN_SEND_BUFFER);
      },
    ),
  ],
  [
    linux.SO_RCVBUF,
    integer(
      (socket) => socket.receiveBuffer,
      (socket, value) => {
        const most = socket.parts.sysctl.values['net.core.rmem_max'];
        socket.receiveBuffer = Math.max(2 * Math.min(value >>> 0, most), MIN_RECEIVE_BUFFER);
      },
    ),
  ],
  [linux.SO_RCVLOWAT, integer(() => 1)],
  [linux.SO_SNDLOWAT, integer(() => 1)],
  [
    linux.SO_LINGER,
    {
      read: ({ linger }, length) =>
        ints(linger === null ? 0 : 1, Math.floor((linger ?? 0) / seconds(1))).subarray(0, length),
      write: (socket, value) => {
        if (value.length < 8) return -ERRNO.EINVAL;
        const [on, duration] = int32s(value);
        socket.linger = on === 0 ? null : seconds((duration ?? 0) >>> 0);
        return 0;
      },
    },
  ],
  ...[linux.SO_RCVTIMEO, linux.SO_RCVTIMEO_NEW].map((name): [number, Option<SocketSettings>] => [
    name,
    timeout(
      (socket) => socket.receiveTimeout,
      (socket, duration) => {
        socket.receiveTimeout = duration;
      },
    ),
  ]),
  ...[linux.SO_SNDTIMEO, linux.SO_SNDTIMEO_NEW].map((name): [number, Option<SocketSettings>] => [
    name,
    timeout(
      (socket) => socket.sendTimeout,
      (socket, duration) => {
        socket.sendTimeout = duration;
      },
    ),
  ]),
  [
    linux.SO_BINDTODEVICE,
    {
      read: ({ ip }, length) => {
        if (ip.interface === undefined) return new Uint8Array(0);
        return length < NAME_SIZE ? -ERRNO.EINVAL : new TextEncoder().encode(`${ip.interface}\0`);
      },
      write: (socket, value) => {
        const end = value.indexOf(0);
        const bytes = value.subarray(0, Math.min(end < 0 ? value.length : end, NAME_SIZE - 1));
        const name = new TextDecoder().decode(bytes);
        if (name !== '' && !socket.parts.hasInterface(name)) return -ERRNO.ENODEV;
        socket.changeIp({ interface: name === '' ? undefined : name });
        return 0;
      },
    },
  ],
]);

/** Level IPPROTO_IP (ip(7)). */
export const IP_OPTIONS: OptionTable<SocketSettings> = new Map<number, Option<SocketSettings>>([
  ...MULTICAST_OPTIONS,
  [
    linux.IP_TOS,
    byteOrInteger(
      (socket) => socket.ip.tos ?? 0,
      (socket, value) => {
        socket.changeIp({ tos: socket.type === linux.SOCK_STREAM ? value & 0xff & ~ECN : value & 0xff });
      },
    ),
  ],
  [
    linux.IP_TTL,
    byteOrInteger(
      (socket) => socket.ip.ttl ?? socket.parts.sysctl.values['net.ipv4.ip_default_ttl'],
      (socket, value) => {
        if (value !== -1 && (value < 1 || value > 255)) return -ERRNO.EINVAL;
        socket.changeIp({ ttl: value === -1 ? undefined : value });
        return 0;
      },
    ),
  ],
  [
    linux.IP_HDRINCL,
    byteOrInteger(
      ({ raw, domain }) =>
        raw === null || domain !== linux.AF_INET ? -ERRNO.ENOPROTOOPT : Number(raw.headerIncluded),
      ({ raw, domain }, value) => {
        if (raw === null || domain !== linux.AF_INET) return -ERRNO.ENOPROTOOPT;
        raw.headerIncluded = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IP_MTU_DISCOVER,
    byteOrInteger(
      (socket) => DISCOVERY.indexOf(socket.ip.dontFragment ?? 'if-it-fits'),
      (socket, value) => {
        if (value < 0 || value >= DISCOVERY.length) return -ERRNO.EINVAL;
        socket.changeIp({ dontFragment: DISCOVERY[value] });
        return 0;
      },
    ),
  ],
  [
    linux.IP_MTU,
    byteOrInteger((socket) => {
      const remote = socket.peer;
      if (remote === null || isMulticastIp(remote.address)) return -ERRNO.ENOTCONN;
      return socket.parts.internet.mtuTo(remote.address);
    }),
  ],
  [
    linux.IP_RECVTTL,
    byteOrInteger(
      (socket) => (socket.receiveTtl ? 1 : 0),
      (socket, value) => {
        socket.receiveTtl = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IP_OPTIONS,
    {
      read: ({ ip }, length) => (ip.headerOptions ?? new Uint8Array(0)).subarray(0, length),
      write: (socket, value) => {
        if (value.length > IPV4_MOST_OPTIONS) return -ERRNO.EINVAL;
        const options = paddedOptions(value);
        if (examineGiven(options).problem >= 0) return -ERRNO.EINVAL;
        socket.changeIp({ headerOptions: options.length === 0 ? undefined : options });
        return 0;
      },
    },
  ],
  [linux.IP_RECVOPTS, receiveOptions(RECEIVED.options)],
  [linux.IP_RETOPTS, receiveOptions(RECEIVED.returnOptions)],
  [
    linux.IP_RECVTOS,
    byteOrInteger(
      (socket) => (socket.receiveClass ? 1 : 0),
      (socket, value) => {
        socket.receiveClass = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IP_PKTINFO,
    byteOrInteger(
      (socket) => (socket.receiveInfo ? 1 : 0),
      (socket, value) => {
        socket.receiveInfo = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IP_RECVERR,
    byteOrInteger(
      (socket) => (socket.receiveErrors ? 1 : 0),
      (socket, value) => {
        socket.receiveErrors = value !== 0;
        return 0;
      },
    ),
  ],
]);

function receiveOptions(bit: number): Option<SocketSettings> {
  return byteOrInteger(
    (socket) => ((socket.receiveOptions & bit) === 0 ? 0 : 1),
    (socket, value) => {
      socket.receiveOptions = (socket.receiveOptions & ~bit) | (value === 0 ? 0 : bit);
      return 0;
    },
  );
}

/** A `struct timeval`: seconds and microseconds, 64 bits each; 0 means to wait for ever. */
function timeout(
  read: (socket: SocketSettings) => Nanoseconds,
  write: (socket: SocketSettings, duration: Nanoseconds) => void,
): Option<SocketSettings> {
  return {
    read: (socket, length) => {
      const view = new DataView(new ArrayBuffer(16));
      const microseconds = Math.round(read(socket) / 1000);
      view.setBigInt64(0, BigInt(Math.floor(microseconds / 1_000_000)), true);
      view.setBigInt64(8, BigInt(microseconds % 1_000_000), true);
      return new Uint8Array(view.buffer).subarray(0, length);
    },
    write: (socket, value) => {
      if (value.length < 16) return -ERRNO.EINVAL;
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      const whole = Number(view.getBigInt64(0, true));
      const micro = Number(view.getBigInt64(8, true));
      if (micro < 0 || micro >= 1_000_000) return -ERRNO.EDOM;
      // A time before now is no wait at all (`sock_set_timeout`); 0 would be for ever.
      write(socket, whole < 0 ? 1 : whole * 1_000_000_000 + micro * 1000);
      return 0;
    },
  };
}

function int32s(value: Uint8Array): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return [view.getInt32(0, true), view.getInt32(4, true)];
}
