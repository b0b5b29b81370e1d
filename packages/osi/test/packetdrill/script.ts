/** Microseconds from the beginning of the script, as scripts count. */
export type Microseconds = number;

/** When an event is to happen. `end` of a range, or of a system call that blocks; in the same terms as `at`. */
export interface EventTime {
  readonly kind: 'absolute' | 'relative' | 'any';
  readonly at: Microseconds;
  readonly end: Microseconds | null;
}

export type Expression =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'ellipsis' }
  /** `[a, b]` */
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** `{a, b}` */
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  /** `{name=value, other(argument)=value}` */
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Expression> }
  | { readonly kind: 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly argument: Expression };

export type TcpOption =
  | { readonly kind: 'nop' }
  | { readonly kind: 'eol' }
  | { readonly kind: 'sackOK' }
  | { readonly kind: 'mss'; readonly value: number }
  | { readonly kind: 'wscale'; readonly value: number }
  | { readonly kind: 'TS'; readonly value: number; readonly echo: number }
  | { readonly kind: 'sack'; readonly blocks: readonly (readonly [number, number])[] }
  /** An option whose content is given in bytes: `FO`, `FOEXP`, `md5`, `ECN`, or one that no script can name. */
  | { readonly kind: 'bytes'; readonly name: string; readonly number: number; readonly data: Uint8Array };

/** What the script says about the IP header; null where it says nothing. */
export interface IpInfo {
  readonly tos: number | null;
  /** The two low bits of the type of service; `ect01` is either of both. */
  readonly ecn: number | 'ect01' | null;
  readonly ttl: number | null;
}

interface PacketBase {
  readonly direction: 'in' | 'out';
  readonly ip: IpInfo;
}

export interface TcpSpec extends PacketBase {
  readonly protocol: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** As it is written: `S`, `P.`, `SEW`. */
  readonly flags: string;
  readonly seq: number;
  readonly length: number;
  readonly ack: number;
  readonly window: number | null;
  readonly urgent: number;
  /** null for `<...>`: any. */
  readonly options: readonly TcpOption[] | null;
}

export interface UdpSpec extends PacketBase {
  readonly protocol: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
}

export interface IcmpSpec extends PacketBase {
  readonly protocol: 'icmp';
  readonly type: number;
  readonly code: number;
  readonly mtu: number | null;
  readonly id: number;
  /** The packet that it is about. */
  readonly about: { readonly protocol: 'tcp' | 'udp'; readonly seq: number; readonly length: number };
}

export type PacketSpec = TcpSpec | UdpSpec | IcmpSpec;

export interface SystemCallSpec {
  readonly name: string;
  readonly args: readonly Expression[];
  readonly result: Expression;
  /** Name of the errno, or null. */
  readonly error: string | null;
  /** It may block: `time.end` says until when. */
  readonly blocking: boolean;
}

export type Action =
  | { readonly kind: 'packet'; readonly packet: PacketSpec }
  | { readonly kind: 'system-call'; readonly call: SystemCallSpec }
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string };

export interface ScriptEvent {
  readonly line: number;
  readonly time: EventTime;
  readonly action: Action;
}

export interface Command {
  readonly line: number;
  readonly text: string;
}

export interface Script {
  /** `--name=value` lines. */
  readonly options: readonly { readonly line: number; readonly name: string; readonly value: string }[];
  readonly setUp: Command | null;
  readonly events: readonly ScriptEvent[];
  readonly cleanUp: Command | null;
}
