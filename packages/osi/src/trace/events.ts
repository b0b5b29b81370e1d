import type { Nanoseconds } from '../time/index.ts';

/**
 * The number of an event in the record: 1, 2, 3 … in the order in which things happened; 0 is "none".
 * An event's cause is always an event with a smaller number, so causes form chains that end at a
 * system call, at a person's action or at the start of the lab.
 */
export type EventId = number;

/** A place in a program's source. `line` counts from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly function?: string;
}

interface Happening {
  readonly id: EventId;
  readonly time: Nanoseconds;
  /** The machine, switch, hub or router it happened on. */
  readonly node: string;
  /** What made it happen; 0 when nothing recorded did. */
  readonly cause: EventId;
}

/** A port began to put a frame on its cable. Its bytes are asked of the record: `record.bytes(event)`. */
export interface FrameSent extends Happening {
  readonly kind: 'frame-sent';
  readonly port: string;
  /** Length in bytes, from destination MAC to the end of the payload, without FCS. */
  readonly length: number;
  /** Why the sender made it, one name per place in the stack that sends: `tcp.delayed-ack`, `arp.request`. */
  readonly reason: string;
  /** The system calls that wrote the application bytes it carries, in their order; mostly none or one. */
  readonly origins: readonly EventId[];
  /** On a cable with segmentation and checksum offload: how many segments it stands for. Nobody computed their checksums. */
  readonly offload?: { readonly segments: number };
}

/** A port took a frame whole and undamaged from its cable. */
export interface FrameReceived extends Happening {
  readonly kind: 'frame-received';
  readonly port: string;
  /** The `frame-sent` event of the far end. */
  readonly sent: EventId;
  readonly length: number;
}

/** A frame, or what was in it, went no further. */
export interface FrameDropped extends Happening {
  readonly kind: 'frame-dropped';
  /** The port it was on, or `''`. */
  readonly port: string;
  /** The `frame-sent` event of the frame; 0 when it was dropped before it got onto a cable. */
  readonly sent: EventId;
  /** Who dropped it and by which rule: `cable.loss`, `cable.queue-full`, `port.fcs`, `ip.no-route`, `tcp.checksum`. */
  readonly reason: string;
}

/** While a port sent on a shared line it heard somebody else: it stops, jams and tries again later. Its cause is the sending. */
export interface Collision extends Happening {
  readonly kind: 'collision';
  readonly port: string;
  /** The `frame-sent` event of the frame that was being sent. */
  readonly sent: EventId;
  /** How often this frame has collided now: 1, 2 … 16. */
  readonly attempt: number;
  /** For how many slot times (512 bits) the port waits before it tries again; null when it gives up. */
  readonly slots: number | null;
}

/** A program called the kernel. */
export interface SystemCall extends Happening {
  readonly kind: 'system-call';
  readonly pid: number;
  readonly tid: number;
  /** The program as the person named it: `server.py`, `ping`. */
  readonly program: string;
  readonly name: string;
  /** The arguments as `strace` writes them: `3, "\354\225\210"…, 6, 0`. */
  readonly args: string;
  /** The line of the person's program that made it, where there is one. */
  readonly where?: SourceLocation;
}

/** A system call returned to its program. Its cause is what let it return: the call itself, a frame, a timer. */
export interface SystemCallReturned extends Happening {
  readonly kind: 'system-call-returned';
  readonly call: EventId;
  /** ≥ 0 as the call defines it, or a negated Linux errno. */
  readonly result: number;
  /** The result as `strace` writes it: `5`, `-1 ECONNREFUSED (Connection refused)`. */
  readonly text: string;
}

/** A timer expired. Its cause is the event that started it. */
export interface TimerExpired extends Happening {
  readonly kind: 'timer';
  /** `tcp.retransmission`, `tcp.delayed-ack`, `tcp.time-wait`, `arp.request` … */
  readonly name: string;
  /** What it belongs to: a socket (`tcp:3`), an ARP entry (`10.0.0.2`). */
  readonly subject: string;
}

/** A socket changed its state: TCP's states by their RFC 9293 names; UDP has `OPEN`, `CONNECTED`, `CLOSED`. */
export interface SocketState extends Happening {
  readonly kind: 'socket-state';
  /** Unique in its machine: `tcp:3`. */
  readonly socket: string;
  readonly local: string;
  readonly remote: string;
  readonly from: string;
  readonly to: string;
}

/** The variables of one TCP connection after a change. */
export interface TcpVariables extends Happening, TcpNumbers {
  readonly kind: 'tcp-variables';
  readonly socket: string;
}

/** In bytes, except where said. */
export interface TcpNumbers {
  readonly cwnd: number;
  /** `Infinity` until the first loss. */
  readonly ssthresh: number;
  /** Smoothed round-trip time; 0 before the first sample. */
  readonly srtt: Nanoseconds;
  readonly rto: Nanoseconds;
  readonly flight: number;
  readonly sendWindow: number;
  readonly receiveWindow: number;
}

/** A table of a machine or switch changed. */
export interface TableChanged extends Happening {
  readonly kind: 'table';
  readonly table: 'arp' | 'neighbour' | 'route' | 'mac' | 'address' | 'link' | 'stp';
  readonly change: 'add' | 'update' | 'remove';
  /** `10.0.0.2`, `02:00:…`, `10.0.0.0/24`. */
  readonly key: string;
  /** `02:00:… REACHABLE`, `port 2`. Empty when removed. */
  readonly value: string;
}

/** A process started (`argv`) or ended (`status`: exit code, or 128 + signal). */
export interface ProcessChanged extends Happening {
  readonly kind: 'process';
  readonly pid: number;
  readonly change: 'start' | 'exit';
  readonly argv: readonly string[];
  readonly status?: number;
}

/** A process wrote to its terminal: `fd` 1 or 2; or a person typed, or pressed Ctrl-C: `fd` 0. */
export interface TerminalData extends Happening {
  readonly kind: 'terminal';
  readonly pid: number;
  readonly fd: number;
  readonly text: string;
  /** What the screen shows for it, where that is not `text` with `\n` as `\r\n`: how keys are echoed, or what a program sends as it is. */
  readonly shown?: string;
}

export type TraceEvent =
  | FrameSent
  | FrameReceived
  | FrameDropped
  | Collision
  | SystemCall
  | SystemCallReturned
  | TimerExpired
  | SocketState
  | TcpVariables
  | TableChanged
  | ProcessChanged
  | TerminalData;

export type TraceEventKind = TraceEvent['kind'];

/** An event as its author hands it in: the record adds number, time and place. */
export type NewEvent = WithoutPlace<TraceEvent>;
type WithoutPlace<E> = E extends TraceEvent ? Omit<E, 'id' | 'time' | 'node'> : never;
