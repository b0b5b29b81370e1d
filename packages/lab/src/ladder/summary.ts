import {
  Conversations,
  dissect,
  type Field,
  type FieldTree,
  type FrameView,
  findField,
  numberOf,
  type SegmentView,
  summarize,
} from '@netarium/osi/dissect';
import type { Nanoseconds } from '@netarium/osi/time';

/** What a TCP segment says, with sequence numbers counted from the connection's own beginning. */
export interface TcpSummary {
  /** `SYN, ACK`: in the order of Wireshark's info column. */
  readonly flags: string;
  /** Relative to the initial sequence number of its direction. */
  readonly seq: number;
  /** Null when the ACK flag is not set. */
  readonly ack: number | null;
  /** In bytes, scaled when the handshake was seen. */
  readonly window: number;
  /** What is remarkable, as Wireshark's analysis has it: `retransmission`, `duplicate-ack`, … */
  readonly hints: readonly string[];
}

/** What the bytes of a frame say, in a line. */
export interface FrameSummary {
  /** The innermost protocol known: `TCP`, `UDP`, `ICMP`, `ARP`, `IPv4`, `Ethernet`. */
  readonly protocol: string;
  /** Addresses with ports where there are any: `10.0.0.2:49152`. */
  readonly source: string;
  readonly destination: string;
  readonly tcp: TcpSummary | null;
  /** What it says, in Wireshark's words: `Who has 10.0.0.1? Tell 10.0.0.2`. */
  readonly info: string;
  /** How many bytes of application data it carries. */
  readonly length: number;
}

/** A frame read, with what the frames before it tell. */
export interface ReadFrame {
  readonly tree: FieldTree;
  readonly view: FrameView;
  readonly summary: FrameSummary;
}

/** Reads frames in their order: what a TCP segment's numbers mean depends on those before it. */
export class FrameReader {
  readonly #conversations = new Conversations();

  /** @param bytes from the destination MAC on, without FCS. */
  read(time: Nanoseconds, bytes: Uint8Array): ReadFrame {
    const view = this.#conversations.add(time, bytes);
    const tree = dissect(bytes, view.context);
    return { tree, view, summary: summaryOf(tree, view) };
  }
}

function summaryOf(tree: FieldTree, view: FrameView): FrameSummary {
  const { source, destination, protocol, info } = summarize(tree, view);
  const transport = tree.protocols.find(({ name }) => name === 'tcp' || name === 'udp');
  const port = (which: string) =>
    transport === undefined ? '' : `:${numberOf(transport, `${transport.name}.${which}`)}`;
  return {
    protocol,
    source: source + port('srcport'),
    destination: destination + port('dstport'),
    tcp: view.tcp === null ? null : tcpSummary(view.tcp, transport),
    info,
    length: applicationData(tree).length,
  };
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
const ACK = 16;

function tcpSummary({ segment, seq, ack, hints }: SegmentView, tcp: Field | undefined): TcpSummary {
  const scaled = tcp === undefined ? undefined : findField([tcp], 'tcp.window_size')?.value;
  return {
    flags: FLAGS.filter((_, bit) => segment.flags & (1 << bit)).join(', '),
    seq,
    ack: segment.flags & ACK ? ack : null,
    window: typeof scaled === 'number' ? scaled : segment.window,
    hints,
  };
}

/** What a segment or datagram carries for the program. */
export function applicationData(tree: FieldTree): Uint8Array {
  const payload = tree.protocols.find((protocol) => protocol.name === 'data' && protocol.layer === 7);
  const value = payload?.children.find(({ name }) => name === 'data.data')?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}
