import { describe, expect, test } from 'vitest';
import { type Outcome, runScript } from './run-script.ts';

const LISTEN = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 5) = 0
`;
const CONNECTION = `${LISTEN}
   +0 < S 0:0(0) win 32792 <mss 1000,nop,wscale 7>
   +0 > S. 0:0(0) ack 1 win 64240 <mss 1460,nop,wscale 7>
  +.1 < . 1:1(0) ack 1 win 257
   +0 accept(3, ..., ...) = 4
`;

/** A script that passes; each test spoils one thing. */
const GOOD = `${CONNECTION}
  +.1 write(4, ..., 1000) = 1000
   +0 > P. 1:1001(1000) ack 1 win 502
  +.1 < P. 1:101(100) ack 1001 win 257
   +0 > . 1001:1001(0) ack 101
   +0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN|POLLOUT}], 1, 0) = 1
   +0 ioctl(4, SIOCINQ, [100]) = 0
   +0 getsockopt(4, SOL_TCP, TCP_NODELAY, [0], [4]) = 0
   +0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%
   +0...0.100 read(4, ..., 1000) = 100
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)
`.replace('+0...0.100 read', '+0...0 read');

const run = (source: string, options = {}): Outcome => runScript(source, options);

/** GOOD with one piece replaced; the piece must be there once. */
function spoiled(piece: string, by: string, options = {}): Outcome {
  expect(GOOD.split(piece).length, `'${piece}' once in the script`).toBe(2);
  return run(GOOD.replace(piece, by), options);
}

/** The line of the script that has this piece, counted from 1. */
const lineOf = (piece: string): number => GOOD.slice(0, GOOD.indexOf(piece)).split('\n').length;

test('a script that says what happens passes, with nothing passed over', () => {
  expect(run(GOOD)).toMatchObject({ result: 'pass', reason: null, line: 0, notes: [] });
});

test('what an earlier connection sends meanwhile is passed over', () => {
  const script = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
   +0 > S 0:0(0) <...>
 +.95 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4
   +0 setsockopt(4, SOL_TCP, TCP_MAXSEG, [1000], 4) = 0
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
 +.1 connect(4, ..., ...) = -1 EINPROGRESS (Operation now in progress)
   +0 > S 0:0(0) <mss 1000,sackOK,TS val 100 ecr 0,nop,wscale 7>
`;
  expect(run(script)).toMatchObject({ result: 'pass', reason: null });
});

describe('a packet that differs is found, and the script fails at its line:', () => {
  const SYN_ACK = '> S. 0:0(0) ack 1 win 64240 <mss 1460,nop,wscale 7>';
  const DATA = '> P. 1:1001(1000) ack 1 win 502';
  const cases: [what: string, piece: string, by: string, reason: string][] = [
    ['flags', DATA, '> . 1:1001(1000) ack 1 win 502', 'flags: expected ., sent P.'],
    ['sequence number', DATA, '> P. 2:1002(1000) ack 1', 'sequence number: expected 2, sent 1'],
    ['length, longer', DATA, '> P. 1:901(900) ack 1', 'length: expected 900, sent 1000'],
    ['acknowledgment', DATA, '> P. 1:1001(1000) ack 2', 'acknowledgment: expected 2, sent 1'],
    ['window', DATA, '> P. 1:1001(1000) ack 1 win 501', 'window: expected 501, sent 502'],
    ['urgent pointer', DATA, '> P. 1:1001(1000) ack 1 win 502 urg 3', 'urgent pointer: expected 3, sent 0'],
    ['type of service', DATA, '> (tos 0x10) P. 1:1001(1000) ack 1', 'type of service: expected 16, sent 0'],
    ['ECN field', DATA, '> [ect0] P. 1:1001(1000) ack 1', 'ECN field: expected 2, sent 0'],
    ['time to live', DATA, '> [ttl 63] P. 1:1001(1000) ack 1', 'time to live: expected 63, sent 64'],
    ['protocol', DATA, '> udp (1000)', 'expected udp, sent tcp'],
    [
      'value of an option',
      SYN_ACK,
      '> S. 0:0(0) ack 1 <mss 1000,nop,wscale 7>',
      'TCP options: expected <mss 1000,nop,wscale 7>, sent <mss 1460,nop,wscale 7>',
    ],
    [
      'order of options',
      SYN_ACK,
      '> S. 0:0(0) ack 1 <nop,wscale 7,mss 1460>',
      'TCP options: expected <nop,wscale 7,mss 1460>, sent <mss 1460,nop,wscale 7>',
    ],
    [
      'an option too many',
      SYN_ACK,
      '> S. 0:0(0) ack 1 <mss 1460,nop,wscale 7,nop,nop,sackOK>',
      'TCP options: expected <mss 1460,nop,wscale 7,nop,nop,sackOK>, sent <mss 1460,nop,wscale 7>',
    ],
    [
      'an option that is missing',
      SYN_ACK,
      '> S. 0:0(0) ack 1',
      'TCP options: expected <>, sent <mss 1460,nop,wscale 7>',
    ],
  ];
  test.each(cases)('%s', (_what, piece, by, reason) => {
    const { result, line, reason: found, expected, actual } = spoiled(piece, by);
    expect({ result, line, found }).toEqual({ result: 'fail', line: lineOf(piece), found: reason });
    expect(expected).toContain(by);
    expect(actual).toMatch(/^0\.\d{6} > /);
  });

  test('and <...> takes any options', () => {
    expect(spoiled(SYN_ACK, '> S. 0:0(0) ack 1 <...>').result).toBe('pass');
  });

  test('a packet that is never sent', () => {
    const outcome = spoiled(
      '+0 > . 1001:1001(0) ack 101',
      '+0 > . 1001:1001(0) ack 101\n   +1 > . 1001:1001(0) ack 102',
    );
    expect(outcome).toMatchObject({ result: 'fail', reason: 'no packet was sent' });
    expect(outcome.actual).toMatch(/^nothing until/);
  });

  test('a packet that comes before the one that is expected', () => {
    const outcome = spoiled(
      '+0 > . 1001:1001(0) ack 101',
      '+.1 write(4, ..., 10) = 10\n +0 > P. 1001:1011(10) ack 101',
    );
    expect(outcome).toMatchObject({ result: 'fail', reason: 'the segments are not parts of one' });
  });

  test('bytes that are cut into other segments than the script allows', () => {
    const source = `${CONNECTION}
      +.1 write(4, ..., 2500) = 2500
       +0 > P. 1:2501(2500) ack 1`;
    expect(run(source).result).toBe('pass');
    expect(run(`--strict_segments\n${source}`)).toMatchObject({
      result: 'fail',
      reason: 'flags: expected P., sent .',
    });
    expect(run(source.replace('1:2501(2500)', '1:2401(2400)')).result).toBe('fail');
  });
});

describe('times', () => {
  const late = '+.1 write(4, ..., 1000) = 1000\n   +0 > P.';
  const early = (by: string) => GOOD.replace('+.1 write(4, ..., 1000) = 1000\n   +0 > P.', by);

  test('a packet that comes earlier than the script says fails it, by more than the tolerance', () => {
    expect(GOOD).toContain(late);
    expect(run(early('+.1 write(4, ..., 1000) = 1000\n +.003 > P.')).result).toBe('pass');
    expect(run(early('+.1 write(4, ..., 1000) = 1000\n +.006 > P.'))).toMatchObject({
      result: 'fail',
      expected: 'at 0.206000 (± 0.004000)',
      actual: 'at 0.200000',
    });
    expect(
      run(`--tolerance_usecs=7000\n${early('+.1 write(4, ..., 1000) = 1000\n +.006 > P.')}`).result,
    ).toBe('pass');
  });

  test('a packet that comes late fails it, too', () => {
    const source = (time: string) => `${CONNECTION}
      +.1 write(4, ..., 1000) = 1000
       +0 > P. 1:1001(1000) ack 1
      ${time} > P. 1:1001(1000) ack 1`;
    expect(run(source('+.3')).result).toBe('pass');
    expect(run(source('+.2')).reason).toContain('wrong time');
    expect(run(source('+.25~+.35')).result).toBe('pass');
    expect(run(source('+.1~+.2')).reason).toContain('wrong time');
    expect(run(source('*')).result).toBe('pass');
    expect(run(source('0.500')).result).toBe('pass');
    expect(run(source('0.600')).reason).toContain('wrong time');
  });

  test('over longer times an eighth is tolerated, as by packetdrill', () => {
    const source = (time: string) => `${CONNECTION}
      +.1 write(4, ..., 1000) = 1000
       +0 > P. 1:1001(1000) ack 1
      +.3 > P. 1:1001(1000) ack 1
      ${time} > P. 1:1001(1000) ack 1`;
    expect(run(source('+.55')).result).toBe('pass');
    expect(run(source('+.5')).reason).toContain('wrong time');
    expect(run(`--tolerance_percent=1\n${source('+.55')}`).reason).toContain('wrong time');
  });

  test('a call that blocks must return when the script says', () => {
    const source = (end: string) => `${CONNECTION}
       +0...${end} read(4, ..., 1000) = 100
      +.2 < P. 1:101(100) ack 1 win 257`;
    expect(run(source('0.200')).result).toBe('pass');
    expect(run(source('0.300'))).toMatchObject({ result: 'fail', reason: 'return of read(): wrong time' });
    expect(run(source('0.100')).result).toBe('fail');
  });

  test('a call that still blocks when the script ends fails it', () => {
    expect(run(`${CONNECTION} +0...0.200 read(4, ..., 1000) = 100`).reason).toBe(
      'read() still blocks at the end of the script',
    );
  });

  test('an event that is late because a call blocked is found', () => {
    const outcome = run(`${CONNECTION}
       +0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0
      0.1 poll([{fd=4, events=POLLIN, revents=0}], 1, 300) = 0
      0.2 close(4) = 0`);
    expect(outcome).toMatchObject({ result: 'fail', reason: 'system-call: wrong time' });
  });
});

describe('system calls that differ are found:', () => {
  const cases: [what: string, piece: string, by: string, reason: string | RegExp][] = [
    ['a result', 'write(4, ..., 1000) = 1000', 'write(4, ..., 1000) = 999', 'result of a system call'],
    [
      'success instead of an error',
      'bind(3, ..., ...) = 0',
      'bind(3, ..., ...) = -1 EINVAL (x)',
      'result of a system call',
    ],
    [
      'an error instead of success',
      '= -1 EAGAIN (Resource temporarily unavailable)',
      '= 0',
      'result of a system call',
    ],
    ['another error', 'EAGAIN (Resource', 'EPIPE (Resource', 'error of a system call'],
    [
      'what poll() reports',
      'revents=POLLIN|POLLOUT',
      'revents=POLLIN',
      /^poll\(\): revents of 4: expected 0x1, got 0x5/,
    ],
    ['what ioctl() gives', '[100]) = 0', '[99]) = 0', 'ioctl(): SIOCINQ: expected 99, got 100'],
    [
      'the value of an option',
      'TCP_NODELAY, [0]',
      'TCP_NODELAY, [1]',
      /^getsockopt\(\): value of the option: expected \[1\]/,
    ],
    [
      'its length',
      'TCP_NODELAY, [0], [4]',
      'TCP_NODELAY, [0], [8]',
      'getsockopt(): length of the option: expected 8, got 4',
    ],
    ['a descriptor that is not open', 'write(4,', 'write(7,', 'the descriptor 7 is not open'],
    [
      'a descriptor that is open already',
      'accept(3, ..., ...) = 4',
      'accept(3, ..., ...) = 3',
      'the descriptor 3 is open already',
    ],
  ];
  test.each(cases)('%s', (_what, piece, by, reason) => {
    const outcome = spoiled(piece, by);
    expect(outcome.result).toBe('fail');
    expect(outcome.line).toBe(lineOf(piece));
    if (typeof reason === 'string') expect(outcome.reason).toBe(reason);
    else expect(outcome.reason).toMatch(reason);
  });

  test('flags and control messages of recvmsg()', () => {
    const source = (flags: string, control = '') => `${CONNECTION}
      +.1 < P. 1:101(100) ack 1 win 257
       +0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 40}, {..., 60}], msg_flags=${flags}${control}}, 0) = 100`;
    expect(run(source('0')).result).toBe('pass');
    expect(run(source('MSG_TRUNC')).reason).toBe('recvmsg(): msg_flags: expected 0x20, got 0x0');
    const message = ', msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=1}]';
    expect(run(source('0', message)).reason).toBe('recvmsg(): control messages: expected 1, got none');
  });

  test('events of epoll_wait()', () => {
    const source = (event: string, count = 1) => `${CONNECTION}
       +0 epoll_create(1) = 5
       +0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLOUT|EPOLLET, fd=4}) = 0
       +0 epoll_wait(5, {${event}}, 1, 0) = ${count}
       +0 epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0`;
    expect(run(source('events=EPOLLOUT, fd=4')).result).toBe('pass');
    expect(run(source('events=EPOLLIN, fd=4')).reason).toBe('epoll_wait(): events: expected 0x1, got 0x4');
    expect(run(source('events=EPOLLOUT, fd=5')).reason).toContain('data of the event');
    expect(run(source('events=EPOLLOUT, fd=4', 0)).reason).toBe('result of a system call');
  });
});

describe('code', () => {
  test('an assertion that does not hold fails the script, with what it said', () => {
    expect(spoiled('== TCP_ESTABLISHED', '== TCP_CLOSE')).toMatchObject({
      result: 'fail',
      reason: 'assertion failed',
      expected: 'tcpi_state == TCP_CLOSE',
      actual: '1',
    });
  });

  test('a connection whose descriptor is closed has no state to ask for', () => {
    expect(run(`${CONNECTION} +0 close(4) = 0\n +0 %{ assert tcpi_state == 1 }%`).reason).toContain(
      'without an open descriptor',
    );
  });
});

describe('timestamps', () => {
  const source = (options: string, value: number, echo = 500) => `${options}${LISTEN}
     +0 < S 0:0(0) win 32792 <mss 1000,nop,nop,TS val 500 ecr 0>
     +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr ${echo}>
    +.1 < . 1:1(0) ack 1 win 2000 <nop,nop,TS val 600 ecr 100>
     +0 accept(3, ..., ...) = 4
     +0 write(4, ..., 10) = 10
     +0 > P. 1:11(10) ack 1 <nop,nop,TS val ${value} ecr 600>
    +.1 < . 1:1(0) ack 11 win 2000 <nop,nop,TS val 700 ecr ${value}>`;

  test('ours are whatever the script calls them, unless it says how fast they tick', () => {
    expect(run(source('', 777)).result).toBe('pass');
    expect(run(source('--tcp_ts_tick_usecs=1000\n', 200)).result).toBe('pass');
    expect(run(source('--tcp_ts_tick_usecs=1000\n', 777)).reason).toContain('TCP options');
  });

  test('then what they echo is compared, too', () => {
    expect(run(source('--tcp_ts_tick_usecs=1000\n', 200, 501)).reason).toContain('TCP options');
  });

  test('the script may only echo what was sent', () => {
    const wrong = source('', 777).replace('val 600 ecr 100', 'val 600 ecr 101');
    expect(run(wrong).reason).toBe('the script echoes the timestamp 101, which was never sent');
    expect(run(`--tcp_ts_ecr_scaled\n${wrong}`).result).toBe('pass');
  });
});

test('ports tell conversations apart', () => {
  const source = (port: number) => `${LISTEN}
     +0 < 5000 > 8080 S 0:0(0) win 1000 <mss 1000>
     +0 > 8080 > 5000 S. 0:0(0) ack 1 <mss 1460>
    +.1 < 5001 > 8080 S 900:900(0) win 1000 <mss 1000>
     +0 > 8080 > ${port} S. 0:0(0) ack 901 <mss 1460>`;
  expect(run(source(5001)).result).toBe('pass');
  const wrong = run(source(5000));
  expect(wrong).toMatchObject({ result: 'fail', line: 9 });
  expect(wrong.history.at(-1)).toContain('192.168.0.1:8080 > 192.0.2.1:5001: not of this connection');
});

describe('leniently', () => {
  const lenient = { lenient: true };

  test.each([
    ['times', '+.1 write(4, ..., 1000) = 1000\n   +0 > P.', '+.1 write(4, ..., 1000) = 1000\n   +.1 > P.'],
    ['windows', 'ack 1 win 502', 'ack 1 win 77'],
    ['PSH', '> P. 1:1001(1000)', '> . 1:1001(1000)'],
    ['order and padding of options', '<mss 1460,nop,wscale 7>\n  +.1', '<wscale 7,nop,mss 1460>\n  +.1'],
  ])('%s do not count', (_what, piece, by) => {
    expect(spoiled(piece, by).result).toBe('fail');
    expect(spoiled(piece, by, lenient).result).toBe('pass');
  });

  test.each([
    ['numbers', '> P. 1:1001(1000) ack 1', '> P. 1:1001(1000) ack 2'],
    ['other flags', '> P. 1:1001(1000)', '> FP. 1:1001(1000)'],
    ['values of options', '<mss 1460,nop,wscale 7>\n  +.1', '<mss 1460,nop,wscale 8>\n  +.1'],
    ['results of calls', 'write(4, ..., 1000) = 1000', 'write(4, ..., 1000) = 10'],
  ])('%s do', (_what, piece, by) => {
    expect(spoiled(piece, by, lenient).result).toBe('fail');
  });
});

describe('what is not here is said to be unsupported, never passed:', () => {
  const cases: [what: string, source: string, reason: string][] = [
    [
      'addresses of the other version',
      `--local_ip=fd::1\n${GOOD}`,
      '--local_ip=fd::1 with --ip_version=ipv4',
    ],
    ['options of packetdrill', `--wire_client\n${GOOD}`, 'the option --wire_client'],
    [
      'families',
      '0 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3',
      'sockets of another family than the packets',
    ],
    ['system calls', `${CONNECTION} +0 splice(4, NULL, 5, NULL, 10, 0) = 10`, 'the system call splice()'],
    [
      'socket options',
      `${CONNECTION} +0 setsockopt(4, SOL_TCP, TCP_MD5SIG, [1], 4) = 0`,
      'the stack has no socket option TCP_MD5SIG',
    ],
    [
      'flags of send()',
      `${CONNECTION} +0 send(4, ..., 10, MSG_DONTROUTE) = 10`,
      'the stack has no MSG_DONTROUTE',
    ],
    ['names', `${CONNECTION} +0 send(4, ..., 10, MSG_NOBODY) = 10`, 'the stack has no MSG_NOBODY'],
    [
      'commands',
      `\`ip route add blackhole 192.0.2.0/24\`\n${GOOD}`,
      "the command 'ip route add blackhole 192.0.2.0/24'",
    ],
    ['tunables', `\`sysctl -q net.ipv4.tcp_nonsense=1\`\n${GOOD}`, 'sysctl net.ipv4.tcp_nonsense=1'],
    [
      'included files',
      `\`../common/defaults.sh\`\n${GOOD}`,
      "the script '../common/defaults.sh', which is not there",
    ],
    ['Python', `${CONNECTION} +0 %{ import os }%`, "the name 'import' in Python code"],
    [
      'fields of TCP_INFO',
      `${CONNECTION} +0 %{ assert tcpi_rehash == 0 }%`,
      "the name 'tcpi_rehash' in Python code",
    ],
    ['tunnels', `${CONNECTION} +0 < gre: . 1:1(0) ack 1 win 100`, 'packets in gre tunnels'],
  ];
  test.each(cases)('%s', (_what, source, reason) => {
    expect(run(source)).toMatchObject({ result: 'unsupported', reason });
  });
});

test('with --mss a larger packet is what receive offload has made of several segments', () => {
  const script = (mss: number) =>
    `--mss=${mss}\n${CONNECTION} +0 < P. 1:4001(4000) ack 1 win 257\n +0 > . 1:1(0) ack 4001\n +0 %{ assert tcpi_rcv_mss == 1000, tcpi_rcv_mss }%`;
  expect(run(script(1000))).toMatchObject({ result: 'pass' });
  expect(run(script(4000))).toMatchObject({ result: 'fail' });
});

test('a script that is none fails with its line and what was expected', () => {
  expect(run('0 socket(..., SOCK_STREAM\n+0 bind(3) = 0')).toMatchObject({
    result: 'fail',
    line: 2,
    reason: "syntax: expected ')', found '+'",
  });
  expect(run('')).toMatchObject({
    result: 'fail',
    reason: 'syntax: expected an event, found the end of the script',
  });
});

test('two runs of a script are the same', () => {
  expect(run(GOOD)).toEqual(run(GOOD));
});
