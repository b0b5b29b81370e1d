import type { Frame } from '../1-physical/index.ts';
import type { Link, LinkUpcalls } from '../2-datalink/index.ts';
import { formatIpv4, type Ipv4Address, ipv4FromNumber } from './address.ts';
import type { Ipv4Layer } from './ipv4/layer.ts';
import type { Ipv6Layer } from './ipv6/layer.ts';

/** What the links of a machine call in its network layer: both versions of IP. */
export class Upcalls implements LinkUpcalls {
  readonly ip: Ipv4Layer;
  readonly #ip6: () => Ipv6Layer;
  readonly #changed: (link: Link) => void;

  /** @param ip6 made when it is first needed. @param changed a link was switched on or off, or its carrier came or went. */
  constructor(ip: Ipv4Layer, ip6: () => Ipv6Layer, changed: (link: Link) => void) {
    this.ip = ip;
    this.#ip6 = ip6;
    this.#changed = changed;
  }

  receive6(link: Link, frame: Frame, group: boolean): void {
    this.#ip6().receive(link, frame, group);
  }

  unresolved(link: Link, frame: Frame): void {
    this.ip.unresolved(link, frame);
  }

  isOwn(address: number): boolean {
    return this.ip.addresses.isAnsweredFor(address);
  }

  mayAsk(link: Link, frame: Frame, asker: number, target: number): boolean {
    return this.ip.answers(link, frame, ipv4FromNumber(asker), ipv4FromNumber(target));
  }

  sourceFor(link: Link, target: number, waiting: Frame | null): number {
    return this.ip.arpSource(link, target as Ipv4Address, waiting);
  }

  format(address: number): string {
    return formatIpv4(ipv4FromNumber(address));
  }

  linkChanged(link: Link): void {
    this.#changed(link);
  }
}
