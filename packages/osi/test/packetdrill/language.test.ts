import { describe, expect, test } from 'vitest';
import { Code } from './code.ts';
import { tokenize } from './lexer.ts';
import { flagBits, formatFlags, formatPacket, type Packet, readPacket, writePacket } from './packet.ts';
import { parseScript } from './parser.ts';
import { Mismatch, SyntaxProblem, Unsupported } from './problems.ts';
import type { ScriptEvent, TcpSpec } from './script.ts';
import { tcpInfo } from './tcp-info.ts';

const event = (source: string): ScriptEvent => parseScript(source).events[0]!;

function tcp(source: string): TcpSpec {
  const { action } = event(`0 ${source}`);
  if (action.kind !== 'packet' || action.packet.protocol !== 'tcp') throw new Error('no TCP packet');
  return action.packet;
}

describe('words', () => {
  const words = (source: string) => tokenize(source).map(({ kind, text }) => `${kind} ${text}`.trim());

  test('sequence numbers are no IPv6 addresses, and times no IPv4 ones', () => {
    expect(words('1:1001(1000) fd::1 192.0.2.1 0.100...0.200')).toEqual([
      'integer 1',
      'symbol :',
      'integer 1001',
      'symbol (',
      'integer 1000',
      'symbol )',
      'ipv6 fd::1',
      'ipv4 192.0.2.1',
      'float 0.100',
      'ellipsis ...',
      'float 0.200',
      'end',
    ]);
  });

  test('comments are no words, and lines are counted through them', () => {
    expect(tokenize('a // b\n/* c\n d */ e').map(({ text, line }) => [text, line])).toEqual([
      ['a', 1],
      ['e', 3],
      ['', 3],
    ]);
  });

  test('a command may go on in the next line', () => {
    expect(words('`sysctl a=1 \\\n b=2`')).toEqual(['command sysctl a=1 \\\n b=2', 'end']);
  });
});

describe('events', () => {
  test.each([
    ['0.5', { kind: 'absolute', at: 500_000, end: null }],
    ['+.001', { kind: 'relative', at: 1000, end: null }],
    ['*', { kind: 'any', at: 0, end: null }],
    ['1~2', { kind: 'absolute', at: 1_000_000, end: 2_000_000 }],
    ['+.3~+.4', { kind: 'relative', at: 300_000, end: 400_000 }],
  ])('the time %s', (time, expected) => {
    expect(event(`${time} > . 1:1(0) ack 1`).time).toEqual(expected);
  });

  test('a call that blocks has the time of its return', () => {
    const { time, action } = event('+.1...0.200 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)');
    expect(time).toEqual({ kind: 'relative', at: 100_000, end: 200_000 });
    expect(action).toMatchObject({ kind: 'system-call', call: { blocking: true, error: 'ECONNREFUSED' } });
  });

  test.each([
    ['+.2~+.1 > . 1:1(0) ack 1', 'the range of time ends before it begins'],
    ['* < . 1:1(0) ack 1', "the time '*' is for outbound packets only"],
    ['0~1 close(3) = 0', 'a range of time is for outbound packets only'],
    ['0 > X. 1:1(0) ack 1', "'X.' are no TCP flags"],
    ['0 > E2 1:1(0)', "TCP flags 'E2' contradict each other"],
    ['0 > . 1:2(3) ack 1', '1:2 are not 3 sequence numbers'],
    ['0 < . 1:1(0) ack 1 <...>', '<...> is for outbound packets only'],
    ['0 < S 0:0(0) <mss 1460,nop>', 'TCP options take 5 bytes: expected a multiple of 4, 40 at most'],
    ['0 < S 0:0(0) <mss 70000>', "expected mss: a number of 0 to 65535, found '70000'"],
    ['0 < icmp unreachable nonsense', "'nonsense' is no code of ICMP type 'unreachable'"],
    ['0 < S 0:0(0) <FO abc>', "'abc' are no bytes in hexadecimal"],
    ['-1 close(3) = 0', 'expected a time that is not negative'],
  ])('%s is refused', (source, message) => {
    expect(() => parseScript(source)).toThrow(SyntaxProblem);
    expect(() => parseScript(source)).toThrow(message);
  });

  test('words that are defined stand for other ones', () => {
    const source = '--define=BYTES=10\n0 write(COUNT, ..., BYTES) = BYTES';
    const { action } = parseScript(source, new Map([['COUNT', '3']])).events[0]!;
    expect(action).toMatchObject({
      call: { args: [{ value: 3 }, {}, { value: 10 }], result: { value: 10 } },
    });
  });

  test('structures, lists and flags of system calls', () => {
    const { action } = event(
      '0 poll([{fd=4, events=POLLIN|POLLOUT, revents=0}], 1, 0) = 0x10 (flags O_RDWR)',
    );
    expect(action).toMatchObject({
      call: {
        args: [{ kind: 'list', items: [{ kind: 'struct' }] }, { value: 1 }, { value: 0 }],
        result: { value: 16 },
      },
    });
  });
});

describe('packets', () => {
  test('all that a script can say of a segment', () => {
    expect(
      tcp('< [ce] 5000 > 80 SEW 4294967295:0(1) win 7 urg 3 <mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7>'),
    ).toEqual({
      protocol: 'tcp',
      direction: 'in',
      ip: { tos: null, ecn: 3, ttl: null },
      sourcePort: 5000,
      destinationPort: 80,
      flags: 'SEW',
      seq: 4_294_967_295,
      length: 1,
      ack: 0,
      window: 7,
      urgent: 3,
      options: [
        { kind: 'mss', value: 1460 },
        { kind: 'sackOK' },
        { kind: 'TS', value: 1, echo: 2 },
        { kind: 'nop' },
        { kind: 'wscale', value: 7 },
      ],
    });
  });

  test('flags by their letters and the ACE field by its number', () => {
    expect(flagBits('FSRP.EWAU')).toBe(0x1ff);
    expect(flagBits('5')).toBe(flagBits('AE'));
    expect(formatFlags(flagBits('FP.'))).toBe('FP.');
    expect(formatFlags(0)).toBe('-');
    expect(tcp('> - 1:1(0)').flags).toBe('');
  });

  test('what is written can be read again, and is shown as scripts write it', () => {
    const options = tcp('> . 1:1(0) ack 1 <sack 1:2 5:9,nop,nop,FOEXP 12ab,nop,nop>').options!;
    const packet: Packet = {
      protocol: 'tcp',
      source: 0xc0000201,
      destination: 0xc0a80001,
      tos: 2,
      ttl: 64,
      sourcePort: 8080,
      destinationPort: 5000,
      flags: flagBits('P.'),
      seq: 4_000_000_000,
      ack: 1,
      window: 65_535,
      urgent: 0,
      options,
      payload: Uint8Array.of(1, 2, 3),
    } as Packet;
    const bytes = writePacket(packet);
    expect(readPacket(bytes)).toMatchObject({
      ...packet,
      options: [...options.slice(0, 3), { number: 254 }, ...options.slice(4)],
    });
    expect(formatPacket(packet, '>')).toBe(
      '> (tos 0x2) P. 4000000000:4000000003(3) ack 1 win 65535 <sack 1:2 5:9,nop,nop,FOEXP f98912ab,nop,nop>',
    );
  });

  test('options that are cut off are shown as they are', () => {
    const bytes = writePacket({
      protocol: 'tcp',
      ...{ source: 1, destination: 2, tos: 0, ttl: 1, sourcePort: 1, destinationPort: 2 },
      ...{ flags: 0, seq: 0, ack: 0, window: 0, urgent: 0, payload: new Uint8Array(0) },
      options: [{ kind: 'bytes', name: 'x', number: 77, data: Uint8Array.of(9, 9) }],
    } as unknown as Packet);
    bytes[41] = 9;
    const packet = readPacket(bytes)!;
    expect(packet.protocol === 'tcp' && packet.options).toEqual([
      { kind: 'bytes', name: '?', number: 77, data: Uint8Array.of(9, 9, 9) },
    ]);
  });
});

describe('code', () => {
  const known = (name: string) => ({ tcpi_cwnd: 10, tcpi_rtt: 20_000 })[name];
  const run = (text: string) => new Code().run(text, 5, known);

  test.each([
    'assert tcpi_cwnd == 10, tcpi_cwnd',
    'assert 5000 <= tcpi_rtt <= 20000',
    'assert not (tcpi_cwnd & 4) and tcpi_cwnd & 2 != 0 or False',
    'assert (1 + 2) * 3 - 4 // 3 == 8; assert 7 % 4 == 3 and -7 % 4 == 1',
    'assert 2 ** 3 == 8 and 1 << 4 == 16 and 0x10 | 1 == 0x11 and ~0 == -1',
    'cwnd = 9; cwnd += 1\nassert tcpi_cwnd == cwnd, "cwnd=%d" % cwnd  # a comment',
    'print(tcpi_cwnd); assert abs(-3) == 3 \\\n and min(1, 2) == 1 and max(1, 2) == 2',
  ])('%s holds', (text) => {
    expect(() => run(text)).not.toThrow();
  });

  test.each([
    'assert tcpi_cwnd == 11',
    'assert 5000 <= tcpi_rtt < 20000',
    'assert not tcpi_cwnd',
    'assert tcpi_cwnd > 10 or tcpi_cwnd < 10',
    'cwnd = 10; cwnd -= 1; assert tcpi_cwnd == cwnd',
    'assert tcpi_cwnd & 4 != 0 and tcpi_cwnd',
  ])('%s does not', (text) => {
    expect(() => run(text)).toThrow(Mismatch);
  });

  test.each([
    'for x in y: pass',
    'assert other == 1',
    'assert len("a") == 1',
    'if tcpi_cwnd: print(1)',
    'x = [1]',
  ])('%s is unsupported', (text) => {
    expect(() => run(text)).toThrow(Unsupported);
  });

  test('variables live from block to block', () => {
    const code = new Code();
    code.run('cwnd = 10', 1, known);
    code.run('assert cwnd == 10', 2, known);
  });
});

describe('TCP_INFO', () => {
  test('fields are where Linux has them', () => {
    const view = new DataView(new ArrayBuffer(104));
    view.setUint8(0, 1);
    view.setUint8(6, 0x87);
    view.setUint32(80, 12, true);
    view.setUint32(100, 3, true);
    const bytes = new Uint8Array(view.buffer);
    const names = ['tcpi_state', 'tcpi_snd_wscale', 'tcpi_rcv_wscale', 'tcpi_snd_cwnd', 'tcpi_total_retrans'];
    expect(names.map((name) => tcpInfo(bytes, name))).toEqual([1, 7, 8, 12, 3]);
  });

  test('those behind its end are not known', () => {
    expect(tcpInfo(new Uint8Array(104), 'tcpi_bytes_acked')).toBeUndefined();
    expect(tcpInfo(new Uint8Array(104), 'tcpi_nonsense')).toBeUndefined();
    expect(tcpInfo(new Uint8Array(104), 'snd_cwnd')).toBeUndefined();
  });
});
