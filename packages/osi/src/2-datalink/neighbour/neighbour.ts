import type { Frame } from '../../1-physical/index.ts';
import { milliseconds, type Nanoseconds, seconds, type Timed } from '../../time/index.ts';
import { highOf, lowOf, type MacAddress, macOf } from '../ethernet/mac-address.ts';

/** The states of Linux's neighbour table (`ip-neighbour(8)`), which ARP shares with IPv6's neighbour discovery (RFC 4861 section 7.3.2). */
export type NeighbourState =
  | 'INCOMPLETE'
  | 'REACHABLE'
  | 'STALE'
  | 'DELAY'
  | 'PROBE'
  | 'FAILED'
  | 'PERMANENT';

/** `net.ipv4.neigh.default.*` of Linux with its defaults (arp(7), ip-sysctl.rst). */
export const NEIGHBOUR_DEFAULTS = {
  /** Mean of how long a confirmation counts; the time in force is this × 0.5–1.5, at random. */
  baseReachableTime: seconds(30),
  /** Between two requests. */
  retransTime: seconds(1),
  /** How long a stale entry in use waits for a confirmation from above before it is probed. */
  delayFirstProbeTime: seconds(5),
  /** Broadcast requests before an address counts as silent (`mcast_solicit`). */
  broadcastRequests: 3,
  /** Unicast requests before a known neighbour counts as gone (`ucast_solicit`). */
  unicastRequests: 3,
  /** Packets that wait for one address; one more pushes out the oldest (`unres_qlen`). */
  queueLimit: 101,
  /** An entry's MAC is not changed again this soon (`locktime`). */
  lockTime: seconds(1),
  /** Entries a table may have (`gc_thresh3`). */
  tableLimit: 1024,
  /** How often the random reachable time is drawn anew. */
  redrawTime: milliseconds(300_000),
};

export type NeighbourParameters = { -readonly [N in keyof typeof NEIGHBOUR_DEFAULTS]: number };

/** What one machine knows of one address on a link. */
export class Neighbour<A = number> {
  readonly address: A;
  state: NeighbourState = 'INCOMPLETE';
  /** The halves of the MAC address: a number of 48 bits would be an object of its own. */
  #high = 0;
  #low = 0;
  /** When it was last confirmed that it can be reached; never as yet. */
  confirmed: Nanoseconds = Number.NEGATIVE_INFINITY;
  /** When it was last sent to, last changed. */
  used: Nanoseconds = 0;
  updated: Nanoseconds = 0;
  /** Requests sent in this state. */
  requests = 0;
  /** Packets that wait for an answer, linked by `Frame.next`. */
  first: Frame | null = null;
  last: Frame | null = null;
  queued = 0;
  /** Repeats requests, or lets REACHABLE and DELAY end. Only while it is needed. */
  timer: Timed | null = null;

  constructor(address: A) {
    this.address = address;
  }

  get mac(): MacAddress {
    return macOf(this.#high, this.#low);
  }

  set mac(mac: MacAddress) {
    this.#high = highOf(mac);
    this.#low = lowOf(mac);
  }

  /** Packets go to it at once, and nothing else is to be done. */
  get ready(): boolean {
    const { state } = this;
    return state !== 'INCOMPLETE' && state !== 'FAILED' && state !== 'STALE';
  }

  enqueue(frame: Frame): void {
    frame.next = null;
    if (this.last === null) this.first = frame;
    else this.last.next = frame;
    this.last = frame;
    this.queued++;
  }

  dequeue(): Frame | null {
    const frame = this.first;
    if (frame === null) return null;
    this.first = frame.next;
    if (this.first === null) this.last = null;
    frame.next = null;
    this.queued--;
    return frame;
  }
}
