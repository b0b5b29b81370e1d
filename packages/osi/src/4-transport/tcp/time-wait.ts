import type { IpAddress, SendOptions, Sysctl } from '../../3-network/index.ts';
import { type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import type { EventId } from '../../trace/index.ts';
import type { TcpEntry } from '../services.ts';
import type { Chained } from './chained.ts';
import type { TcpCounters } from './counters.ts';
import type { Claim } from './ports.ts';
import type { Sequence } from './sequence.ts';

/** Linux's TCP_TIMEWAIT_LEN, its two maximum segment lifetimes (RFC 9293 section 3.6.1 asks for 2 × 2 min). */
export const TIME_WAIT_LENGTH = seconds(60);

/** What is needed of the layer. */
interface Host {
  readonly sim: Simulation;
  readonly sysctl: Sysctl;
  readonly counters: TcpCounters;
}

/** What of a connection is kept as it is. */
type Kept =
  | 'host'
  | 'number'
  | 'localAddress'
  | 'localPort'
  | 'remoteAddress'
  | 'remotePort'
  | 'sndNxt'
  | 'rcvNxt'
  | 'timestamps'
  | 'timestampOffset'
  | 'tsRecent'
  | 'tsRecentAt'
  | 'lastChallengeAt';

/** A connection of which both sides have finished. */
interface Finished extends Readonly<Pick<TimeWait, Kept>> {
  readonly receiveWindow: number;
  readonly rcvScale: number;
  readonly options: { readonly ip: SendOptions };
  claim: Claim | null;
}

/**
 * What is left of a connection in TIME_WAIT: enough to know late segments by and to answer them. It takes the place of the
 * connection, which is over for its program, in a fraction of its memory (Linux: `inet_timewait_sock`).
 */
export class TimeWait implements Chained {
  readonly host: Host;
  readonly number: number;
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
  readonly sndNxt: Sequence;
  readonly rcvNxt: Sequence;
  /** As an acknowledgment offers it. */
  readonly window: number;
  readonly timestamps: boolean;
  readonly timestampOffset: number;
  tsRecent: number;
  tsRecentAt: number;
  readonly ip: SendOptions;
  readonly claim: Claim | null;
  /** When a segment without data was answered last. */
  lastChallengeAt: Nanoseconds;
  /** When it is over; and, while something is recorded, the event that has set that. */
  deadline: Nanoseconds = 0;
  cause: EventId = 0;
  chain: Chained | null = null;
  /** Those that are over before and after it. */
  before: TimeWait | null = null;
  after: TimeWait | null = null;

  /** The claim on the port passes on to it. */
  constructor(finished: Finished) {
    this.host = finished.host;
    this.number = finished.number;
    this.localAddress = finished.localAddress;
    this.localPort = finished.localPort;
    this.remoteAddress = finished.remoteAddress;
    this.remotePort = finished.remotePort;
    this.sndNxt = finished.sndNxt;
    this.rcvNxt = finished.rcvNxt;
    this.window = finished.receiveWindow >> finished.rcvScale;
    this.timestamps = finished.timestamps;
    this.timestampOffset = finished.timestampOffset;
    this.tsRecent = finished.tsRecent;
    this.tsRecentAt = finished.tsRecentAt;
    this.lastChallengeAt = finished.lastChallengeAt;
    this.ip = withoutHeaders(finished.options.ip);
    this.claim = finished.claim;
    finished.claim = null;
  }

  get id(): string {
    return `tcp:${this.number}`;
  }

  entry(): TcpEntry {
    return {
      id: this.id,
      state: 'TIME_WAIT',
      local: { address: this.localAddress, port: this.localPort },
      remote: { address: this.remoteAddress, port: this.remotePort },
      receiveQueue: 0,
      sendQueue: 0,
      timer: { kind: 'timewait', left: Math.max(0, this.deadline - this.host.sim.now) },
    };
  }
}

/** Answers of no connection bear what answers the options of the packet, as a RST does. */
function withoutHeaders(ip: Readonly<SendOptions>): SendOptions {
  const { headerOptions, extensions, ...rest } = ip;
  return headerOptions === undefined && extensions === undefined ? ip : rest;
}
