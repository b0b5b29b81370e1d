/** Where the fields of Linux's `struct tcp_info` are, and their bytes (`include/uapi/linux/tcp.h`). */
const WORDS = [
  'rto',
  'ato',
  'snd_mss',
  'rcv_mss',
  'unacked',
  'sacked',
  'lost',
  'retrans',
  'fackets',
  'last_data_sent',
  'last_ack_sent',
  'last_data_recv',
  'last_ack_recv',
  'pmtu',
  'rcv_ssthresh',
  'rtt',
  'rttvar',
  'snd_ssthresh',
  'snd_cwnd',
  'advmss',
  'reordering',
  'rcv_rtt',
  'rcv_space',
  'total_retrans',
];
const LONGS = ['pacing_rate', 'max_pacing_rate', 'bytes_acked', 'bytes_received'];
const MORE_WORDS = ['segs_out', 'segs_in', 'notsent_bytes', 'min_rtt', 'data_segs_in', 'data_segs_out'];
const MORE_LONGS = ['delivery_rate', 'busy_time', 'rwnd_limited', 'sndbuf_limited'];
const LAST_WORDS = ['delivered', 'delivered_ce'];
const LAST_LONGS = ['bytes_sent', 'bytes_retrans'];
const NEWEST_WORDS = ['dsack_dups', 'reord_seen', 'rcv_ooopack', 'snd_wnd', 'rcv_wnd', 'rehash'];

const BYTES = ['state', 'ca_state', 'retransmits', 'probes', 'backoff', 'options'];

interface Place {
  readonly at: number;
  readonly size: 1 | 4 | 8;
}

function layOut(): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  BYTES.forEach((name, at) => {
    places.set(name, { at, size: 1 });
  });
  let at = 8;
  const add = (names: readonly string[], size: 4 | 8) => {
    for (const name of names) {
      places.set(name, { at, size });
      at += size;
    }
  };
  add(WORDS, 4);
  add(LONGS, 8);
  add(MORE_WORDS, 4);
  add(MORE_LONGS, 8);
  add(LAST_WORDS, 4);
  add(LAST_LONGS, 8);
  add(NEWEST_WORDS, 4);
  return places;
}

const PLACES = layOut();

/** A field of TCP_INFO by packetdrill's name of it. @returns undefined for one that the stack does not give. */
export function tcpInfo(bytes: Uint8Array, name: string): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === 'tcpi_snd_wscale') return bytes.length > 6 ? view.getUint8(6) & 0xf : undefined;
  if (name === 'tcpi_rcv_wscale') return bytes.length > 6 ? view.getUint8(6) >> 4 : undefined;
  if (name === 'tcpi_delivery_rate_app_limited') return bytes.length > 7 ? view.getUint8(7) & 1 : undefined;
  const place = PLACES.get(name.replace(/^tcpi_/, ''));
  if (!name.startsWith('tcpi_') || place === undefined || place.at + place.size > bytes.length)
    return undefined;
  switch (place.size) {
    case 1:
      return view.getUint8(place.at);
    case 4:
      return view.getUint32(place.at, true);
    case 8:
      return Number(view.getBigUint64(place.at, true));
  }
}
