import { SyntaxProblem, Unsupported } from './problems.ts';
import type { IcmpSpec, IpInfo, PacketSpec, TcpOption, TcpSpec, UdpSpec } from './script.ts';
import { optionLength } from './tcp-options.ts';
import type { Tokens } from './tokens.ts';

const MAX_U8 = 0xff;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

/** Kinds of TCP options that are written as bytes (IANA "TCP Option Kind Numbers"; RFC 6994 magic of FOEXP). */
const FAST_OPEN = 34;
const EXPERIMENTAL = 254;
const FAST_OPEN_MAGIC = [0xf9, 0x89];
const MD5 = 19;
const ACCURATE_ECN_0 = 172;
const ACCURATE_ECN_1 = 174;

const ECN_NAMES: Record<string, number | 'ect01'> = { noecn: 0, ect1: 1, ect0: 2, ce: 3, ect01: 'ect01' };

/** A packet, from its direction on. @throws SyntaxProblem; Unsupported for other protocols and tunnels. */
export function parsePacket(tokens: Tokens): PacketSpec {
  const direction = tokens.take().text === '<' ? 'in' : 'out';
  for (const tunnel of ['ipv4', 'ipv6', 'gre', 'GREv0', 'mpls']) {
    if (tokens.is(tunnel)) throw new Unsupported(tokens.line, `packets in ${tunnel} tunnels`);
  }
  const ip = parseIpInfo(tokens);
  if (ip.ecn === 'ect01' && direction === 'in')
    throw new SyntaxProblem(tokens.line, '[ect01] is for outbound packets only');
  if (tokens.accept('icmp')) return parseIcmp(tokens, { direction, ip });
  if (tokens.accept('udp')) return parseUdp(tokens, { direction, ip });
  if (tokens.is('encap')) throw new Unsupported(tokens.line, 'packets in PSP');
  return parseTcp(tokens, { direction, ip });
}

function parseIpInfo(tokens: Tokens): IpInfo {
  const none = { tos: null, ecn: null, ttl: null };
  const end = tokens.accept('[') ? ']' : tokens.accept('(') ? ')' : null;
  if (end === null) return none;
  let info: IpInfo = none;
  const { text } = tokens.next;
  if (tokens.accept('tos')) info = { ...none, tos: tokens.takeNumber(MAX_U8, 'type of service') };
  else if (tokens.accept('ttl')) info = { ...none, ttl: tokens.takeNumber(MAX_U8, 'time to live') };
  else if (Object.hasOwn(ECN_NAMES, text)) {
    tokens.take();
    info = { ...none, ecn: ECN_NAMES[text] as number | 'ect01' };
  }
  if (tokens.is('flowlabel') || tokens.accept(',')) throw new Unsupported(tokens.line, 'flow labels of IPv6');
  tokens.expect(end);
  return info;
}

type Base = Pick<TcpSpec, 'direction' | 'ip'>;

function parsePorts(tokens: Tokens): { sourcePort: number; destinationPort: number } {
  if (tokens.next.kind !== 'integer' || tokens.peek(1).text !== '>')
    return { sourcePort: 0, destinationPort: 0 };
  const sourcePort = tokens.takeNumber(MAX_U16, 'port');
  tokens.expect('>');
  return { sourcePort, destinationPort: tokens.takeNumber(MAX_U16, 'port') };
}

function parseTcp(tokens: Tokens, base: Base): TcpSpec {
  const ports = parsePorts(tokens);
  const flags = parseFlags(tokens);
  const { seq, length } = parseRange(tokens);
  const ack = tokens.accept('ack') ? tokens.takeNumber(MAX_U32, 'ack') : 0;
  const window = tokens.accept('win') ? tokens.takeNumber(MAX_U16, 'win') : null;
  const urgent = tokens.accept('urg') ? tokens.takeNumber(MAX_U16, 'urg') : 0;
  const { line } = tokens;
  const options = parseTcpOptions(tokens);
  if (options === null && base.direction === 'in')
    throw new SyntaxProblem(line, '<...> is for outbound packets only');
  const bytes = (options ?? []).reduce((sum, option) => sum + optionLength(option), 0);
  if (bytes % 4 !== 0 || bytes > 40)
    throw new SyntaxProblem(line, `TCP options take ${bytes} bytes: expected a multiple of 4, 40 at most`);
  return { protocol: 'tcp', ...base, ...ports, flags, seq, length, ack, window, urgent, options };
}

function parseFlags(tokens: Tokens): string {
  let flags = '';
  if (tokens.accept('-')) return flags;
  const { line } = tokens;
  if (tokens.next.kind === 'word') flags += tokens.take().text;
  if (tokens.next.kind === 'float') flags += tokens.take().text;
  else if (tokens.accept('.')) flags += '.';
  if (!/^[.FSRPEWAU0-7]+$/.test(flags)) throw new SyntaxProblem(line, `'${flags}' are no TCP flags`);
  if (/[0-7].*[0-7EWA]|[EWA].*[0-7]/.test(flags))
    throw new SyntaxProblem(line, `TCP flags '${flags}' contradict each other`);
  return flags;
}

/** `first:last(length)` */
function parseRange(tokens: Tokens): { seq: number; length: number } {
  const { line } = tokens;
  const seq = tokens.takeNumber(MAX_U32, 'sequence number');
  tokens.expect(':');
  const end = tokens.takeNumber(MAX_U32, 'sequence number');
  tokens.expect('(');
  const length = tokens.takeNumber(MAX_U16, 'length');
  tokens.expect(')');
  if (end !== (seq + length) % 2 ** 32)
    throw new SyntaxProblem(line, `${seq}:${end} are not ${length} sequence numbers`);
  return { seq, length };
}

function parseTcpOptions(tokens: Tokens): readonly TcpOption[] | null {
  if (!tokens.accept('<')) return [];
  const options: TcpOption[] = [];
  if (tokens.next.kind === 'ellipsis') {
    tokens.take();
    tokens.expect('>');
    return null;
  }
  do options.push(parseTcpOption(tokens));
  while (tokens.accept(','));
  tokens.expect('>');
  return options;
}

function parseTcpOption(tokens: Tokens): TcpOption {
  const { text: name, line } = tokens.takeKind('word', 'a TCP option');
  switch (name) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return { kind: name };
    case 'mss':
      return { kind: 'mss', value: tokens.takeNumber(MAX_U16, 'mss') };
    case 'wscale':
      return { kind: 'wscale', value: tokens.takeNumber(MAX_U8, 'wscale') };
    case 'TS': {
      tokens.expect('val');
      const value = tokens.takeNumber(MAX_U32, 'val');
      tokens.expect('ecr');
      return { kind: 'TS', value, echo: tokens.takeNumber(MAX_U32, 'ecr') };
    }
    case 'sack': {
      const blocks: [number, number][] = [];
      while (tokens.next.kind === 'integer') {
        const left = tokens.takeNumber(MAX_U32, 'sack');
        tokens.expect(':');
        blocks.push([left, tokens.takeNumber(MAX_U32, 'sack')]);
      }
      return { kind: 'sack', blocks };
    }
    case 'FO':
      return { kind: 'bytes', name, number: FAST_OPEN, data: parseHex(tokens) };
    case 'FOEXP':
      return {
        kind: 'bytes',
        name,
        number: EXPERIMENTAL,
        data: Uint8Array.from([...FAST_OPEN_MAGIC, ...parseHex(tokens)]),
      };
    case 'md5':
      return { kind: 'bytes', name, number: MD5, data: parseHex(tokens) };
    case 'ECN':
      return parseAccurateEcn(tokens);
    default:
      throw new SyntaxProblem(line, `'${name}' is no TCP option`);
  }
}

/** Byte counters of 24 bits, in the order in which they are written (draft-ietf-tcpm-accurate-ecn section 3.2.3). */
function parseAccurateEcn(tokens: Tokens): TcpOption {
  const number = tokens.is('e0b') ? ACCURATE_ECN_0 : ACCURATE_ECN_1;
  const data: number[] = [];
  while (tokens.is('e0b') || tokens.is('e1b') || tokens.is('ceb')) {
    tokens.take();
    const value = tokens.takeNumber(0xff_ffff, 'counter');
    data.push(value >> 16, (value >> 8) & 0xff, value & 0xff);
  }
  return { kind: 'bytes', name: 'ECN', number, data: Uint8Array.from(data) };
}

function parseHex(tokens: Tokens): Uint8Array {
  const { kind, text, line } = tokens.next;
  if (kind !== 'word' && kind !== 'integer') return new Uint8Array(0);
  tokens.take();
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text))
    throw new SyntaxProblem(line, `'${text}' are no bytes in hexadecimal`);
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function parseUdp(tokens: Tokens, base: Base): UdpSpec {
  const ports = parsePorts(tokens);
  tokens.expect('(');
  const length = tokens.takeNumber(MAX_U16, 'length');
  tokens.expect(')');
  return { protocol: 'udp', ...base, ...ports, length };
}

function parseIcmp(tokens: Tokens, base: Base): IcmpSpec {
  const { text: typeName, line } = tokens.takeKind('word', 'an ICMP type');
  const type = numbered(typeName, 'type_', tokens.icmp.types);
  if (type === undefined) throw new SyntaxProblem(line, `'${typeName}' is no ICMP type`);
  let code: number | undefined = 0;
  if (tokens.next.kind === 'word' && !tokens.is('mtu') && !tokens.is('id')) {
    const { text, line: at } = tokens.take();
    code = numbered(text, 'code_', tokens.icmp.codes[type] ?? {});
    if (code === undefined) throw new SyntaxProblem(at, `'${text}' is no code of ICMP type '${typeName}'`);
  }
  const mtu = tokens.accept('mtu') ? tokens.takeNumber(MAX_U16, 'mtu') : null;
  const id = tokens.accept('id') ? tokens.takeNumber(MAX_U16, 'id') : 0;
  return { protocol: 'icmp', ...base, type, code, mtu, id, about: parseAbout(tokens) };
}

function parseAbout(tokens: Tokens): IcmpSpec['about'] {
  if (!tokens.accept('[')) return { protocol: 'tcp', seq: 0, length: 0 };
  if (tokens.is('raw')) throw new Unsupported(tokens.line, 'ICMP messages with raw content');
  if (tokens.accept('udp')) {
    tokens.expect('(');
    const length = tokens.takeNumber(MAX_U16, 'length');
    tokens.expect(')');
    tokens.expect(']');
    return { protocol: 'udp', seq: 0, length };
  }
  const range = parseRange(tokens);
  tokens.expect(']');
  return { protocol: 'tcp', ...range };
}

/** A name of the table, or its prefix with a number: `type_13`. */
function numbered(name: string, prefix: string, table: Record<string, number>): number | undefined {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^\d{1,3}$/.test(digits) ? Number(digits) & MAX_U8 : table[name];
}
