import type { Frame } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import { KERN_WARNING } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address } from '../address.ts';
import {
  CODE_FRAGMENTATION_NEEDED,
  CODE_NETWORK_UNREACHABLE,
  CODE_REDIRECT_HOST,
  CODE_SOURCE_ROUTE_FAILED,
  CODE_TTL_EXCEEDED,
  ICMP_DESTINATION_UNREACHABLE,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
} from '../icmp/codec.ts';
import { decrementTtl, hasDontFragment, readSource, readTtl } from './codec.ts';
import { isStrict, recordStation } from './options.ts';
import type { PacketPath4 } from './packet-path.ts';
import { RedirectLimit } from './redirect-limit.ts';
import { isOnLink } from './redirects.ts';
import { leaveFor } from './source-route.ts';
import { nextHopTo } from './way.ts';

/** Passes packets on, as a router does (RFC 1812 section 5, `ip_forward`). */
export class Forwarder {
  readonly #ip: PacketPath4;
  readonly #redirects: RedirectLimit;

  constructor(ip: PacketPath4, sim: Simulation) {
    this.#ip = ip;
    this.#redirects = new RedirectLimit(sim, ip.sysctl);
  }

  /** No route leads to where the packet goes; takes it over. */
  unroutable(from: Link, frame: Frame): void {
    const ip = this.#ip;
    ip.faults.OutNoRoutes++;
    ip.report(ICMP_DESTINATION_UNREACHABLE, CODE_NETWORK_UNREACHABLE, 0, frame, frame.start, false);
    ip.drop(frame, 'ip.no-route', from);
  }

  /**
   * Takes the frame over. @param from how it came. @param link the way to its destination. @param hasOptions its header has some.
   * @param sourceRoute where in the header the route stands whose next station `destination` is; -1 for none.
   */
  forward(
    from: Link,
    frame: Frame,
    destination: Ipv4Address,
    link: Link,
    nextHop: Ipv4Address,
    hasOptions: boolean,
    sourceRoute: number,
  ): void {
    const ip = this.#ip;
    const { view, start, segments } = frame;
    if (readTtl(view, start) <= 1) {
      ip.faults.InHdrErrors++;
      ip.report(ICMP_TIME_EXCEEDED, CODE_TTL_EXCEEDED, 0, frame, start, false);
      ip.drop(frame, 'ip.ttl', from);
      return;
    }
    if (sourceRoute >= 0 && nextHop !== destination && isStrict(view, start + sourceRoute)) {
      ip.report(ICMP_DESTINATION_UNREACHABLE, CODE_SOURCE_ROUTE_FAILED, 0, frame, start, false);
      ip.drop(frame, 'ip.source-route-failed', from);
      return;
    }
    const tooLarge = (segments > 1 ? frame.packetSize : frame.length) > link.mtu;
    if (tooLarge && (segments > 1 || hasDontFragment(view, start))) {
      ip.faults.FragFails++;
      ip.report(ICMP_DESTINATION_UNREACHABLE, CODE_FRAGMENTATION_NEEDED, link.mtu, frame, start, false);
      ip.drop(frame, 'ip.fragmentation-needed', from);
      return;
    }
    decrementTtl(view, start);
    if (link === from && sourceRoute < 0) this.#redirect(link, frame, destination, nextHop);
    if (hasOptions) {
      const address = ip.sourceFor(destination);
      if (address !== null) {
        recordStation(view, start, address, ip.timeOfDay);
        if (sourceRoute >= 0) leaveFor(view, start, sourceRoute, destination, address);
      }
    }
    ip.ForwDatagrams++;
    frame.reason = 'ip.forward';
    if (tooLarge) ip.sendFragments(link, frame, nextHop, false, link.mtu);
    else link.send(frame, nextHop, false);
  }

  /** A packet leaves by the link it came by: its sender, if it is on that link, could have gone there by itself. */
  #redirect(link: Link, frame: Frame, destination: Ipv4Address, nextHop: Ipv4Address): void {
    const ip = this.#ip;
    const { sysctl, addresses } = ip;
    const source = readSource(frame.view, frame.start);
    const back = ip.wayOf(source);
    if (back.kind !== 'other' || back.link !== link || nextHopTo(source, back) !== source) return;
    if (sysctl.ipv4(link.name, 'send_redirects') === 0) return;
    const gateway = nextHop === destination ? source : nextHop;
    if (sysctl.ipv4(link.name, 'shared_media') === 0 && !isOnLink(link, source, gateway, addresses)) return;
    const count = this.#redirects.take(source);
    if (count === 0) return;
    ip.report(ICMP_REDIRECT, CODE_REDIRECT_HOST, nextHop, frame, frame.start, false);
    const last = sysctl.values['net.ipv4.route.redirect_number'];
    if (count < last || sysctl.ipv4(link.name, 'log_martians') === 0) return;
    const [host, target, better] = [source, destination, nextHop].map(formatIpv4);
    ip.log.sayRarely(
      KERN_WARNING,
      `IPv4: host ${host}/if${link.index} ignores redirects for ${target} to ${better}`,
    );
  }
}
