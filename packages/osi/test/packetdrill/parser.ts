import { parseExpression } from './expression-parser.ts';
import { ICMPV6 } from './icmp-names.ts';
import { parsePacket } from './packet-parser.ts';
import { SyntaxProblem } from './problems.ts';
import type {
  Action,
  Command,
  EventTime,
  Microseconds,
  Script,
  ScriptEvent,
  SystemCallSpec,
} from './script.ts';
import type { IpVersion } from './settings.ts';
import { Tokens } from './tokens.ts';

/**
 * Reads a packetdrill script: options, a command that sets up, events, a command that cleans up.
 * @param defined words that stand for other ones. @param ipVersion of the command line, which goes before the script's. @throws SyntaxProblem, and Unsupported for parts of the language that are not here.
 */
export function parseScript(
  source: string,
  defined: ReadonlyMap<string, string> = new Map(),
  ipVersion: IpVersion | null = null,
): Script {
  const definitions = new Map(defined);
  const lines = [...parseOptions(new Tokens(source))];
  for (const { name, value } of lines) if (name === 'define') define(definitions, value);
  const tokens = new Tokens(source, definitions);
  const options = [...parseOptions(tokens)].filter(({ name }) => name !== 'define');
  const version = ipVersion ?? options.find(({ name }) => name === 'ip_version')?.value;
  if (version === 'ipv6') tokens.icmp = ICMPV6;
  const setUp = parseCommand(tokens);
  const events: ScriptEvent[] = [];
  let cleanUp: Command | null = null;
  while (tokens.next.kind !== 'end') {
    cleanUp = parseCommand(tokens);
    if (cleanUp !== null) break;
    events.push(parseEvent(tokens));
  }
  if (tokens.next.kind !== 'end') tokens.fail('nothing behind the last command');
  if (events.length === 0) tokens.fail('an event');
  return { options, setUp, events, cleanUp };
}

/** `NAME=value` */
export function define(definitions: Map<string, string>, text: string): void {
  const at = text.indexOf('=');
  if (at > 0) definitions.set(text.slice(0, at), text.slice(at + 1));
}

function* parseOptions(tokens: Tokens): Generator<Script['options'][number]> {
  while (tokens.next.kind === 'option') {
    const { text: name, line } = tokens.take();
    let value = '';
    if (tokens.accept('=')) {
      value = tokens.take().text;
      if (tokens.accept('=')) value += `=${tokens.take().text}`;
    }
    yield { line, name, value };
  }
}

function parseCommand(tokens: Tokens): Command | null {
  if (tokens.next.kind !== 'command') return null;
  const { line, text } = tokens.take();
  return { line, text };
}

function parseEvent(tokens: Tokens): ScriptEvent {
  const { line } = tokens;
  const time = parseTime(tokens);
  const range = time.end !== null;
  const action = parseAction(tokens);
  const timed = blockingEnd(action, time);
  const outbound = action.kind === 'packet' && action.packet.direction === 'out';
  if (!outbound && time.kind === 'any')
    throw new SyntaxProblem(line, "the time '*' is for outbound packets only");
  if (!outbound && range) throw new SyntaxProblem(line, 'a range of time is for outbound packets only');
  return { line, time: timed, action: action.kind === 'system-call' ? without(action) : action };
}

type Parsed = Exclude<Action, { kind: 'system-call' }> | ParsedCall;
type ParsedCall = {
  readonly kind: 'system-call';
  readonly call: SystemCallSpec;
  readonly end: Microseconds | null;
};

const without = ({ kind, call }: ParsedCall): Action => ({ kind, call });

const blockingEnd = (action: Parsed, time: EventTime): EventTime =>
  action.kind === 'system-call' && action.end !== null ? { ...time, end: action.end } : time;

function parseTime(tokens: Tokens): EventTime {
  if (tokens.accept('*')) return { kind: 'any', at: 0, end: null };
  const kind = tokens.accept('+') ? 'relative' : 'absolute';
  const at = parseMoment(tokens);
  if (!tokens.accept('~')) return { kind, at, end: null };
  if (kind === 'relative') tokens.expect('+');
  const { line } = tokens;
  const end = parseMoment(tokens);
  if (end < at) throw new SyntaxProblem(line, 'the range of time ends before it begins');
  return { kind, at, end };
}

function parseMoment(tokens: Tokens): Microseconds {
  const { kind, text } = tokens.next;
  if (kind !== 'float' && kind !== 'integer') tokens.fail('a time in seconds');
  if (text.startsWith('-')) tokens.fail('a time that is not negative');
  tokens.take();
  return Math.round(Number(text) * 1e6);
}

function parseAction(tokens: Tokens): Parsed {
  const { kind, text } = tokens.next;
  if (kind === 'command' || kind === 'code') {
    tokens.take();
    return { kind, text };
  }
  if (tokens.is('<') || tokens.is('>')) return { kind: 'packet', packet: parsePacket(tokens) };
  return parseSystemCall(tokens);
}

function parseSystemCall(tokens: Tokens): ParsedCall {
  const blocking = tokens.next.kind === 'ellipsis';
  if (blocking) tokens.take();
  const end = blocking ? parseMoment(tokens) : null;
  const { text: name } = tokens.takeKind('word', 'a packet, a system call, a command or code');
  tokens.expect('(');
  const args = [];
  while (!tokens.is(')')) {
    args.push(parseExpression(tokens));
    if (!tokens.accept(',')) break;
  }
  tokens.expect(')');
  tokens.expect('=');
  const result = parseExpression(tokens);
  let error: string | null = null;
  if (tokens.next.kind === 'word') error = tokens.take().text;
  if (tokens.accept('(')) while (!tokens.accept(')')) tokens.take();
  return { kind: 'system-call', call: { name, args, result, error, blocking }, end };
}
