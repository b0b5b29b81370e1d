import { type EventId, type FrameSent, isRepeated, type TraceRecord } from '../trace/index.ts';
import { commentOf } from './comment.ts';
import { encodePcapng, type PcapngFrame } from './pcapng.ts';

export interface CaptureOptions {
  /**
   * Ports to listen at, `server:eth0`: all that each sends and receives, in this order of interfaces, as `tcpdump` there
   * would see it. Without them, each frame once, at the port of the machine that put it on a cable.
   */
  readonly ports?: readonly string[];
  /** Which nodes are machines. By default, frames that switches and hubs sent on are known by their reason. */
  readonly machines?: ReadonlySet<string>;
}

/** A frame of a capture, and the event that put it there. */
export interface CapturedFrame extends PcapngFrame {
  /** Its `frame-sent` event. */
  readonly sent: EventId;
  /** The event at the port: the same one, or its `frame-received`. */
  readonly event: EventId;
  /** `client:eth0`. */
  readonly port: string;
}

/**
 * The record's frames as a pcapng file: nanosecond times, one interface per port, direction, and as packet comment why
 * each frame was sent. A function of the record alone: no dates, no names of this computer.
 */
export function writePcapng(record: TraceRecord, options: CaptureOptions = {}): Uint8Array<ArrayBuffer> {
  const { interfaces, frames } = capturedFrames(record, options);
  return encodePcapng(interfaces, frames);
}

/** The frames that `writePcapng` writes, in their order: the first is Wireshark's number 1. */
export function capturedFrames(
  record: TraceRecord,
  options: CaptureOptions = {},
): { interfaces: readonly string[]; frames: readonly CapturedFrame[] } {
  const interfaces: string[] = [...(options.ports ?? [])];
  const listening = options.ports === undefined ? null : new Set(interfaces);
  const numbers = new Map<EventId, number>();
  const frames: CapturedFrame[] = [];
  for (const event of record.events) {
    const outgoing = event.kind === 'frame-sent';
    if (!outgoing && event.kind !== 'frame-received') continue;
    const port = `${event.node}:${event.port}`;
    if (listening !== null ? !listening.has(port) : !outgoing || !isOwn(event, options.machines)) continue;
    const sent = outgoing ? event.id : event.sent;
    if (listening === null && !interfaces.includes(port)) interfaces.push(port);
    frames.push({
      time: event.time,
      interface: interfaces.indexOf(port),
      direction: outgoing ? 'out' : 'in',
      bytes: record.bytes(sent),
      comment: commentOf(record, event.id, numbers),
      sent,
      event: event.id,
      port,
    });
    numbers.set(event.id, frames.length);
    if (!numbers.has(sent)) numbers.set(sent, frames.length);
  }
  return { interfaces, frames };
}

function isOwn(event: FrameSent, machines: ReadonlySet<string> | undefined): boolean {
  return machines === undefined ? !isRepeated(event) : machines.has(event.node);
}
