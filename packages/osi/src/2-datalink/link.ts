import type { Frame } from '../1-physical/index.ts';
import type { MacAddress } from './ethernet/mac-address.ts';
import type { NeighbourCache } from './neighbour/cache.ts';

/** What `ip -s link` counts. */
export interface LinkStatistics {
  rxPackets: number;
  rxBytes: number;
  /** Damaged or malformed. */
  rxErrors: number;
  /** Well formed, but nothing for us. */
  rxDropped: number;
  rxMulticast: number;
  txPackets: number;
  txBytes: number;
  txDropped: number;
}

export const noStatistics = (): LinkStatistics => ({
  rxPackets: 0,
  rxBytes: 0,
  rxErrors: 0,
  rxDropped: 0,
  rxMulticast: 0,
  txPackets: 0,
  txBytes: 0,
  txDropped: 0,
});

/** A network interface as layer 3 sees it: an Ethernet interface, or loopback. */
export interface Link {
  /** `eth0`, `lo`. */
  readonly name: string;
  /** As `ip link` numbers them: `lo` is 1. */
  readonly index: number;
  readonly mac: MacAddress;
  /** The largest packet it carries, in bytes. */
  readonly mtu: number;
  /** Switched on by the administrator. */
  readonly up: boolean;
  /** The line works: somebody is at the other end. */
  readonly carrier: boolean;
  readonly loopback: boolean;
  /** What is sent by it may stand for many segments, and need no checksum: its cable has segmentation and checksum offload. */
  readonly offload: boolean;
  /** Segments that arrive by it together are taken as one (generic receive offload); default true. */
  receiveOffload: boolean;
  readonly statistics: LinkStatistics;
  /** The neighbours that are known on it; null where there is no ARP. */
  readonly neighbours: NeighbourCache<number> | null;
  /**
   * Sends a packet, `frame.start` at its network header, with 14 bytes free in front; takes the frame over.
   * @param nextHop the address on this link it goes to. @param group it is a broadcast or multicast address.
   */
  send(frame: Frame, nextHop: number, group: boolean): void;
  /** Takes frames to a group's address, or no longer; as often as it was told to. */
  setGroup(group: MacAddress, member: boolean): void;
  /** Takes frames for other stations too, those of the watcher; as often as it was told to. */
  setPromiscuous(on: boolean): void;
  /** Takes the frames of all groups. */
  hearAllGroups(on: boolean): void;
  /** Who sees every frame that comes and goes; mostly nobody. */
  watcher: FrameWatcher | null;
  /** Sends a frame that begins with its Ethernet header at `frame.start`; takes it over. */
  sendFrame(frame: Frame): void;
  /** Sends a packet of any protocol to a station, likewise; on a link without stations the MAC is of no consequence. */
  transmit(frame: Frame, destination: MacAddress, etherType: number): void;
  setUp(up: boolean): void;
  /** @throws RangeError outside what the interface can carry. */
  setMtu(mtu: number): void;
}

/** Who sees the frames of a link beside the protocols above it: packet sockets. */
export interface FrameWatcher {
  /** A frame, Ethernet header first, between `frame.start` and `frame.end`; it stays the link's. @param type PACKET_HOST … */
  watch(link: Link, frame: Frame, type: number, source: MacAddress): void;
}

/** A layer that packets arrive for. */
export interface PacketReceiver {
  /** A packet arrived, `frame.start` at its header; takes the frame over. @param group it was sent to a group of stations. */
  receive(link: Link, frame: Frame, group: boolean): void;
}

/** What a link calls in layer 3; handed to it at construction. */
export interface LinkUpcalls {
  /** IPv4. */
  readonly ip: PacketReceiver;
  /** An IPv6 packet arrived, likewise; without it the link takes none. */
  receive6?(link: Link, frame: Frame, group: boolean): void;
  /** A packet could not be sent since `address` did not answer ARP; takes the frame over, `start` at its header. */
  unresolved(link: Link, frame: Frame, address: number): void;
  /** Whether this machine answers for `address`. */
  isOwn(address: number): boolean;
  /**
   * Whether `asker` is answered when it asks for an address of ours: only who could be answered to its packets, too.
   * @param frame the question, `frame.start` behind its Ethernet header; it stays the link's.
   */
  mayAsk(link: Link, frame: Frame, asker: number, target: number): boolean;
  /** The address that an ARP request on this link for `target` is sent from. @param waiting the packet it is sent for. */
  sourceFor(link: Link, target: number, waiting: Frame | null): number;
  /** The textual form of a network address. */
  format(address: number): string;
  /** It was switched on or off, or the carrier came or went. */
  linkChanged(link: Link): void;
}
