import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { seconds } from '../../time/index.ts';
import type { RateLimit } from '../icmp/rate-limit.ts';
import { type Ipv6Address, isLinkLocal6 } from '../ipv6/address.ts';
import { IPV6_HEADER, IPV6_LEAST_MTU } from '../ipv6/codec.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import {
  ND_LINK_ADDRESS_LENGTH,
  ND_REDIRECT_LENGTH,
  ND_REDIRECTED_HEADER,
  ND_TARGET_LINK_ADDRESS,
  writeLinkAddress,
  writeRedirect,
  writeRedirectedHeader,
} from './codec.ts';
import type { NeighbourDiscovery } from './discovery.ts';

/** One in a second after a burst of six, to one host and about one destination (`inet_peer_xrlim_allow`), in milliseconds. */
const INTERVAL = seconds(1) / 1e6;

/** Tells hosts of a link that another router there, or the destination itself, is nearer (RFC 4861 section 8.2, `ndisc_send_redirect`). */
export class RouterRedirects {
  readonly #pool: FramePool;
  readonly #ip: Ipv6Layer;
  readonly #nd: NeighbourDiscovery;
  readonly #rate: RateLimit;

  constructor(pool: FramePool, ip: Ipv6Layer, nd: NeighbourDiscovery, rate: RateLimit) {
    this.#pool = pool;
    this.#ip = ip;
    this.#nd = nd;
    this.#rate = rate;
  }

  /** A packet leaves by the interface it came by; the frame stays the caller's. @param nextHop to where on its link. */
  tell(
    frame: Frame,
    by: Ipv6Interface,
    source: Ipv6Address,
    destination: Ipv6Address,
    nextHop: Ipv6Address,
  ): void {
    const { link, neighbours } = by;
    if (!this.#rate.allowHost(destination.key, INTERVAL)) return;
    const own = this.#ip.addresses.linkLocal(link);
    // A better router is known by its link-local address.
    if (own === undefined || (!nextHop.equals(destination) && !isLinkLocal6(nextHop))) return;
    if (this.#ip.routes.lookup(source, link)?.gateway !== null) return;
    if (!this.#rate.allowHost(source.key, INTERVAL)) return;
    const known = neighbours?.get(nextHop);
    const mac =
      known === undefined || known.state === 'INCOMPLETE' || known.state === 'FAILED' ? null : known.mac;
    const linkAddress = mac === null ? 0 : ND_LINK_ADDRESS_LENGTH;
    const room = IPV6_LEAST_MTU - IPV6_HEADER - ND_REDIRECT_LENGTH - linkAddress;
    // The option is counted in units of 8 bytes: what is over is left out.
    const quoted = (Math.min(room, frame.length + ND_REDIRECTED_HEADER) & ~7) - ND_REDIRECTED_HEADER;
    const length = ND_REDIRECT_LENGTH + linkAddress + ND_REDIRECTED_HEADER + quoted;
    const message = this.#pool.take(length);
    message.end = HEADROOM + length;
    message.reason = 'ndisc.redirect';
    const { view, bytes } = message;
    writeRedirect(view, HEADROOM, nextHop, destination);
    let at = HEADROOM + ND_REDIRECT_LENGTH;
    if (mac !== null) {
      writeLinkAddress(view, at, ND_TARGET_LINK_ADDRESS, mac);
      at += linkAddress;
    }
    writeRedirectedHeader(view, at, quoted);
    bytes.set(frame.bytes.subarray(frame.start, frame.start + quoted), at + ND_REDIRECTED_HEADER);
    this.#nd.emit(by, message, own.address, source, null);
  }
}
