import type { TcpConnection } from '../4-transport/index.ts';
import { CONGESTION_CONTROLS, secondsOf, timeoutsIn } from '../4-transport/index.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { FAST_OPEN_OPTIONS, type FastOpenSettings } from './fast-open-options.ts';
import { flag, integer, ints, type Option, type OptionTable, readInt } from './option-table.ts';
import { infoBytes } from './tcp-info.ts';

/** What the options of level IPPROTO_TCP are kept in. */
export interface TcpSettings extends FastOpenSettings {
  readonly connection: TcpConnection | null;
  /** TCP_INQ: what a call that receives leaves is told with it. */
  tellsInQueue: boolean;
}

/** `MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL` in seconds; `MAX_TCP_KEEPCNT`. */
const MAX_KEEP_SECONDS = 32_767;
const MAX_KEEP_COUNT = 127;
/** `MAX_TCP_SYNCNT`. */
const MAX_SYN_COUNT = 127;
/** `TCP_MIN_MSS` and `MAX_TCP_WINDOW`. */
const MIN_MSS = 88;
const MAX_MSS = 32_767;
/** What a socket without a connection reports (`TCP_MSS_DEFAULT`, RFC 9293 section 3.7.1). */
const DEFAULT_MSS = 536;

/** `TCP_FIN_TIMEOUT_MAX`, in seconds. */
const MAX_LINGER = 120;
/** `SOCK_MIN_RCVBUF` / 2. */
const MIN_CLAMP = 1152;

/** Room for a congestion control's name (TCP_CA_NAME_MAX). */
const CONGESTION_NAME = 16;

const inSeconds = (duration: number): number => Math.floor(duration / seconds(1));

/** Level IPPROTO_TCP (tcp(7)). */
export const TCP_OPTIONS: OptionTable<TcpSettings> = new Map<number, Option<TcpSettings>>([
  [
    linux.TCP_NODELAY,
    flag(
      ({ options }) => options.noDelay,
      (socket, on) => {
        socket.change({ noDelay: on });
        // What waits goes at once, even if it is corked (tcp(7)).
        if (on) socket.connection?.push();
      },
    ),
  ],
  [
    linux.TCP_CORK,
    flag(
      ({ options }) => options.cork,
      (socket, on) => {
        socket.change({ cork: on });
      },
    ),
  ],
  [
    linux.TCP_QUICKACK,
    integer(
      ({ options, connection }) => Number(connection?.acksQuickly ?? !options.delaysAcks),
      (socket, value) => {
        if (socket.connection === null) socket.change({ delaysAcks: value === 0 });
        else socket.connection.acknowledgeQuickly(value);
        return 0;
      },
    ),
  ],
  [
    linux.TCP_MAXSEG,
    integer(
      ({ options, connection }) => connection?.info().sendMss || options.maxSegment || DEFAULT_MSS,
      (socket, value) => {
        if (value !== 0 && (value < MIN_MSS || value > MAX_MSS)) return -ERRNO.EINVAL;
        socket.change({ maxSegment: value });
        return 0;
      },
    ),
  ],
  // In milliseconds (RFC 5482 has it as an option of TCP itself, which Linux does not send).
  [
    linux.TCP_USER_TIMEOUT,
    integer(
      ({ options }) => Math.floor(options.userTimeout / milliseconds(1)),
      (socket, value) => {
        if (value < 0) return -ERRNO.EINVAL;
        socket.change({ userTimeout: milliseconds(value) });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_INQ,
    integer(
      (socket) => (socket.tellsInQueue ? 1 : 0),
      (socket, value) => {
        if (value !== 0 && value !== 1) return -ERRNO.EINVAL;
        socket.tellsInQueue = value === 1;
        return 0;
      },
    ),
  ],
  [
    linux.TCP_NOTSENT_LOWAT,
    integer(
      ({ options }) => options.notSentLow,
      (socket, value) => {
        socket.change({ notSentLow: value >>> 0 });
      },
    ),
  ],
  [
    linux.TCP_KEEPIDLE,
    integer(
      ({ options }) => inSeconds(options.keepIdle),
      (socket, value) => {
        if (value < 1 || value > MAX_KEEP_SECONDS) return -ERRNO.EINVAL;
        socket.change({ keepIdle: seconds(value) });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_KEEPINTVL,
    integer(
      ({ options }) => inSeconds(options.keepInterval),
      (socket, value) => {
        if (value < 1 || value > MAX_KEEP_SECONDS) return -ERRNO.EINVAL;
        socket.change({ keepInterval: seconds(value) });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_KEEPCNT,
    integer(
      ({ options }) => options.keepCount,
      (socket, value) => {
        if (value < 1 || value > MAX_KEEP_COUNT) return -ERRNO.EINVAL;
        socket.change({ keepCount: value });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_SYNCNT,
    integer(
      ({ options, parts }) => options.synRetries || parts.sysctl.values['net.ipv4.tcp_syn_retries'],
      (socket, value) => {
        if (value < 1 || value > MAX_SYN_COUNT) return -ERRNO.EINVAL;
        socket.change({ synRetries: value });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_DEFER_ACCEPT,
    integer(
      ({ options }) => secondsOf(options.deferAccept),
      (socket, value) => {
        socket.change({ deferAccept: timeoutsIn(value) });
        return 0;
      },
    ),
  ],
  [
    linux.TCP_LINGER2,
    {
      // A value below 0 is no errno here.
      read: ({ options, parts }, length) => {
        const { linger2 } = options;
        const whole = inSeconds(linger2) || parts.sysctl.values['net.ipv4.tcp_fin_timeout'];
        return ints(linger2 < 0 ? -1 : whole).subarray(0, Math.max(0, length));
      },
      write: (socket, value) => {
        if (value.length < 4) return -ERRNO.EINVAL;
        const asked = readInt(value, 0);
        socket.change({ linger2: asked < 0 ? -1 : seconds(Math.min(asked, MAX_LINGER)) });
        return 0;
      },
    },
  ],
  [
    linux.TCP_WINDOW_CLAMP,
    integer(
      ({ options, connection }) => connection?.windowClamp ?? options.windowClamp,
      (socket, value) => {
        if (value === 0 && socket.state !== 'CLOSED') return -ERRNO.EINVAL;
        const before = socket.connection?.windowClamp ?? 0;
        socket.change({ windowClamp: value === 0 ? 0 : Math.max(MIN_CLAMP, value) });
        socket.connection?.clampWindow(before);
        return 0;
      },
    ),
  ],
  ...FAST_OPEN_OPTIONS,
  [
    linux.TCP_CONGESTION,
    {
      // 16 bytes of the name (TCP_CA_NAME_MAX), as many as fit.
      read: ({ options }, length) => {
        const name = new Uint8Array(CONGESTION_NAME);
        new TextEncoder().encodeInto(options.congestion, name);
        return name.subarray(0, Math.max(0, Math.min(length, CONGESTION_NAME)));
      },
      write: (socket, value) => {
        const text = new TextDecoder().decode(value.subarray(0, CONGESTION_NAME - 1));
        const end = text.indexOf('\0');
        const name = end < 0 ? text : text.slice(0, end);
        if (name === '') return -ERRNO.EINVAL;
        if (!CONGESTION_CONTROLS.includes(name)) return -ERRNO.ENOENT;
        socket.change({ congestion: name });
        return 0;
      },
    },
  ],
  [
    linux.TCP_INFO,
    {
      read: ({ connection, state }, length) =>
        infoBytes(connection?.info() ?? null, state).subarray(0, Math.max(0, length)),
    },
  ],
]);
