import { dropFrame, type Frame, type Port, type PortOwner } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import { Arp } from '../arp/arp.ts';
import type { FrameWatcher, Link, LinkStatistics, LinkUpcalls, PacketReceiver } from '../link.ts';
import type { NeighbourCache } from '../neighbour/cache.ts';
import type { Neighbour } from '../neighbour/neighbour.ts';
import {
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  PACKET_OUTGOING,
} from '../packet-types.ts';
import { ETHERTYPE_VLAN, isTagged, readTag, removeTag, vlanOf } from '../vlan/codec.ts';
import { VlanPort } from '../vlan/port.ts';
import {
  checkEthernet,
  ETHERNET_HEADER,
  ETHERNET_MTU,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  readDestination,
  readEtherType,
  readSource,
  writeEthernet,
} from './codec.ts';
import { GroupFilter } from './group-filter.ts';
import {
  BROADCAST_MAC,
  highOf,
  isGroupMac,
  lowOf,
  type MacAddress,
  macOf,
  multicastMac,
} from './mac-address.ts';

/** The least MTU for IPv4 (RFC 791 section 3.2), and what the frame pool's larger slots hold. */
const LEAST_MTU = 68;
const GREATEST_MTU = 65_535;

export interface EthernetOptions {
  sim: Simulation;
  port: Port;
  mac: MacAddress;
  /** Default 1500. */
  mtu?: number;
  /** Its number in `ip link`; default 2. */
  index?: number;
  upcalls: LinkUpcalls;
}

/**
 * A network interface: a port with a MAC address that speaks Ethernet II and ARP.
 *
 * It pads what it sends to 60 bytes, as the MAC of a real card does, so the record and the captures show frames
 * as they cross the cable; the length in the network header tells the padding from the packet.
 *
 * What each frame needs stands first and in the object itself: where ten thousand machines take turns, each object on a
 * frame's way is waited for.
 */
export class EthernetInterface implements Link, LinkStatistics, PortOwner {
  readonly port: Port;
  /** Who was sent to last: on most links it is always the same. */
  #neighbour: Neighbour | null = null;
  readonly #sim: Simulation;
  readonly #ip: PacketReceiver;
  watcher: FrameWatcher | null = null;
  readonly #macHigh: number;
  readonly #macLow: number;
  #mtu = ETHERNET_MTU;
  txPackets = 0;
  txBytes = 0;
  rxPackets = 0;
  rxBytes = 0;
  receiveOffload = true;
  readonly loopback = false;
  readonly name: string;
  rxErrors = 0;
  rxDropped = 0;
  rxMulticast = 0;
  txDropped = 0;
  readonly index: number;
  readonly neighbours: NeighbourCache<number>;
  readonly arp: Arp;
  readonly groups = new GroupFilter();
  /** The state that was told last. */
  #told: 'down' | 'no-carrier' | 'up';
  readonly #up: LinkUpcalls;
  #vlans: Map<number, VlanPort> | null = null;

  constructor(options: EthernetOptions) {
    const { sim, port, mac, upcalls } = options;
    this.name = port.name;
    this.index = options.index ?? 2;
    this.port = port;
    this.#sim = sim;
    this.#macHigh = highOf(mac);
    this.#macLow = lowOf(mac);
    this.#up = upcalls;
    this.#ip = upcalls.ip;
    if (options.mtu !== undefined) this.setMtu(options.mtu);
    this.arp = new Arp(sim, this, upcalls);
    this.neighbours = this.arp.cache;
    port.attach(this);
    this.#told = this.state;
  }

  get mac(): MacAddress {
    return macOf(this.#macHigh, this.#macLow);
  }

  get mtu(): number {
    return this.#mtu;
  }

  setMtu(mtu: number): void {
    if (!Number.isInteger(mtu) || mtu < LEAST_MTU || mtu > GREATEST_MTU) {
      throw new RangeError(
        `mtu of ${this.name}: expected ${LEAST_MTU} to ${GREATEST_MTU} bytes, found ${mtu}`,
      );
    }
    this.#mtu = mtu;
  }

  get up(): boolean {
    return this.port.enabled;
  }

  get carrier(): boolean {
    return this.port.carrier;
  }

  get offload(): boolean {
    return this.port.offload;
  }

  get statistics(): LinkStatistics {
    return this;
  }

  setPromiscuous(on: boolean): void {
    this.groups.everyStation += on ? 1 : -1;
  }

  hearAllGroups(on: boolean): void {
    this.groups.everyGroup += on ? 1 : -1;
  }

  setGroup(group: MacAddress, member: boolean): void {
    this.groups.set(group, member);
  }

  /** Switched off it loses its carrier, and the far end too; what ARP has learned is forgotten. */
  setUp(up: boolean): void {
    if (up === this.up) return;
    if (!up) this.neighbours.flush(true);
    this.port.setEnabled(up);
  }

  /** The port of one of its VLANs, for an interface of its own (`eth0.10`); made when there is none yet. @throws RangeError unless 1–4094. */
  vlanPort(vlan: number): VlanPort {
    this.#vlans ??= new Map();
    let port = this.#vlans.get(vlan);
    if (port === undefined) {
      port = new VlanPort(this.port, vlan);
      this.#vlans.set(vlan, port);
    }
    return port;
  }

  /** What `ip link` shows of it, in a word. */
  get state(): 'down' | 'no-carrier' | 'up' {
    if (!this.port.enabled) return 'down';
    return this.port.carrier ? 'up' : 'no-carrier';
  }

  send(frame: Frame, nextHop: number, group: boolean): void {
    if (!this.port.enabled) {
      this.txDropped++;
      dropFrame(this.port.tracer, this.name, frame, 'ethernet.down');
    } else if (group) {
      this.outputPacket(frame, nextHop >>> 28 === 14 ? multicastMac(nextHop) : BROADCAST_MAC);
    } else {
      let neighbour = this.#neighbour;
      if (neighbour === null || neighbour.address !== nextHop || !neighbour.ready) {
        neighbour = this.neighbours.ready(nextHop);
        if (neighbour === null) {
          this.neighbours.send(frame, nextHop);
          return;
        }
        this.#neighbour = neighbour;
      }
      neighbour.used = this.#sim.now;
      this.outputPacket(frame, neighbour.mac);
    }
  }

  outputPacket(frame: Frame, destination: MacAddress): void {
    this.output(frame, destination, ETHERTYPE_IPV4);
  }

  transmit(frame: Frame, destination: MacAddress, etherType: number): void {
    this.output(frame, destination, etherType);
  }

  output(frame: Frame, destination: MacAddress, etherType: number): void {
    frame.start -= ETHERNET_HEADER;
    writeEthernet(frame.view, frame.start, destination, this.mac, etherType);
    this.sendFrame(frame);
  }

  sendFrame(frame: Frame): void {
    if (this.watcher !== null) this.watcher.watch(this, frame, PACKET_OUTGOING, this.mac);
    const padded = frame.start + this.port.shortest;
    if (frame.end < padded) {
      frame.bytes.fill(0, frame.end, padded);
      frame.end = padded;
    }
    this.txPackets++;
    this.txBytes += frame.length;
    this.port.transmit(frame);
  }

  receive(port: Port, frame: Frame): void {
    const { view, start } = frame;
    const problem = checkEthernet(view, start, frame.end);
    if (problem !== null) {
      this.rxErrors++;
      port.drop(frame, problem);
      return;
    }
    const destination = readDestination(view, start);
    const toUs = destination === this.mac;
    const group = !toUs && isGroupMac(destination);
    if (!toUs && !group) {
      if (this.groups.everyStation > 0) this.#show(frame, PACKET_OTHERHOST);
      // Nothing happened to it: on a hub or a flooding switch everybody sees it. Counted, not recorded.
      port.tracer.countDrop('ethernet.not-for-us');
      frame.release();
      return;
    }
    const etherType = readEtherType(view, start);
    if (group && destination !== BROADCAST_MAC) {
      const packet = etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6;
      if (packet && !this.groups.hears(destination)) {
        // The card's filter lets nobody see it.
        port.tracer.countDrop('ethernet.not-for-us');
        frame.release();
        return;
      }
      this.rxMulticast++;
    }
    this.rxPackets++;
    this.rxBytes += frame.length;
    if (this.watcher !== null) {
      const toAll = destination === BROADCAST_MAC ? PACKET_BROADCAST : PACKET_MULTICAST;
      this.#show(frame, group ? toAll : PACKET_HOST);
    }
    if (!this.receiveOffload) frame.followed = false;
    frame.start += ETHERNET_HEADER;
    switch (etherType) {
      case ETHERTYPE_IPV4:
        this.#ip.receive(this, frame, group);
        return;
      case ETHERTYPE_ARP:
        this.arp.receive(frame, toUs);
        return;
      case ETHERTYPE_IPV6:
        if (this.#up.receive6 === undefined) break;
        this.#up.receive6(this, frame, group);
        return;
      case ETHERTYPE_VLAN:
        frame.start = start;
        this.#receiveTagged(frame);
        return;
    }
    this.rxDropped++;
    port.drop(frame, 'ethernet.unknown-type');
  }

  #show(frame: Frame, type: number): void {
    this.watcher?.watch(this, frame, type, readSource(frame.view, frame.start));
  }

  #receiveTagged(frame: Frame): void {
    const { view, start, end } = frame;
    const port = isTagged(view, start, end) ? this.#vlans?.get(vlanOf(readTag(view, start))) : undefined;
    if (port === undefined) {
      this.rxDropped++;
      this.port.drop(frame, 'vlan.no-interface');
      return;
    }
    removeTag(frame);
    port.receive(frame);
  }

  linkChanged(): void {
    const { state } = this;
    if (state === this.#told) return;
    this.#told = state;
    const { tracer } = this.port;
    if (tracer.on) {
      tracer.write({ kind: 'table', table: 'link', change: 'update', key: this.name, value: state });
    }
    // Who was at the other end need not be there when the carrier comes back (`neigh_carrier_down` in Linux).
    if (state === 'no-carrier') this.neighbours.flush();
    this.#up.linkChanged(this);
    if (this.#vlans !== null) for (const vlan of this.#vlans.values()) vlan.linkChanged();
  }
}
