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

/** Layers 2 and 3 of one machine, put together: `lo` is there from the start, with 127.0.0.1/8 and ::1/128. */
export class NetworkLayer {
  readonly sysctl: Sysctl;
  readonly ip: Ipv4Layer;
  readonly icmp: IcmpLayer;
  readonly igmp: IgmpLayer;
  /** Both versions of IP, for transports. */
  readonly internet: Internet;
  readonly lo: Loopback;
  readonly #options: NetworkLayerOptions;
  readonly #rate: RateLimit;
  readonly #upcalls: LinkUpcalls;
  #ipv6: Ipv6 | null = null;
  #index = 2;

  constructor(options: NetworkLayerOptions) {
    const { sim, tracer, pool } = options;
    const sysctl = options.sysctl ?? new Sysctl();
    const ip = new Ipv4Layer({ sim, tracer, pool, sysctl });
    this.#options = options;
    this.sysctl = sysctl;
    this.ip = ip;
    this.#rate = new RateLimit(sim, sysctl);
    this.icmp = new IcmpLayer({ sim, tracer, pool, sysctl, ip, rate: this.#rate });
    this.igmp = new IgmpLayer({ sim, tracer, pool, sysctl, ip });
    const ip6 = () => this.ip6;
    this.internet = new Internet(ip, ip6);
    this.#upcalls = new Upcalls(ip, ip6, (link) => this.#linkChanged(link));
    this.lo = new Loopback(sim, tracer, pool, this.#upcalls);
    ip.addLink(this.lo);
    ip.addAddress(this.lo, { address: LOOPBACK, length: 8 });
    if (tracer.on)
      tracer.write({ kind: 'table', table: 'address', change: 'add', key: '::1/128', value: 'lo' });
    sysctl.changed = (name) => {
      if (name.startsWith('net.ipv6.conf.')) this.#settings6Changed();
      else if (name.startsWith('net.ipv4.conf.')) ip.settingsChanged();
    };
  }

  get ip6(): Ipv6Layer {
    return this.#v6.layer;
  }

  get icmp6(): Icmpv6Layer {
    return this.#v6.icmp;
  }

  get config6(): Configuration {
    return this.#v6.configuration;
  }

  /** Makes a port a network interface of this machine, switched on. */
  addEthernet(port: Port, options: InterfaceOptions): EthernetInterface {
    const { mac, mtu, ipv6 = false } = options;
    const link = new EthernetInterface({
      sim: this.#options.sim,
      port,
      mac,
      mtu,
      index: this.#index++,
      upcalls: this.#upcalls,
    });
    this.ip.addLink(link);
    this.ip.settingsChanged();
    if (!ipv6) this.sysctl.set(`net.ipv6.conf.${link.name}.disable_ipv6`, 1);
    if (this.#ipv6 !== null) this.#ipv6.configuration.attach(link);
    else if (this.#isIpv6Changed()) this.#v6;
    return link;
  }

  /** `lo` and the Ethernet interfaces, in the order of their numbers. */
  get links(): readonly Link[] {
    return this.ip.links;
  }

  /** A link's MTU was set: with less than 1280 bytes it has no IPv6, which is on `lo` from the start. */
  mtuChanged(link: Link): void {
    if (this.#ipv6 !== null || link.loopback) this.#v6.configuration.mtuChanged(link);
  }

  /** IPv6 with all that belongs to it, made when it is first needed: of ten thousand machines most never use it. */
  get #v6(): Ipv6 {
    this.#ipv6 ??= this.#makeIpv6();
    return this.#ipv6;
  }

  #makeIpv6(): Ipv6 {
    const { sim, tracer, pool } = this.#options;
    const { sysctl } = this;
    const layer = new Ipv6Layer({ sim, tracer, pool, sysctl });
    const icmp = new Icmpv6Layer({ sim, tracer, pool, sysctl, ip: layer, rate: this.#rate });
    const configuration = new Configuration({
      sim,
      tracer,
      pool,
      sysctl,
      ip: layer,
      icmp,
      rate: this.#rate,
    });
    this.#ipv6 = { layer, icmp, configuration };
    this.internet.join(layer);
    for (const link of this.links) {
      if (link.loopback) configuration.attachLoopback(link);
      else configuration.attach(link);
    }
    return this.#ipv6;
  }

  /** Whether IPv6 is any different from how it is at the start: works on `lo`, and nowhere else. */
  #isIpv6Changed(): boolean {
    return this.links.some(
      ({ name, loopback, up }) => (up && this.sysctl.ipv6(name, 'disable_ipv6') === 0) !== loopback,
    );
  }

  #settings6Changed(): void {
    if (this.#ipv6 !== null || this.#isIpv6Changed()) this.#v6.configuration.settingsChanged();
  }

  #linkChanged(link: Link): void {
    this.ip.linkChanged(link);
    this.igmp.linkChanged(link);
    if (this.#ipv6 !== null || this.#isIpv6Changed()) this.#v6.configuration.linkChanged(link);
    if (!link.up || !link.carrier || !(link instanceof EthernetInterface)) return;
    if (this.sysctl.ipv4(link.name, 'arp_notify') === 0) return;
    for (const line of this.ip.addresses.entries()) if (line.link === link) link.arp.announce(line.address);
  }
}

interface Ipv6 {
  readonly layer: Ipv6Layer;
  readonly icmp: Icmpv6Layer;
  readonly configuration: Configuration;
}
