import type { Sysctl } from '../../3-network/index.ts';
import type { TcpOptions } from '../services.ts';
import { type Segment, SYN } from './codec.ts';
import { MAX_WINDOW_SCALE, TIMESTAMPS_LENGTH } from './options.ts';
import { seqDiff } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** The largest window without scaling. */
const MAX_UNSCALED = 0xffff;

/** How much of the receive buffer is window: the rest is for headers and slack (Linux: tcp_adv_win_scale 1). */
const windowShare = (receiveBuffer: number): number => receiveBuffer >> 1;

export const fullSpace = (tcb: Tcb): number => windowShare(tcb.receiveBuffer);

/** TCP_WINDOW_CLAMP takes from what the buffer has room for. */
function clamped(tcb: Tcb, space: number): number {
  const { windowClamp } = tcb.options;
  return windowClamp > 0 && windowClamp < space ? windowClamp : space;
}

/**
 * What TCP_WINDOW_CLAMP is read as: what a program has set, or else what the buffer holds less one segment, until it has
 * grown (Linux: tcp_init_buffer_space, tcp_rcv_space_adjust).
 */
export function windowClamp(tcb: Tcb): number {
  const { options } = tcb;
  if (options.windowClamp > 0) return options.windowClamp;
  const full = fullSpace(tcb);
  const segment = advertisedPayload(tcb);
  if (tcb.receiveBuffer !== options.receiveBuffer || full <= 2 * segment) return full;
  return Math.max(2 * segment, full - segment);
}

/** The peer's segments have so many bytes of data at most, as long as they have no options but timestamps (Linux: advmss). */
export const advertisedPayload = (tcb: Tcb): number =>
  tcb.timestamps ? tcb.advMss - TIMESTAMPS_LENGTH : tcb.advMss;

/** TCP_WINDOW_CLAMP was set on a connection (Linux: tcp_set_window_clamp). @param before the former one. */
export function clampWindow(tcb: Tcb, before: number): void {
  const clamp = tcb.options.windowClamp;
  tcb.windowLimit =
    clamp < before
      ? Math.min(tcb.windowLimit, clamp)
      : Math.max(tcb.windowLimit, Math.min(tcb.rcvWnd, clamp));
}

/**
 * Chooses scale and first window, as Linux's tcp_select_initial_window. @param mss payload of the segments that the
 * peer will send.
 */
export function chooseInitialWindow(tcb: Tcb, mss: number): void {
  tcb.rcvScale = tcb.scaling ? initialScale(tcb.host.sysctl, tcb.options) : 0;
  tcb.rcvWnd = initialWindow(tcb.options, mss);
  tcb.windowLimit = tcb.rcvWnd;
}

/** The scale that the largest buffer a connection may ever have would need. */
export function initialScale(sysctl: Sysctl, options: TcpOptions): number {
  const full = windowShare(options.receiveBuffer);
  let largest = Math.max(full, sysctl.values['net.ipv4.tcp_rmem.max'], sysctl.values['net.core.rmem_max']);
  if (options.receiveBufferLocked) largest = Math.min(largest, full);
  if (options.windowClamp > 0) largest = Math.min(largest, options.windowClamp);
  return Math.min(Math.max(31 - Math.clz32(largest) - 15, 0), MAX_WINDOW_SCALE);
}

/** As many whole segments as fit into the buffer, at most 65535 bytes. */
export function initialWindow(options: TcpOptions, mss: number): number {
  const share = windowShare(options.receiveBuffer);
  const full = options.windowClamp > 0 ? Math.min(share, options.windowClamp) : share;
  const whole = full > mss ? full - (full % mss) : full;
  return Math.min(whole, MAX_UNSCALED);
}

/** Bytes the receive buffer has room for, unrounded. */
const freeSpace = (tcb: Tcb): number => Math.max(0, fullSpace(tcb) - tcb.queue.length);

/** What a window that grows may grow to now. */
export const spaceToGrow = (tcb: Tcb): number => clamped(tcb, freeSpace(tcb));

/**
 * The window that may be offered now: nothing while less than a segment or a sixteenth of the buffer is free
 * (silly window avoidance, RFC 9293 section 3.8.6.2.2), and never a right edge further left than before
 * (section 3.8.6, SHLD-14). After Linux's `__tcp_select_window`.
 */
export function nextWindow(tcb: Tcb): number {
  const full = clamped(tcb, fullSpace(tcb));
  let free = freeSpace(tcb);
  const mss = Math.min(tcb.rcvMss, full);
  const { rcvScale, receiveWindow } = tcb;
  let window = 0;
  if (free >= full >> 4 && free >= mss) {
    if (free > tcb.windowLimit) free = tcb.windowLimit;
    if (rcvScale > 0) {
      window = alignUp(free, rcvScale);
    } else {
      window = tcb.rcvWnd;
      if (window <= free - mss || window > free) window = free - (free % mss);
      else if (mss === full && free > window + (full >> 1)) window = free;
    }
  }
  if (window < receiveWindow) window = alignUp(receiveWindow, rcvScale);
  return Math.min(window, MAX_UNSCALED << rcvScale);
}

/** Offers the window with the segment that is being sent. @returns the header field. */
export function offerWindow(tcb: Tcb): number {
  const before = tcb.rcvWnd;
  const window = nextWindow(tcb);
  const { ext } = tcb.host.counters;
  if (window === 0 && before !== 0) ext.TCPToZeroWindowAdv++;
  else if (window !== 0 && before === 0) ext.TCPFromZeroWindowAdv++;
  tcb.rcvWnd = window;
  tcb.rcvWup = tcb.rcvNxt;
  return window >> tcb.rcvScale;
}

/** Whether so much was read that the peer should hear of it: the window at least doubles (as Linux). */
export function windowOpened(tcb: Tcb): boolean {
  const now = tcb.receiveWindow;
  if (2 * now > fullSpace(tcb)) return false;
  const next = nextWindow(tcb);
  return next > 0 && next >= 2 * now;
}

/** Right edge of the peer's window, as bytes from `sndNxt`; negative when the peer took window back. */
export const sendRoom = (tcb: Tcb): number => seqDiff((tcb.sndUna + tcb.sndWnd) | 0, tcb.sndNxt);

/** The window a segment offers; one with SYN is never scaled (RFC 7323 section 2.2). */
export const offeredWindow = (tcb: Tcb, segment: Segment): number =>
  (segment.flags & SYN) !== 0 ? segment.window : segment.window << tcb.sndScale;

const alignUp = (bytes: number, scale: number): number => ((bytes + (1 << scale) - 1) >> scale) << scale;
