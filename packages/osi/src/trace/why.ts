import type { EventId, FrameReceived, FrameSent, SourceLocation, SystemCall, TraceEvent } from './events.ts';
import type { TraceRecord } from './record.ts';

/** What a step of a chain of causes is: `change` is anything that is noted and sends nothing, a socket's state for one. */
export type WhyRole = 'frame' | 'timer' | 'system-call' | 'person' | 'process' | 'change' | 'start';

/** One step of a chain of causes. */
export interface WhyStep {
  readonly role: WhyRole;
  /** For a frame its `frame-sent` at the machine that made it. Null for `start` only: nothing recorded came before. */
  readonly event: TraceEvent | null;
  /** Of a frame that came in: its arrival at the node that reacted to it. */
  readonly received?: FrameReceived;
  /** Of a frame: where switches and hubs sent it on, on its way there; in the order of the way. */
  readonly hops: readonly FrameSent[];
  /** Of a frame: the system calls that wrote the bytes it carries. */
  readonly origins: readonly SystemCall[];
}

/** A line of a person's program that a frame leads to. */
export interface SourceLine extends SourceLocation {
  readonly node: string;
  readonly program: string;
  readonly call: SystemCall;
  /** `data`: it wrote bytes that the frame carries. `cause`: it is the nearest call that led to the frame. */
  readonly role: 'data' | 'cause';
}

/** True for a frame that a switch or hub sent on as it was: the same bytes, seen once more. */
export function isRepeated(event: FrameSent): boolean {
  return event.reason.startsWith('switch.') || event.reason.startsWith('hub.');
}

/**
 * Why an event happened: the event itself, then its cause, the cause of that, … to a system call, a person's action, or
 * the start. A frame is one step, however many switches it crossed.
 * @param limit how many steps at most: in a long transfer each segment's chain leads through all before it.
 */
export function whyOf(record: TraceRecord, id: EventId, limit = Number.POSITIVE_INFINITY): WhyStep[] {
  const steps: WhyStep[] = [];
  let event = record.get(id);
  while (event !== undefined && steps.length < limit) {
    const step = stepOf(record, event);
    steps.push(step);
    const last = step.event ?? event;
    if (step.role === 'system-call' || step.role === 'person') return steps;
    event = record.get(last.cause);
    if (event === undefined && steps.length < limit)
      steps.push({ role: 'start', event: null, hops: [], origins: [] });
  }
  return steps;
}

function stepOf(record: TraceRecord, event: TraceEvent): WhyStep {
  if (event.kind === 'frame-sent' || event.kind === 'frame-received') return frameStep(record, event);
  return { role: roleOf(event), event, hops: [], origins: [] };
}

function roleOf(event: TraceEvent): WhyRole {
  switch (event.kind) {
    case 'frame-sent':
    case 'frame-received':
      return 'frame';
    case 'timer':
    case 'system-call':
    case 'process':
      return event.kind;
    case 'terminal':
      return event.fd === 0 ? 'person' : 'change';
    default:
      return 'change';
  }
}

/** Follows a frame back over the switches and hubs that repeated it to the machine that made it. */
function frameStep(record: TraceRecord, event: FrameSent | FrameReceived): WhyStep {
  const hops: FrameSent[] = [];
  const received = event.kind === 'frame-received' ? event : undefined;
  let sent = event.kind === 'frame-sent' ? event : sentOf(record, event);
  while (sent !== undefined && isRepeated(sent)) {
    const before = record.get(sent.cause);
    const earlier = before?.kind === 'frame-received' ? sentOf(record, before) : undefined;
    if (earlier === undefined) break;
    hops.unshift(sent);
    sent = earlier;
  }
  const origins = (sent?.origins ?? [])
    .map((id) => record.get(id))
    .filter((call) => call?.kind === 'system-call');
  return { role: 'frame', event: sent ?? event, received, hops, origins };
}

function sentOf(record: TraceRecord, event: FrameReceived): FrameSent | undefined {
  const sent = record.get(event.sent);
  return sent?.kind === 'frame-sent' ? sent : undefined;
}

/**
 * The lines of programs that a frame leads to: those that wrote its bytes; for a frame without bytes of a program, the
 * one whose system call is nearest up the chain of causes, on whatever machine that was. Empty when no line is known.
 */
export function lineOf(record: TraceRecord, frame: EventId): readonly SourceLine[] {
  return indexOf(record).linesOf(frame);
}

/** The `frame-sent` events (without repetitions by switches and hubs) that lead to a line, in their order. */
export function framesOfLine(
  record: TraceRecord,
  line: { node?: string; file: string; line: number },
): readonly EventId[] {
  return indexOf(record).framesOf(line);
}

/** What `lineOf` and `framesOfLine` have worked out of each record; it grows with the record. */
const indexes = new WeakMap<TraceRecord, LineIndex>();

function indexOf(record: TraceRecord): LineIndex {
  let index = indexes.get(record);
  if (index === undefined) indexes.set(record, (index = new LineIndex(record)));
  return index;
}

class LineIndex {
  readonly #record: TraceRecord;
  /** For each event by number: the nearest system call up its chain, or 0. Causes have smaller numbers, so one pass does. */
  readonly #nearest: EventId[] = [0];
  readonly #frames = new Map<string, { node: string; frame: EventId }[]>();

  constructor(record: TraceRecord) {
    this.#record = record;
  }

  linesOf(frame: EventId): SourceLine[] {
    this.#catchUp();
    return this.#lines(frame);
  }

  #lines(frame: EventId): SourceLine[] {
    const event = this.#record.get(frame);
    if (event?.kind !== 'frame-sent' && event?.kind !== 'frame-received') return [];
    const sent = event.kind === 'frame-sent' ? event : sentOf(this.#record, event);
    const data = (sent?.origins ?? []).flatMap((call) => this.#line(call, 'data'));
    return data.length > 0 ? data : this.#line(this.#nearest[frame] ?? 0, 'cause');
  }

  framesOf(line: { node?: string; file: string; line: number }): EventId[] {
    this.#catchUp();
    const frames = this.#frames.get(`${line.file}:${line.line}`) ?? [];
    return frames
      .filter(({ node }) => line.node === undefined || node === line.node)
      .map(({ frame }) => frame);
  }

  #catchUp(): void {
    const { events } = this.#record;
    for (let id = this.#nearest.length; id <= events.length; id++) {
      const event = events[id - 1] as TraceEvent;
      this.#nearest.push(event.kind === 'system-call' ? id : (this.#nearest[event.cause] ?? 0));
      if (event.kind !== 'frame-sent' || isRepeated(event)) continue;
      for (const line of this.#lines(id)) this.#enter(line, id);
    }
  }

  #enter(line: SourceLine, frame: EventId): void {
    const key = `${line.file}:${line.line}`;
    let frames = this.#frames.get(key);
    if (frames === undefined) this.#frames.set(key, (frames = []));
    const last = frames.at(-1);
    if (last?.frame !== frame || last.node !== line.node) frames.push({ node: line.node, frame });
  }

  #line(call: EventId, role: SourceLine['role']): SourceLine[] {
    const event = this.#record.get(call);
    if (event?.kind !== 'system-call' || event.where === undefined) return [];
    return [{ ...event.where, node: event.node, program: event.program, call: event, role }];
  }
}
