import type { EventId, SystemCall, SystemCallReturned, TerminalData, TraceEvent } from '@netarium/osi/trace';
import { TraceRecord } from '@netarium/osi/trace';
import { type Journey, Journeys } from 'netarium';
import { callsOf } from './attribution.ts';
import { Moment } from './moment.ts';
import { Packets } from './packets.ts';
import { TimeScale } from './scale.ts';
import { SocketStates } from './states.ts';

/** A line of a program on a machine: `client:client.py:9`. */
export const lineKey = (node: string, file: string, line: number): string =>
  `${node}:${baseName(file)}:${line}`;
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export interface CallInfo {
  readonly call: SystemCall;
  returned: SystemCallReturned | null;
}

/** What a line of a program did. */
export interface LineTrace {
  readonly calls: EventId[];
  /** Numbers of the frames it made: those that carry its bytes or were sent by its call. */
  readonly frames: number[];
}

/** The page's copy of the record, with what is looked up in it all the time. Grows with the run. */
export class Model {
  readonly record = new TraceRecord();
  readonly journeys = new Journeys(this.record);
  readonly packets = new Packets(this.record);
  readonly calls = new Map<EventId, CallInfo>();
  readonly lines = new Map<string, LineTrace>();
  /** The calls that made each frame, by frame number - 1. */
  readonly callsOfFrames: (readonly SystemCall[])[] = [];
  /** What happened on each machine's terminal. */
  readonly terminals = new Map<string, TerminalData[]>();
  /** Every instant at which something was to be seen. */
  readonly scale = new TimeScale();
  readonly states = new SocketStates();
  /** The newest state. */
  readonly now = new Moment();
  #looked = new Moment();

  /** Takes in new events; `bytes` holds those of the `frame-sent` events among them, one after the other. */
  append(events: readonly TraceEvent[], bytes: Uint8Array): void {
    let at = 0;
    for (const event of events) {
      const { id: _id, time, node, ...rest } = event;
      if (event.kind === 'frame-sent') {
        this.record.add(time, node, rest, bytes.subarray(at, at + event.length));
        at += event.length;
      } else {
        this.record.add(time, node, rest);
      }
      this.#index(event);
      this.states.add(event);
    }
    this.journeys.update();
    for (const journey of this.journeys.all.slice(this.callsOfFrames.length)) this.#attribute(journey);
    this.now.advance(this.record);
  }

  frame(number: number): Journey | undefined {
    return this.journeys.all[number - 1];
  }

  /** The state at the end of `time`. It is the page's to read, until another time is asked for. */
  at(time: number): Moment {
    const limit = this.eventsUntil(time);
    // Going on from the last one asked for is cheap; going back means reading anew.
    if (this.#looked.read > limit) this.#looked = new Moment();
    this.#looked.advance(this.record, limit);
    return this.#looked;
  }

  /** How many events had happened by `time`. */
  eventsUntil(time: number): number {
    const { events } = this.record;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle] as TraceEvent).time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #index(event: TraceEvent): void {
    switch (event.kind) {
      case 'system-call':
        this.calls.set(event.id, { call: event, returned: null });
        this.scale.add(event.time);
        if (event.where !== undefined)
          this.#line(event.node, event.where.file, event.where.line).calls.push(event.id);
        return;
      case 'system-call-returned': {
        const info = this.calls.get(event.call);
        if (info !== undefined) info.returned = event;
        this.scale.add(event.time);
        return;
      }
      case 'terminal': {
        const written = this.terminals.get(event.node) ?? [];
        this.terminals.set(event.node, written);
        written.push(event);
        return;
      }
      case 'frame-sent':
      case 'frame-received':
      case 'frame-dropped':
        this.scale.add(event.time);
        return;
      default:
    }
  }

  #line(node: string, file: string, line: number): LineTrace {
    const key = lineKey(node, file, line);
    let trace = this.lines.get(key);
    if (trace === undefined) {
      trace = { calls: [], frames: [] };
      this.lines.set(key, trace);
    }
    return trace;
  }

  #attribute(journey: Journey): void {
    this.packets.add(journey.sent);
    const calls = callsOf(this.record, journey.sent);
    this.callsOfFrames.push(calls);
    const seen = new Set<LineTrace>();
    for (const call of calls) {
      if (call.where === undefined) continue;
      const line = this.#line(call.node, call.where.file, call.where.line);
      if (!seen.has(line)) line.frames.push(journey.number);
      seen.add(line);
    }
  }
}
