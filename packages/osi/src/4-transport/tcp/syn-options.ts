import {
  MSS_LENGTH,
  SACK_PERMITTED_LENGTH,
  TIMESTAMPS_LENGTH,
  WINDOW_SCALE_LENGTH,
  writeMss,
  writeSackPermitted,
  writeTimestamps,
  writeWindowScale,
} from './options.ts';

/** What a SYN offers, or SYN+ACK agrees to, as far as both are written alike. */
export interface SynOffer {
  readonly advMss: number;
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly scaling: boolean;
  readonly rcvScale: number;
}

/** Bytes of a SYN's options, without the one of Fast Open. */
export const synOptionsLength = ({ timestamps, sack, scaling }: SynOffer): number =>
  MSS_LENGTH +
  (timestamps ? TIMESTAMPS_LENGTH : sack ? SACK_PERMITTED_LENGTH : 0) +
  (scaling ? WINDOW_SCALE_LENGTH : 0);

/** @param timestamp with its `echo`: only where timestamps are offered. @returns where the next option goes. */
export function writeSynOptions(
  view: DataView,
  at: number,
  offer: SynOffer,
  timestamp: number,
  echo: number,
): number {
  at = writeMss(view, at, offer.advMss);
  if (offer.timestamps) at = writeTimestamps(view, at, timestamp, echo, offer.sack);
  else if (offer.sack) at = writeSackPermitted(view, at);
  if (offer.scaling) at = writeWindowScale(view, at, offer.rcvScale);
  return at;
}
