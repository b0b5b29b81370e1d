import { type Ipv4Address, parseIpv4 } from '../src/3-network/index.ts';
import {
  ACK,
  flagBits,
  formatFlags,
  RST,
  readPacket,
  SYN,
  type TcpPacket,
  writePacket,
} from './packetdrill/packet.ts';
import type { TcpOption } from './packetdrill/script.ts';
import { formatOption, optionLength } from './packetdrill/tcp-options.ts';
import type { Step } from './socket-script.ts';

/** Whose TCP a script is about: ours, or a real kernel's. The script is the peer of its only interface. */
export interface Target {
  /** What a call of `socket-script` answers. */
  call(words: readonly string[]): string | Promise<string>;
  /** A packet comes in. */
  inject(packet: Uint8Array): void | Promise<void>;
  sysctl(name: string, value: number): void | Promise<void>;
  wait(milliseconds: number): void | Promise<void>;
  /** The packets that went out since the last time. */
  sent(): Uint8Array[] | Promise<Uint8Array[]>;
}

export const LOCAL = '192.168.0.1';
const REMOTE = '192.0.2.1';

const local = parseIpv4(LOCAL) as Ipv4Address;
const remote = parseIpv4(REMOTE) as Ipv4Address;
/** Where the script's numbers begin: it crosses 2^32 soon. */
const SCRIPT_ISS = 0xffff_ff00;
const LOCAL_PORT = 80;
const REMOTE_PORT = 5000;

const wrap = (n: number): number => ((n % 2 ** 32) + 2 ** 32) % 2 ** 32;

/**
 * Scripts of socket calls (see `socket-script`) and of segments that come in, each with what TCP sends at that:
 *
 *     < S 0 mss 1460 sackok      -> S. 0 ack 1 win 64240 mss 1460 nop nop sackOK
 *     < . 1 ack 1 win 1000       -> nothing
 *     wait 200                                        milliseconds
 *     sysctl net.ipv4.tcp_sack 0
 *
 * A segment is written as flags in tcpdump's letters, its number, and fields in any order: `len`, `ack`, `win`, `urg`, `tos`,
 * `from` and `to` (ports), `bad` (checksum), and options as they follow one another: `mss`, `ws`, `sackok`, `nop`, `eol`,
 * `ts VALUE ECHO` (`last`: the latest of TCP's own; `syn`: the one of its last SYN), `sack A-B,C-D`, `fo HEX`, `option NUMBER HEX`. Both sides count from their SYN.
 */
export async function runSegments(script: readonly Step[], target: Target): Promise<string[]> {
  const talk = new Conversation();
  const answers: string[] = [];
  for (const { words } of script) {
    const [first = '', ...rest] = words;
    let answer = '';
    if (first === '<') await target.inject(talk.write(rest));
    else if (first === 'wait') await target.wait(Number(rest[0]));
    else if (first === 'sysctl') await target.sysctl(rest[0] ?? '', Number(rest[1]));
    else answer = await target.call(words);
    const sent = (await target.sent()).map((bytes) => talk.read(bytes));
    answers.push([answer, ...sent].filter((text) => text !== '').join(' | ') || 'nothing');
  }
  return answers;
}

/** The numbers of both sides. */
class Conversation {
  /** The first numbers of TCP, by the ports of both. */
  readonly #begins = new Map<string, number>();
  #lastTimestamp = 0;
  #synTimestamp = 0;

  write(words: readonly string[]): Uint8Array {
    const queue = [...words];
    const next = (): string => queue.shift() ?? '';
    const number = (): number => Number(next());
    const options: TcpOption[] = [];
    let bad = false;
    const flags = flagBits(next());
    const seq = wrap(SCRIPT_ISS + number());
    const fields = {
      ack: null as number | null,
      len: 0,
      win: 65535,
      urg: 0,
      tos: 0,
      from: REMOTE_PORT,
      to: LOCAL_PORT,
    };
    while (queue.length > 0) {
      const word = next();
      if (word in fields) fields[word as keyof typeof fields] = number();
      else if (word === 'bad') bad = true;
      else options.push(this.#option(word, next, fields));
    }
    const packet: TcpPacket = {
      protocol: 'tcp',
      source: remote,
      destination: local,
      tos: fields.tos,
      ttl: 64,
      sourcePort: fields.from,
      destinationPort: fields.to,
      flags,
      seq,
      ack: fields.ack === null ? 0 : wrap(fields.ack + this.#begin(fields.to, fields.from)),
      window: fields.win,
      urgent: fields.urg,
      options: padded(options),
      payload: new Uint8Array(fields.len).map((_, i) => 97 + (i % 26)),
    };
    const bytes = writePacket(packet);
    if (bad) bytes[36] = (bytes[36] ?? 0) ^ 0x55;
    return bytes;
  }

  #option(word: string, next: () => string, ports: { from: number; to: number }): TcpOption {
    const number = (): number => Number(next());
    switch (word) {
      case 'mss':
        return { kind: 'mss', value: number() };
      case 'ws':
        return { kind: 'wscale', value: number() };
      case 'sackok':
        return { kind: 'sackOK' };
      case 'nop':
      case 'eol':
        return { kind: word };
      case 'ts': {
        const value = number();
        const echo = next();
        const own = /^(last|syn)([+-]\d+)?$/.exec(echo);
        const from = own?.[1] === 'syn' ? this.#synTimestamp : this.#lastTimestamp;
        return { kind: 'TS', value, echo: own === null ? Number(echo) : wrap(from + Number(own[2] ?? 0)) };
      }
      case 'sack': {
        const begin = this.#begin(ports.to, ports.from);
        const blocks = next()
          .split(',')
          .map((block): [number, number] => {
            const [left = 0, right = 0] = block.split('-').map((each) => wrap(begin + Number(each)));
            return [left, right];
          });
        return { kind: 'sack', blocks };
      }
      case 'fo':
        return {
          kind: 'bytes',
          name: 'FO',
          number: 34,
          data: new Uint8Array(Buffer.from(next().replace('-', ''), 'hex')),
        };
      case 'option':
        return {
          kind: 'bytes',
          name: '',
          number: number(),
          data: new Uint8Array(Buffer.from(next().replace('-', ''), 'hex')),
        };
      default:
        throw new Error(`no such field of a segment: ${word}`);
    }
  }

  #begin = (local: number, remote: number): number => this.#begins.get(`${local} ${remote}`) ?? 0;

  read(bytes: Uint8Array): string {
    const packet = readPacket(bytes);
    if (packet === null) return `protocol ${bytes[9]}`;
    if (packet.protocol !== 'tcp')
      return `${packet.protocol} ${packet.protocol === 'icmp' ? `${packet.type}/${packet.code}` : ''}`;
    const { flags, seq, ack, window, urgent, ttl, tos, sourcePort, destinationPort, options, payload } =
      packet;
    const ports = `${sourcePort} ${destinationPort}`;
    if ((flags & SYN) !== 0) this.#begins.set(ports, seq);
    const begin = this.#begins.get(ports) ?? 0;
    const back = (n: number): number => {
      const far = wrap(n - SCRIPT_ISS);
      return far >= 2 ** 31 ? far - 2 ** 32 : far;
    };
    const shown = options.map((option) => {
      if (option.kind === 'TS') {
        this.#lastTimestamp = option.value;
        if ((flags & SYN) !== 0) this.#synTimestamp = option.value;
        return `ts ${option.echo}`;
      }
      if (option.kind === 'sack')
        return formatOption({ kind: 'sack', blocks: option.blocks.map(([a, b]) => [back(a), back(b)]) });
      return formatOption(option);
    });
    return [
      `${formatFlags(flags)} ${(flags & RST) !== 0 && seq === 0 ? 0 : wrap(seq - begin)}`,
      payload.length > 0 && `len ${payload.length}`,
      (flags & ACK) !== 0 ? `ack ${back(ack)}` : ack !== 0 && `ack ${ack}`,
      `win ${window}`,
      urgent !== 0 && `urg ${urgent}`,
      ttl !== 64 && `ttl ${ttl}`,
      tos !== 0 && `tos ${tos}`,
      (bytes[6] ?? 0) !== 0x40 && 'fragmentable',
      sourcePort !== LOCAL_PORT && `from ${sourcePort}`,
      destinationPort !== REMOTE_PORT && `to ${destinationPort}`,
      ...shown,
    ]
      .filter((text) => text !== false)
      .join(' ');
  }
}

function padded(options: readonly TcpOption[]): TcpOption[] {
  const all = [...options];
  const length = all.reduce((sum, each) => sum + optionLength(each), 0);
  for (let i = length; i % 4 !== 0; i++) all.push({ kind: 'nop' });
  return all;
}
