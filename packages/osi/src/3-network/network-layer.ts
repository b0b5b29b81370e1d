import type { FramePool, Port } from '../1-physical/index.ts';
import { EthernetInterface, type Link, type LinkUpcalls, type MacAddress } from '../2-datalink/index.ts';
import type { Simulation } from '../time/index.ts';
import type { Tracer } from '../trace/index.ts';
import { LOOPBACK } from './address.ts';
import { IcmpLayer } from './icmp/layer.ts';
import { RateLimit } from './icmp/rate-limit.ts';
import { Icmpv6Layer } from './icmpv6/layer.ts';
import { IgmpLayer } from './igmp/layer.ts';
import { Internet } from './internet.ts';
import { Ipv4Layer } from './ipv4/layer.ts';
import { Configuration } from './ipv6/configuration.ts';
import { Ipv6Layer } from './ipv6/layer.ts';
import { Loopback } from './loopback.ts';
import { Sysctl } from './sysctl.ts';
import { Upcalls } from './upcalls.ts';

export interface NetworkLayerOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl?: Sysctl;
}

export interface InterfaceOptions {
  mac: MacAddress;
  /** Default 1500. */
  mtu?: number;
  /**
   * Default false: IPv6 is disabled on it (`net.ipv6.conf.<name>.disable_ipv6`), so that nothing is sent that nobody
   * asked for. On Linux it would be on.
   */
  ipv6?: boolean;
}

/** Layers 2 and 3 of one machine, put together: `lo` is there from the start, with 127.0.0.1/8. */
export class NetworkLayer {
  readonly sysctl: Sysctl;
  readonly ip: Ipv4Layer;
  readonly icmp: IcmpLayer;
  readonly igmp: IgmpLayer;
  readonly ip6: Ipv6Layer;
  readonly icmp6: Icmpv6Layer;
  readonly config6: Configuration;
  /** Both versions of IP, for transports. */
  readonly internet: Internet;
  readonly lo: Loopback;
  readonly #sim: Simulation;
  readonly #upcalls: LinkUpcalls;
  #index = 2;

  constructor(options: NetworkLayerOptions) {
    const { sim, tracer, pool } = options;
    const sysctl = options.sysctl ?? new Sysctl();
    const ip = new Ipv4Layer({ sim, tracer, pool, sysctl });
    this.#sim = sim;
    this.sysctl = sysctl;
    this.ip = ip;
    const rate = new RateLimit(sim, sysctl);
    this.icmp = new IcmpLayer({ sim, tracer, pool, sysctl, ip, rate });
    this.igmp = new IgmpLayer({ sim, tracer, pool, sysctl, ip });
    const ip6 = new Ipv6Layer({ sim, tracer, pool, sysctl });
    const icmp6 = new Icmpv6Layer({ sim, tracer, pool, sysctl, ip: ip6, rate });
    this.ip6 = ip6;
    this.icmp6 = icmp6;
    this.config6 = new Configuration({ sim, tracer, pool, sysctl, ip: ip6, icmp: icmp6 });
    this.internet = new Internet(ip, ip6);
    this.#upcalls = new Upcalls(ip, ip6, (link) => this.#linkChanged(link));
    this.lo = new Loopback(sim, tracer, pool, this.#upcalls);
    ip.addLink(this.lo);
    ip.addAddress(this.lo, { address: LOOPBACK, length: 8 });
    this.config6.attach(this.lo);
  }

  /** Makes a port a network interface of this machine, switched on. */
  addEthernet(port: Port, options: InterfaceOptions): EthernetInterface {
    const { mac, mtu, ipv6 = false } = options;
    const link = new EthernetInterface({
      sim: this.#sim,
      port,
      mac,
      mtu,
      index: this.#index++,
      upcalls: this.#upcalls,
    });
    this.ip.addLink(link);
    if (!ipv6) this.sysctl.set(`net.ipv6.conf.${link.name}.disable_ipv6`, 1);
    this.config6.attach(link);
    return link;
  }

  /** `lo` and the Ethernet interfaces, in the order of their numbers. */
  get links(): readonly Link[] {
    return this.ip.links;
  }

  #linkChanged(link: Link): void {
    this.ip.linkChanged(link);
    this.igmp.linkChanged(link);
    this.config6.linkChanged(link);
    if (this.sysctl.get('net.ipv4.conf.all.arp_notify') === 0 || !link.up || !link.carrier) return;
    if (!(link instanceof EthernetInterface)) return;
    for (const line of this.ip.addresses.entries()) if (line.link === link) link.arp.announce(line.address);
  }
}
