import { hashIp, type IpAddress, type Sysctl } from '../../3-network/index.ts';
import type { Random } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { overlaps } from '../overlap.ts';
import type { Endpoint } from '../services.ts';
import type { Channel } from './channel.ts';

const NOBODY: readonly Channel[] = [];

/** The channels of one transport by local port: who may bind where, and who gets what comes in. */
export class ChannelTable {
  readonly #random: Random;
  readonly #sysctl: Sysctl;
  /** Spreads flows over SO_REUSEPORT groups. */
  readonly #salt: number;
  /** In the order of binding. */
  readonly #ports = new Map<number, readonly Channel[]>();
  readonly #all = new Set<Channel>();

  constructor(random: Random, sysctl: Sysctl) {
    this.#random = random;
    this.#sysctl = sysctl;
    this.#salt = random.uint32();
  }

  /** Every channel that has a port, in the order of binding. */
  entries(): Iterable<Channel> {
    return this.#all;
  }

  /** Those at a port, in the order of binding. The list does not change when they do. */
  at(port: number): readonly Channel[] {
    return this.#ports.get(port) ?? NOBODY;
  }

  /** Claims an address and port, chosen when 0. @returns 0, -EADDRINUSE, or -EAGAIN when there is none to choose. */
  bind(channel: Channel, { address, port }: Endpoint): number {
    if (port === 0) {
      port = this.#choose(channel, address);
      if (port === 0) return -ERRNO.EAGAIN;
    } else if (this.#conflict(channel, address, port)) {
      return -ERRNO.EADDRINUSE;
    }
    channel.localAddress = address;
    channel.localPort = port;
    this.#ports.set(port, [...this.at(port), channel]);
    this.#all.add(channel);
    return 0;
  }

  unbind(channel: Channel): void {
    const { localPort: port } = channel;
    const rest = this.at(port).filter((other) => other !== channel);
    if (rest.length === 0) this.#ports.delete(port);
    else this.#ports.set(port, rest);
    this.#all.delete(channel);
  }

  /**
   * The channel at a local port that fits a peer best, or null; of equals the one bound last, as on Linux,
   * and in a SO_REUSEPORT group the one that the flow falls to.
   * @param inInterface where the packet came in; null for one of our own that an error is about.
   */
  find(
    port: number,
    remote: IpAddress,
    remotePort: number,
    local: IpAddress,
    inInterface: string | null,
  ): Channel | null {
    const candidates = this.at(port);
    let best: Channel | null = null;
    let highest = 0;
    for (let i = candidates.length - 1; i >= 0; i--) {
      const channel = candidates[i] as Channel;
      const score = channel.score(remote, remotePort, local, inInterface);
      if (score > highest) {
        highest = score;
        best = channel;
      }
    }
    if (best === null || candidates.length === 1 || !best.sharing.reusePort || best.remote !== null)
      return best;
    const group = candidates.filter(
      (channel) =>
        channel.sharing.reusePort && channel.score(remote, remotePort, local, inInterface) === highest,
    );
    const flow = Math.imul(
      Math.imul(hashIp(remote) ^ this.#salt, 0x9e3779b1) ^ (remotePort << 16) ^ port,
      0x85ebca6b,
    );
    return group[((flow ^ (flow >>> 15)) >>> 0) % group.length] ?? best;
  }

  /** A random place in `net.ipv4.ip_local_port_range`, and from there the next that is free (RFC 6056 section 3.3.1); 0 when none is. */
  #choose(channel: Channel, address: IpAddress): number {
    const low = this.#sysctl.get('net.ipv4.ip_local_port_range.low');
    const count = this.#sysctl.get('net.ipv4.ip_local_port_range.high') - low + 1;
    if (count <= 0) return 0;
    const start = this.#random.below(count);
    for (let i = 0; i < count; i++) {
      const port = low + ((start + i) % count);
      if (!this.#conflict(channel, address, port)) return port;
    }
    return 0;
  }

  /** Whether another channel keeps this one from an address and port (`udp_lib_lport_inuse`, `inet_rcv_saddr_equal`). */
  #conflict(channel: Channel, address: IpAddress, port: number): boolean {
    for (const other of this.at(port)) {
      if (other.sharing.reuseAddress && channel.sharing.reuseAddress) continue;
      if (other.sharing.reusePort && channel.sharing.reusePort) continue;
      const mine = channel.options.ip.interface;
      const its = other.options.ip.interface;
      if (mine !== undefined && its !== undefined && mine !== its) continue;
      if (overlaps(address, channel.sharing.v6Only, other.localAddress, other.sharing.v6Only)) return true;
    }
    return false;
  }
}
