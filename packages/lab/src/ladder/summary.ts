import { dissect, type Field, type FieldTree } from '@netarium/osi/dissect';

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

/** What the bytes of a frame say, in a line. */
export interface FrameSummary {
  /** The innermost protocol known: `TCP`, `UDP`, `ICMP`, `ARP`, `IPv4`, `Ethernet`. */
  readonly protocol: string;
  /** Addresses with ports where there are any: `10.0.0.2:49152`. */
  readonly source: string;
  readonly destination: string;
  readonly tcp: TcpSummary | null;
  /** For everything but TCP, what it says: `who has 10.0.0.1? tell 10.0.0.2`. */
  readonly info: string;
  /** How many bytes of application data it carries. */
  readonly length: number;
}

/** Reads frames in their order: what a TCP segment's numbers mean depends on those before it. */
export class Summaries {
  /** The initial sequence number of each direction: `10.0.0.2:49152>10.0.0.1:9000`. */
  readonly #initial = new Map<string, number>();

  /** @param bytes from the destination MAC on, without FCS. */
  read(bytes: Uint8Array): FrameSummary {
    return this.#summary(dissect(bytes));
  }

  #summary(tree: FieldTree): FrameSummary {
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
