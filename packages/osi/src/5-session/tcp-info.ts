import type { TcpInfo, TcpState } from '../4-transport/index.ts';
import * as linux from './constants.ts';

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
export function infoBytes(info: TcpInfo | null, state: TcpState): Uint8Array {
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
