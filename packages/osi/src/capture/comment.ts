import { type EventId, type SystemCall, type TraceRecord, type WhyStep, whyOf } from '../trace/index.ts';

/** Enough to reach the program in most cases; long transfers would give each segment all that came before it. */
const STEPS = 5;

/**
 * One English sentence or two on why a frame was sent.
 * @param numbers the frames' numbers in the capture, by event; a frame that is not in it is named by its port.
 */
export function commentOf(
  record: TraceRecord,
  frame: EventId,
  numbers: ReadonlyMap<EventId, number>,
): string {
  const [self, ...causes] = whyOf(record, frame, STEPS);
  if (self?.event?.kind !== 'frame-sent') return '';
  const { node, port, reason } = self.event;
  const chain = causes.map((step) => because(step, numbers)).filter((text) => text !== '');
  const why = [`Sent by ${node}:${port} as ${reason || 'unnamed'}`, ...chain].join(', because ');
  const bytes = [...new Set(self.origins.map(callText))];
  return `${why}.${bytes.length > 0 ? ` Carries bytes written by ${bytes.join('; ')}.` : ''}`;
}

function because(step: WhyStep, numbers: ReadonlyMap<EventId, number>): string {
  const { event } = step;
  switch (event?.kind) {
    case 'frame-sent': {
      const number = numbers.get(event.id);
      return number === undefined ? `a frame came from ${event.node}:${event.port}` : `frame ${number} came`;
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

function callText(call: SystemCall): string {
  const where = call.where === undefined ? call.program : `${call.where.file}:${call.where.line}`;
  return `${where} ${call.name}()`;
}
