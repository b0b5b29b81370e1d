import { describe, expect, test } from 'vitest';
import { runScript } from './run-script.ts';
import { IP_VERSIONS } from './settings.ts';

const SERVER = `
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 1000 <mss 1000>
  +0 > S. 0:0(0) ack 1 <mss 1460>
 +.1 < . 1:1(0) ack 1 win 1000
  +0 accept(3, ..., ...) = 4
  +0 write(4, ..., 500) = 500
  +0 > P. 1:501(500) ack 1
`;

const TOO_BIG = `
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 30000 <mss 1460>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 30000
  +0 accept(3, ..., ...) = 4
  +0 write(4, ..., 1460) = 1460
  +0 > P. 1:1461(1460) ack 1
 +.1 < icmp packet_too_big mtu 1300 [1:1461(1460)]
  +0 > . 1:1241(1240) ack 1
  +0 > P. 1241:1461(220) ack 1
`;

describe('the same script', () => {
  test.each(IP_VERSIONS)('runs over %s', (ipVersion) => {
    expect(runScript(SERVER, { ipVersion })).toMatchObject({ result: 'pass', reason: null });
  });
});

test('a path that takes less over IPv6 is told by "packet too big"', () => {
  expect(runScript(TOO_BIG, { ipVersion: 'ipv6' })).toMatchObject({ result: 'pass', reason: null });
  expect(runScript(TOO_BIG)).toMatchObject({
    result: 'fail',
    reason: "syntax: 'packet_too_big' is no ICMP type",
  });
});

test('a script may name its version itself, and must name addresses of it', () => {
  expect(runScript(`--ip_version=ipv6\n--mtu=1520\n${SERVER}`)).toMatchObject({ reason: null });
  expect(runScript(`--ip_version=ipv6\n--local_ip=10.0.0.1\n${SERVER}`)).toMatchObject({
    result: 'unsupported',
  });
  expect(runScript(`--ip_version=ipv5\n${SERVER}`)).toMatchObject({ result: 'fail' });
});
