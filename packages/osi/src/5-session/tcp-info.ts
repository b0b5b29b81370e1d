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

/** What a socket has that was never connected (Linux: tcp_init_sock). */
const FRESH = {
  rto: 1_000_000,
  mss: 536,
  deviation: 250_000,
  ssthresh: 0x7fff_ffff,
  shortestRtt: 0xffff_ffff,
};
/** TCP_INIT_CWND, net.ipv4.tcp_reordering. */
const FRESH_WINDOW = 10;
const FRESH_REORDERING = 3;

const BOUNDLESS = 0xffff_ffff_ffff_ffffn;

/** `struct tcp_info` up to `tcpi_rcv_wnd`. */
export function infoBytes(info: TcpInfo | null, state: TcpState): Uint8Array {
  const view = new DataView(new ArrayBuffer(236));
  const put = (at: number, value: number) => view.setUint32(at, Math.min(value, 0xffff_ffff), true);
  const putLong = (at: number, value: number) =>
    view.setBigUint64(at, Number.isFinite(value) ? BigInt(Math.floor(value)) : BOUNDLESS, true);
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
    view.setUint8(7, (info.fastOpenFailure << 1) | (info.deliveryRateLimited ? 1 : 0));
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
    putLong(104, info.pacingRate);
    putLong(112, info.maxPacingRate);
    putLong(120, info.bytesAcknowledged);
    putLong(128, info.bytesReceived);
    put(136, info.segmentsOut);
    put(140, info.segmentsIn);
    put(144, info.unsent);
    put(148, info.shortestRtt / 1000);
    put(152, info.dataSegmentsIn);
    put(156, info.dataSegmentsOut);
    putLong(160, info.deliveryRate);
    putLong(168, info.busy / 1000);
    putLong(176, info.windowLimited / 1000);
    putLong(184, info.bufferLimited / 1000);
    put(192, info.delivered);
    put(196, info.deliveredMarked);
    putLong(200, info.bytesSent);
    putLong(208, info.bytesResent);
    put(216, info.duplicates);
    put(220, info.reorderingSeen);
    put(224, info.outOfOrder);
    put(228, info.sendWindow);
    put(232, info.receiveWindow);
  } else {
    put(80, FRESH_WINDOW);
    put(88, FRESH_REORDERING);
    putLong(104, Number.POSITIVE_INFINITY);
    putLong(112, Number.POSITIVE_INFINITY);
    if (state === 'CLOSED') {
      view.setUint8(7, 1);
      put(8, FRESH.rto);
      put(16, FRESH.mss);
      put(72, FRESH.deviation);
      put(76, FRESH.ssthresh);
      put(148, FRESH.shortestRtt);
    }
  }
  return new Uint8Array(view.buffer);
}
