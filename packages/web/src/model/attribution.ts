import type { EventId, FrameSent, SystemCall, TraceEvent, TraceRecord } from '@netarium/osi/trace';

/**
 * The calls that made a frame themselves: those that wrote its bytes; or, for a frame without, the one in which its
 * machine sent it. Empty for what the stack sent of its own: an answer, a timer's work for nobody.
 */
export function callsOf(record: TraceRecord, sent: FrameSent): readonly SystemCall[] {
  const calls = sent.origins.flatMap((id: EventId) => {
    const event = record.get(id);
    return event?.kind === 'system-call' ? [event] : [];
  });
  if (calls.length > 0) return calls;
  for (
    let event: TraceEvent | undefined = record.get(sent.cause);
    event !== undefined;
    event = record.get(event.cause)
  ) {
    if (event.kind === 'system-call') return [event];
    if (event.kind === 'frame-received') break;
  }
  return [];
}
