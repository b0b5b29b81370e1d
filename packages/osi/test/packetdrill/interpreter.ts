import { formatIp, isIpv6 } from '../../src/3-network/index.ts';
import { IPPROTO_TCP, Stack, TCP_INFO } from '../../src/5-session/index.ts';
import { Simulation, seconds } from '../../src/time/index.ts';
import { Caller } from './caller.ts';
import { Program } from './calls.ts';
import { Clock, formatTime, type Planned } from './clock.ts';
import { Code } from './code.ts';
import { type Machine, runCommand } from './commands.ts';
import { difference, formatSpec } from './compare.ts';
import {
  ACK,
  flagBits,
  formatEnds,
  formatPacket,
  type Packet,
  type Sniffed,
  SYN,
  type TcpPacket,
} from './packet.ts';
import { Mismatch, Unsupported } from './problems.ts';
import type { PacketSpec, Script, ScriptEvent, TcpSpec } from './script.ts';
import type { IpVersion, Settings } from './settings.ts';
import { continues, join, type Subject } from './subject.ts';
import { TCP_INFO_NAMES } from './symbols.ts';
import { tcpInfo } from './tcp-info.ts';
import { Tun } from './tun.ts';

export interface RunOptions {
  /** Neither times nor windows, PSH and the order of TCP options count. */
  readonly lenient?: boolean;
  /** The folder of the script, for files that it names; default none. */
  readonly folder?: string | null;
  readonly seed?: number;
  /** Words that stand for other ones, as packetdrill's `-D`. */
  readonly defined?: ReadonlyMap<string, string>;
  /** `--ip_version`, and with `ipv6` the MTU of run_all.py. */
  readonly ipVersion?: IpVersion | null;
}

/** The first port that a script's callers come from. */
const FIRST_CALLER = 53_000;
/** The network of `tun0`. */
const PREFIX = 16;
const PREFIX_V6 = 48;
/** How much longer than it should take packetdrill waits for a packet. */
const PATIENCE = 2_000_000;
/** A script begins when the machine has been up for a while. */
const UPTIME = seconds(1);

/** One run of one script against a new stack. What it notes and sends is added to the lists that it is given. */
export class Interpreter {
  readonly #script: Script;
  readonly #settings: Settings;
  readonly #lenient: boolean;
  readonly #history: string[];
  readonly #machine: Machine;
  readonly #tun: Tun;
  readonly #program: Program;
  readonly #clock: Clock;
  readonly #caller: Caller;
  readonly #code = new Code();
  #nextPort = FIRST_CALLER;
  /** The event before, and when it was planned for. */
  #last: { readonly event: ScriptEvent; readonly planned: Planned } | null = null;

  constructor(script: Script, settings: Settings, options: RunOptions, notes: string[], history: string[]) {
    const sim = new Simulation(options.seed ?? 1);
    const stack = new Stack({ sim, name: 'dut' });
    this.#script = script;
    this.#settings = settings;
    this.#lenient = options.lenient ?? false;
    this.#history = history;
    this.#tun = new Tun(stack, settings.mtu);
    this.#machine = {
      stack,
      tun: this.#tun,
      folder: options.folder ?? null,
      counters: null,
      note: (text) => notes.push(text),
    };
    const six = isIpv6(settings.localAddress);
    stack.addAddress(this.#tun, `${formatIp(settings.localAddress)}/${six ? PREFIX_V6 : PREFIX}`);
    stack.addRoute({ destination: six ? '::/0' : 'default', interface: this.#tun.name });
    sim.run(UPTIME);
    this.#program = new Program(stack, settings);
    this.#clock = new Clock(sim, settings, this.#lenient);
    this.#caller = new Caller(this.#program, this.#clock);
  }

  /** @throws Mismatch, Unsupported */
  run(): void {
    const { setUp, events, cleanUp } = this.#script;
    if (setUp !== null) runCommand(this.#machine, setUp);
    for (const event of events) {
      this.#caller.rethrow();
      const planned = this.#clock.plan(event.time, this.#anchor(event));
      this.#perform(event, planned);
      this.#last = { event, planned };
    }
    this.#caller.finish();
    if (cleanUp !== null) runCommand(this.#machine, cleanUp);
  }

  /** Inbound packets right behind each other count from each other. */
  #anchor(event: ScriptEvent): number | null {
    const last = this.#last;
    return last !== null && isInbound(last.event) && isInbound(event) ? last.planned.at : null;
  }

  #perform(event: ScriptEvent, planned: Planned): void {
    const { action, line } = event;
    if (action.kind === 'packet' && action.packet.direction === 'out') {
      this.#expect(event, action.packet, planned);
      return;
    }
    if (action.kind === 'system-call' && !action.call.blocking) this.#caller.awaitIdle();
    this.#clock.until(planned.at);
    this.#caller.rethrow();
    if (this.#last !== null) {
      const what = action.kind === 'packet' ? 'inbound packet' : action.kind;
      this.#clock.check(event, planned, this.#clock.now, this.#last.planned.at, what);
    }
    switch (action.kind) {
      case 'packet':
        this.#inject(action.packet, line);
        break;
      case 'system-call':
        this.#caller.call(event, action.call, planned);
        break;
      case 'command':
        this.#command(action.text, line);
        break;
      case 'code':
        this.#code.run(action.text, line, this.#facts(line));
        break;
    }
  }

  #command(text: string, line: number): void {
    const sleep = /^\s*sleep\s+([\d.]+)\s*$/.exec(text)?.[1];
    if (sleep === undefined) runCommand(this.#machine, { line, text });
    else this.#clock.until(this.#clock.now + Number(sleep) * 1e6);
  }

  /** What names in code stand for: TCP_INFO of the conversation, and Linux's constants. */
  #facts(line: number): (name: string) => number | undefined {
    const socket = this.#program.subject?.socket ?? null;
    if (socket === null) throw new Mismatch(line, 'code asks about a connection without an open descriptor');
    const bytes = socket.getOption(IPPROTO_TCP, TCP_INFO, 1024);
    if (typeof bytes === 'number') throw new Unsupported(line, 'TCP_INFO of such a socket');
    return (name) => TCP_INFO_NAMES[name] ?? tcpInfo(bytes, name);
  }

  // ---- inbound ----------------------------------------------------------------------------------

  #inject(spec: PacketSpec, line: number): void {
    const subject = this.#subjectOf(spec, line);
    const bytes = subject.toWire(spec, line);
    this.#remember(this.#clock.now, formatSpec(spec));
    this.#tun.inject(bytes, spec.protocol === 'tcp' ? spec.length : 0, this.#settings.receiveOffload);
  }

  /**
   * The conversation that a packet of the script belongs to: the one of its ports, else the latest. A first packet for
   * a listener begins one; so does SYN from a port that none has, which goes beyond packetdrill.
   */
  #subjectOf(spec: PacketSpec, line: number): Subject {
    if (spec.protocol === 'tcp') this.#chooseByPort(spec);
    const { subject } = this.#program;
    const calls = subject === null || subject.stage === 'listening';
    if (spec.protocol === 'tcp' && spec.direction === 'in' && calls) {
      const caller = this.#program.begin('tcp', null);
      caller.call(this.#nextPort++, spec);
      return caller;
    }
    if (subject === null) throw new Mismatch(line, 'no socket that the packet could belong to');
    return subject;
  }

  #chooseByPort(spec: TcpSpec): void {
    const port = spec.direction === 'in' ? spec.sourcePort : spec.destinationPort;
    if (port === 0) return;
    const found = this.#program.subjects.find(({ remote }) => remote.port === port);
    if (found !== undefined) this.#program.subject = found;
    else if (spec.direction === 'in' && (flagBits(spec.flags) & (SYN | ACK)) === SYN)
      this.#program.begin('tcp', null).call(port, spec);
  }

  // ---- outbound ---------------------------------------------------------------------------------

  #expect(event: ScriptEvent, spec: PacketSpec, planned: Planned): void {
    const subject = this.#subjectOf(spec, event.line);
    subject.expecting(spec);
    const before = this.#last?.planned.at ?? null;
    const { sniffed, packet } = this.#collect(event, spec, planned, subject);
    const fitted =
      packet.protocol === 'tcp' && spec.protocol === 'tcp' ? subject.fitTimestamp(packet, spec) : packet;
    const happened = this.#clock.script(sniffed.at);
    const { timestampTick: tick } = this.#settings;
    const tolerance = Math.max(
      this.#settings.toleranceMicroseconds,
      (this.#settings.tolerancePercent / 100) * planned.at,
    );
    const timestamps = tick === 0 ? null : tolerance / tick;
    const wrong = difference(spec, fitted, { lenient: this.#lenient, timestamps });
    const actual = `${formatTime(happened)} ${formatPacket(fitted, '>')}`;
    if (wrong !== null) {
      throw new Mismatch(event.line, wrong, `${formatTime(planned.at)} ${formatSpec(spec)}`, actual);
    }
    this.#clock.check(event, planned, happened, before, `outbound packet ${formatPacket(fitted, '>')}`);
    this.#remember(happened, formatPacket(fitted, '>'));
  }

  /** The next packet of the conversation: several segments in a row where the script has a larger one, with the last one's time. */
  #collect(
    event: ScriptEvent,
    spec: PacketSpec,
    planned: Planned,
    subject: Subject,
  ): { sniffed: Sniffed; packet: Packet } {
    let sniffed = this.#sniff(event, spec, planned, subject);
    const packet = subject.toScript(sniffed.packet, spec);
    if (spec.protocol !== 'tcp' || packet.protocol !== 'tcp' || this.#settings.strictSegments)
      return { sniffed, packet };
    const parts: TcpPacket[] = [packet];
    let length = packet.payload.length;
    while (length < spec.length) {
      const last = parts.at(-1) as TcpPacket;
      sniffed = this.#sniff(event, spec, planned, subject);
      const next = subject.toScript(sniffed.packet, spec);
      if (next.protocol !== 'tcp' || !continues(last, next)) {
        const sent = [...parts, next].map((part) => formatPacket(part, '>')).join(', then ');
        const expected = `${formatTime(planned.at)} ${formatSpec(spec)}`;
        throw new Mismatch(event.line, 'the segments are not parts of one', expected, sent);
      }
      parts.push(next);
      length += next.payload.length;
    }
    return { sniffed, packet: parts.length === 1 ? packet : join(parts) };
  }

  #sniff(event: ScriptEvent, spec: PacketSpec, planned: Planned, subject: Subject): Sniffed {
    const { sent } = this.#tun;
    const { subjects } = this.#program;
    const found = (): Sniffed | null => {
      while (sent.length > 0) {
        const next = sent.shift() as Sniffed;
        // An earlier conversation goes on, and may say the same again.
        const earlier = !subject.names(next.packet) && subjects.some((other) => other.names(next.packet));
        if (!earlier && subject.owns(next.packet)) return next;
        this.#remember(
          this.#clock.script(next.at),
          `${formatPacket(next.packet, '>')}  (${formatEnds(next.packet)}: not of this connection)`,
        );
      }
      return null;
    };
    let packet: Sniffed | null = null;
    const done = () => this.#caller.failed || (packet = found()) !== null;
    if (event.time.kind === 'any') {
      this.#clock.untilDone(done);
    } else {
      const since = this.#last?.planned.at ?? 0;
      this.#clock.until(this.#clock.now + Math.max(0, planned.end - since) + PATIENCE, done);
    }
    this.#caller.rethrow();
    if (packet === null) {
      const expected = `${formatTime(planned.at)} ${formatSpec(spec)}`;
      throw new Mismatch(
        event.line,
        'no packet was sent',
        expected,
        `nothing until ${formatTime(this.#clock.now)}`,
      );
    }
    return packet;
  }

  #remember(at: number, text: string): void {
    this.#history.push(`${formatTime(at)} ${text}`);
  }
}

const isInbound = ({ action }: ScriptEvent): boolean =>
  action.kind === 'packet' && action.packet.direction === 'in';
