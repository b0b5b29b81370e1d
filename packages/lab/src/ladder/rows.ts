import { dissect, type Field, type FieldTree } from '@netarium/osi/dissect';
import type { Nanoseconds } from '@netarium/osi/time';
import type { EventId, TraceRecord } from '@netarium/osi/trace';
import { arrivalTime, type Journey, Journeys } from './journeys.ts';

/** What a TCP segment says, with sequence numbers counted from the connection's own beginning. */
export interface TcpSummary {
  /** `SYN, ACK`: in the order of Wireshark's info column. */
  readonly flags: string;
  /** Relative to the initial sequence number of its direction; absolute if the SYN was not seen. */
  readonly seq: number;
  /** Null when the ACK flag is not set. */
  readonly ack: number | null;
  readonly window: number;
}

/** One frame as a rung of the ladder. */
export interface LadderRow {
  /** 1, 2, 3 …: what `--layers N` and the page call the frame. */
  readonly number: number;
  /** Its `frame-sent` event. */
  readonly event: EventId;
  readonly time: Nanoseconds;
  readonly from: string;
  /** The machines that took it in; empty while it is on its way and when it got lost. */
  readonly to: readonly string[];
  readonly arrival: Nanoseconds | null;
  /** Where it, or what was in it, was dropped; null when it was not. */
  readonly dropped: { readonly node: string; readonly reason: string } | null;
  /** The innermost protocol known: `TCP`, `UDP`, `ICMP`, `ARP`, `IPv4`, `Ethernet`. */
  readonly protocol: string;
  /** Addresses with ports where there are any: `10.0.0.2:49152`. */
  readonly source: string;
  readonly destination: string;
  readonly tcp: TcpSummary | null;
  /** For everything but TCP, what it says in a line: `who has 10.0.0.1? tell 10.0.0.2`. */
  readonly info: string;
  /** How many bytes of application data it carries. */
  readonly length: number;
  /** The whole frame in bytes, without FCS. */
  readonly size: number;
  readonly reason: string;
}

/** The ladder of a record: its frames in order, each as a row. Grows with the record: `update` reads what is new. */
export class Ladder {
  readonly journeys: Journeys;
  readonly #record: TraceRecord;
  /** The initial sequence number of each direction: `10.0.0.2:49152>10.0.0.1:9000`. */
  readonly #initial = new Map<string, number>();
  /** What the bytes of each frame say: they do not change, so they are read once. */
  readonly #said: Said[] = [];

  constructor(record: TraceRecord) {
    this.#record = record;
    this.journeys = new Journeys(record);
  }

  get rows(): LadderRow[] {
    this.journeys.update();
    const { all } = this.journeys;
    for (let i = this.#said.length; i < all.length; i++) {
      this.#said.push(this.#read(dissect(this.#record.bytes((all[i] as Journey).sent))));
    }
    return all.map((journey, i) => ({ ...this.#place(journey), ...(this.#said[i] as Said) }));
  }

  #place(journey: Journey) {
    const { sent } = journey;
    const drop = journey.drops[0];
    return {
      number: journey.number,
      event: sent.id,
      time: sent.time,
      from: sent.node,
      to: [...new Set(journey.arrivals.map(({ node }) => node))],
      arrival: arrivalTime(journey),
      dropped: drop === undefined ? null : { node: drop.node, reason: drop.reason },
      size: sent.length,
      reason: sent.reason,
    };
  }

  #read(tree: FieldTree): Said {
    const ip = protocol(tree, 'ip');
    const transport = protocol(tree, 'tcp') ?? protocol(tree, 'udp');
    const addresses = ip ?? protocol(tree, 'eth');
    const prefix = ip === undefined ? 'eth' : 'ip';
    const port = (name: string) =>
      transport === undefined ? '' : `:${number(transport, `${transport.name}.${name}`)}`;
    const source = `${text(addresses, `${prefix}.src`)}${port('srcport')}`;
    const destination = `${text(addresses, `${prefix}.dst`)}${port('dstport')}`;
    const ends = { source, destination };
    if (transport?.name === 'tcp') {
      const length = number(transport, 'tcp.len');
      return { ...ends, protocol: 'TCP', tcp: this.#tcp(transport, source, destination), info: '', length };
    }
    if (transport?.name === 'udp') {
      const length = Math.max(0, number(transport, 'udp.length') - 8);
      return { ...ends, protocol: 'UDP', tcp: null, info: `${source} → ${destination}`, length };
    }
    const arp = protocol(tree, 'arp');
    if (arp !== undefined) return { ...ends, protocol: 'ARP', tcp: null, info: arpInfo(arp), length: 0 };
    const icmp = protocol(tree, 'icmp');
    if (icmp !== undefined) {
      const rest = number(icmp, 'icmp.seq') > 0 ? ` seq ${number(icmp, 'icmp.seq')}` : '';
      const info = `${find(icmp, 'icmp.type')?.text.replace(/^\d+ \((.*)\)$/, '$1') ?? icmp.label}${rest}`;
      return { ...ends, protocol: 'ICMP', tcp: null, info, length: 0 };
    }
    const last = tree.protocols.at(-1);
    return {
      ...ends,
      protocol: ip === undefined ? 'Ethernet' : 'IPv4',
      tcp: null,
      info: last?.text ?? '',
      length: 0,
    };
  }

  #tcp(tcp: Field, source: string, destination: string): TcpSummary {
    const set = (name: string) => number(tcp, `tcp.flags.${name}`) === 1;
    const seq = number(tcp, 'tcp.seq_raw');
    const ack = number(tcp, 'tcp.ack_raw');
    const mine = `${source}>${destination}`;
    if (set('syn')) this.#initial.set(mine, seq);
    const since = (n: number, direction: string) => (n - (this.#initial.get(direction) ?? 0)) >>> 0;
    return {
      flags: FLAGS.filter((flag) => set(flag))
        .map((flag) => (flag === 'reset' ? 'RST' : flag.toUpperCase()))
        .map((flag) => (flag === 'PUSH' ? 'PSH' : flag))
        .join(', '),
      seq: since(seq, mine),
      ack: set('ack') ? since(ack, `${destination}>${source}`) : null,
      window: number(tcp, 'tcp.window_size_value'),
    };
  }
}

type Said = Pick<LadderRow, 'protocol' | 'source' | 'destination' | 'tcp' | 'info' | 'length'>;

/** Wireshark's order in its info column. */
const FLAGS = ['fin', 'syn', 'reset', 'push', 'ack', 'urg'];

function arpInfo(arp: Field): string {
  const sender = text(arp, 'arp.src.proto_ipv4');
  const target = text(arp, 'arp.dst.proto_ipv4');
  if (number(arp, 'arp.opcode') === 2) return `${sender} is at ${text(arp, 'arp.src.hw_mac')}`;
  return sender === target ? `announces ${sender}` : `who has ${target}? tell ${sender}`;
}

function protocol(tree: FieldTree, name: string): Field | undefined {
  return tree.protocols.find((field) => field.name === name);
}

/** The first field of this name below `field`. */
function find(field: Field | undefined, name: string): Field | undefined {
  for (const child of field?.children ?? []) {
    const found = child.name === name ? child : find(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function number(field: Field | undefined, name: string): number {
  const value = find(field, name)?.value;
  return typeof value === 'number' ? value : 0;
}

function text(field: Field | undefined, name: string): string {
  const value = find(field, name)?.value;
  return value === undefined ? '' : String(value);
}
