import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

const PING = `import os, socket, struct, time
def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.settimeout(2)
body = struct.pack('!d', time.time()) + b'abcdefgh'
head = struct.pack('!BBHHH', 8, 0, 0, 77, 1)
head = struct.pack('!BBHHH', 8, 0, checksum(head + body), 77, 1)
s.sendto(head + body, ('10.0.0.1', 0))
packet, address = s.recvfrom(1024)
kind, code, _, ident, sequence = struct.unpack('!BBHHH', packet[20:28])
print(address, packet[9], kind, code, ident, sequence, packet[36:])
`;

it('a ping of ones own, by a raw socket: for root, and for nobody else', async () => {
  const { client, run } = twoMachines();
  client.files.put('/home/student/ping.py', PING);
  const go = async (uid: number) => {
    const process = client.spawn(['python3', 'ping.py'], {
      cwd: '/home/student',
      uid,
      env: { NO_COLOR: '1' },
    });
    await run(() => process.status !== null);
    return process.terminal.text.replaceAll('\r', '');
  };
  expect(await go(0)).toBe("('10.0.0.1', 0) 1 0 0 77 1 b'abcdefgh'\n");
  expect(await go(1000)).toContain('PermissionError: [Errno 1] Operation not permitted');
});

it('what the header of a datagram said, and the ICMP error about one, as control messages', async () => {
  const { server, client, run, start } = twoMachines();
  const listener = start(
    server,
    `import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 9000))
for option in (socket.IP_RECVTTL, socket.IP_RECVTOS, 8):
    s.setsockopt(socket.IPPROTO_IP, option, 1)
data, controls, flags, address = s.recvmsg(100, 200)
for level, kind, value in controls:
    print(level, kind, value.hex())
`,
  );
  await run();
  const sender = start(
    client,
    `import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x10)
s.sendto(b'hello', ('10.0.0.1', 9000))
s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVERR, 1)
s.sendto(b'nobody', ('10.0.0.1', 9))
time.sleep(0.1)
data, controls, flags, address = s.recvmsg(100, 200, socket.MSG_ERRQUEUE)
level, kind, value = controls[0]
errno, origin, icmp_type, code = struct.unpack('=IBBB', value[:7])
print(data, address, level, kind, errno, origin, icmp_type, code, socket.inet_ntoa(value[20:24]))
`,
  );
  await run(() => listener.status !== null && sender.status !== null);
  expect(listener.terminal.text.replaceAll('\r', '')).toBe(
    '0 2 40000000\n0 1 10\n0 8 020000000a0000010a000001\n',
  );
  expect(sender.terminal.text.replaceAll('\r', '')).toBe(
    "b'nobody' ('10.0.0.1', 9) 0 11 111 2 3 3 10.0.0.1\n",
  );
});
