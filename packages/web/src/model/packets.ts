import {
  Conversations,
  dissect,
  type FieldTree,
  type FrameView,
  numberOf,
  type Summary,
  summarize,
} from '@netarium/osi/dissect';
import type { EventId, FrameSent, TraceRecord } from '@netarium/osi/trace';

/** What a frame is about: each has a colour of its own. */
export type Tone = 'arp' | 'icmp' | 'udp' | 'tcp' | 'open' | 'data' | 'close' | 'reset' | 'other';

/** What a frame says, as a packet list and a ladder write it. */
export interface Packet extends Summary {
  readonly tone: Tone;
  /** Null for what is no TCP segment. Numbers are relative to the connection's beginning. */
  readonly tcp: {
    readonly flags: string;
    readonly seq: number;
    readonly ack: number | null;
    readonly length: number;
  } | null;
}

/** The frames of a record as they were made, read in their order; what was read is kept, since bytes do not change. */
export class Packets {
  readonly #record: TraceRecord;
  readonly #conversations = new Conversations();
  readonly #views = new Map<EventId, FrameView>();
  readonly #trees = new Map<EventId, FieldTree>();
  readonly #packets = new Map<EventId, Packet>();

  constructor(record: TraceRecord) {
    this.#record = record;
  }

  /** Takes the next frame: later ones are understood by it. */
  add(sent: FrameSent): void {
    this.#views.set(sent.id, this.#conversations.add(sent.time, this.#record.bytes(sent)));
  }

  tree(sent: FrameSent): FieldTree {
    let tree = this.#trees.get(sent.id);
    if (tree === undefined) {
      tree = dissect(this.#record.bytes(sent), this.#views.get(sent.id)?.context);
      this.#trees.set(sent.id, tree);
    }
    return tree;
  }

  packet(sent: FrameSent): Packet {
    let packet = this.#packets.get(sent.id);
    if (packet === undefined) {
      packet = describe(this.tree(sent), this.#views.get(sent.id));
      this.#packets.set(sent.id, packet);
    }
    return packet;
  }
}

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

function describe(tree: FieldTree, view: FrameView | undefined): Packet {
  const summary = summarize(tree, view);
  const segment = tree.protocols.find(({ name }) => name === 'tcp');
  if (segment === undefined) return { ...summary, tone: TONES[summary.protocol] ?? 'other', tcp: null };
  const bits = numberOf(segment, 'tcp.flags');
  const length = numberOf(segment, 'tcp.len');
  const flags = /\[([A-Z, ]+)\]/.exec(summary.info.replace(/\[TCP [^\]]*\]/g, ''))?.[1] ?? '';
  const ack = bits & ACK ? numberOf(segment, 'tcp.ack') : null;
  return {
    ...summary,
    tone: toneOf(bits, length),
    tcp: { flags, seq: numberOf(segment, 'tcp.seq'), ack, length },
  };
}

const TONES: Readonly<Record<string, Tone>> = { ARP: 'arp', ICMP: 'icmp', UDP: 'udp' };

function toneOf(flags: number, length: number): Tone {
  if (flags & RST) return 'reset';
  if (flags & SYN) return 'open';
  if (flags & FIN) return 'close';
  return length > 0 ? 'data' : 'tcp';
}
