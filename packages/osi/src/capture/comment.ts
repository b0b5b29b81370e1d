import { type EventId, type SystemCall, type TraceRecord, type WhyStep, whyOf } from '../trace/index.ts';

/** Timers that start timers are a few; frames end the chain, since each has a comment of its own. */
const STEPS = 8;

/**
 * One English sentence or two on why a frame was sent, back to the frame that brought it about or to the program.
 * @param numbers the frames' numbers in the capture, by event; a frame that is not in it is named by its port.
 */
export function commentOf(
  record: TraceRecord,
  frame: EventId,
  numbers: ReadonlyMap<EventId, number>,
): string {
  const [self, ...causes] = whyOf(record, frame, STEPS);
  if (self?.event?.kind !== 'frame-sent') return '';
  const { node, port, reason, offload } = self.event;
  const parts = [`Sent by ${node}:${port} as ${reason || 'unnamed'}`];
  for (const step of causes) {
    const text = because(step, numbers);
    if (text !== '') parts.push(text);
    if (step.event !== null && numbers.has(step.event.id)) break;
  }
  const origins = self.origins.length > 0 ? ` Carries bytes of ${callsText(self.origins)}.` : '';
  return `${parts.join(', because ')}.${origins}${offload === undefined ? '' : offloadText(offload.segments)}`;
}

/** What the cable's offload has left out of it. */
const offloadText = (segments: number): string =>
  segments > 1
    ? ` Stands for ${segments} segments (segmentation offload); nobody computed their TCP checksums.`
    : ' Nobody computed its TCP checksum (checksum offload).';

function because(step: WhyStep, numbers: ReadonlyMap<EventId, number>): string {
  const { event } = step;
  switch (event?.kind) {
    case 'frame-sent': {
      const number = numbers.get(event.id);
      const came =
        number === undefined ? `a frame came from ${event.node}:${event.port}` : `frame ${number} came`;
      return step.origins.length > 0 ? `${came} with bytes of ${callsText(step.origins)}` : came;
    }
    case 'timer':
      return `timer ${event.name}${event.subject && ` of ${event.subject}`} expired`;
    case 'system-call':
      return `${event.node} ran ${callText(event)}`;
    case 'terminal':
      return event.fd === 0 ? `a person typed at ${event.node}` : '';
    case 'process':
      return `process ${event.argv.join(' ')} had its ${event.change}`;
    default:
      return '';
  }
}

/** Each call once: a long `sendall()` on one line may be several. */
const callsText = (calls: readonly SystemCall[]): string => [...new Set(calls.map(callText))].join(' and ');

function callText(call: SystemCall): string {
  const where = call.where === undefined ? call.program : `${call.where.file}:${call.where.line}`;
  return `${where} ${call.name}()`;
}
