import type { TcpConnection, TcpInfo, TcpState } from '../4-transport/index.ts';
import { CONGESTION_CONTROLS } from '../4-transport/index.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { FAST_OPEN_OPTIONS, type FastOpenSettings } from './fast-open-options.ts';
import { flag, integer, type Option, type OptionTable } from './option-table.ts';

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
      ({ options, parts }) => options.synRetries || parts.sysctl.get('net.ipv4.tcp_syn_retries'),
      (socket, value) => {
        if (value < 1 || value > MAX_SYN_COUNT) return -ERRNO.EINVAL;
        socket.change({ synRetries: value });
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

/** `enum tcp_ca_state`; bits of `tcpi_options`. */
const RECOVERY_NUMBERS: Record<TcpInfo['recovery'], number> = {
  Open: 0,
  Disorder: 1,
  CWR: 2,
  Recovery: 3,
  Loss: 4,
};
const OPTION_TIMESTAMPS = 1;
const OPTION_SACK = 2;
const OPTION_WINDOW_SCALE = 4;
const OPTION_ECN = 8;
const OPTION_SYN_DATA = 32;
const OPTION_FAST_OPEN_CHILD = 128;
const OPTION_ECN_SEEN = 16;

/** `struct tcp_info` up to `tcpi_rcv_wnd`; what is not known here (rates, and how many bytes and segments there were) is 0. */
function infoBytes(info: TcpInfo | null, state: TcpState): Uint8Array {
  const view = new DataView(new ArrayBuffer(236));
  const put = (at: number, value: number) => view.setUint32(at, Math.min(value, 0xffff_ffff), true);
  const putLong = (at: number, value: number) => view.setBigUint64(at, BigInt(Math.floor(value)), true);
  view.setUint8(0, linux.TCP_STATE_NUMBERS[state]);
  if (info !== null) {
    const segments = (bytes: number) => Math.ceil(bytes / (info.sendMss || 1));
    const { scaling } = info;
    view.setUint8(1, RECOVERY_NUMBERS[info.recovery]);
    view.setUint8(2, Math.min(info.retransmits, 255));
    view.setUint8(3, info.probes);
    view.setUint8(4, info.backoff);
    view.setUint8(
      5,
      (info.timestamps ? OPTION_TIMESTAMPS : 0) |
        (info.sack ? OPTION_SACK : 0) |
        (scaling === null ? 0 : OPTION_WINDOW_SCALE) |
        (info.ecn ? OPTION_ECN : 0) |
        (info.synData ? OPTION_SYN_DATA : 0) |
        (info.fastOpenChild ? OPTION_FAST_OPEN_CHILD : 0) |
        (info.ecnSeen ? OPTION_ECN_SEEN : 0),
    );
    if (scaling !== null) view.setUint8(6, scaling.send | (scaling.receive << 4));
    view.setUint8(7, info.fastOpenFailure << 1);
    put(8, info.rto / 1000);
    put(12, info.ackTimeout / 1000);
    put(16, info.sendMss);
    put(20, info.receiveMss);
    put(24, info.unacked);
    put(28, info.sacked);
    put(32, info.lost);
    put(36, info.resent);
    put(44, info.sinceSent / 1_000_000);
    put(52, info.sinceReceived / 1_000_000);
    put(56, info.sinceHeard / 1_000_000);
    put(60, info.pathMtu);
    put(64, info.windowLimit);
    put(68, info.srtt / 1000);
    put(72, info.rttvar / 1000);
    // TCP_INFINITE_SSTHRESH
    put(76, Math.min(segments(info.ssthresh), 0x7fff_ffff));
    put(80, segments(info.cwnd));
    put(84, info.advertisedMss);
    put(88, info.reordering);
    put(92, info.receiveRtt / 1000);
    put(96, info.receiveSpace);
    put(100, info.totalRetransmits);
    put(144, info.unsent);
    put(148, info.shortestRtt / 1000);
    putLong(168, info.busy / 1000);
    putLong(176, info.windowLimited / 1000);
    putLong(184, info.bufferLimited / 1000);
    put(192, info.delivered);
    put(196, info.deliveredMarked);
    put(216, info.duplicates);
    put(220, info.reorderingSeen);
    put(228, info.sendWindow);
    put(232, info.receiveWindow);
  }
  return new Uint8Array(view.buffer);
}
