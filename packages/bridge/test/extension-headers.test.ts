import { pythonProgram } from '@netarium/python/node';
import type { Host } from 'netarium';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { Meeting } from './support/meeting.ts';

const KERNEL = 'fd77::1';
const BOX = 'fd77::2';
const OTHER = 'fd78::3';
const HOME = '/home/student';

/** What both sides' programs use: one text for the kernel's Python and for that of the lab. */
const COMMON = `
import errno, socket, struct, sys
V6 = socket.IPPROTO_IPV6
HOP, STATIONS, ROUTE, DST = socket.IPV6_HOPOPTS, socket.IPV6_RTHDRDSTOPTS, socket.IPV6_RTHDR, socket.IPV6_DSTOPTS
def header(option): return bytes([0, 0, option, 4, 0, 0, 0, 0])
def route(left, last, segments, tlvs=b''):
    return bytes([0, (16 * len(segments) + len(tlvs)) // 8, 4, left, last, 0, 0, 0]) + b''.join(socket.inet_pton(socket.AF_INET6, s) for s in segments) + tlvs
def attempt(work):
    try: return work()
    except OSError as e: return errno.errorcode[e.errno]
def say(*what): print(*what, flush=True)
`;

/** Sends datagrams of every kind, and says what each call came to. */
const SEND = `${COMMON}
to = (sys.argv[1], 5000)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
def get(name, room=64): return attempt(lambda: s.getsockopt(V6, name, room))
def put(name, value): return attempt(lambda: s.setsockopt(V6, name, value))
def send(data, *controls): return attempt(lambda: s.sendmsg([data], [(V6, *c) for c in controls], 0, to))
say([get(name) for name in (HOP, STATIONS, ROUTE, DST)])
say(put(HOP, header(0x1e)), put(DST, header(0x1d)), put(STATIONS, header(0x1c)), get(HOP), get(STATIONS, 4))
say(send(b'sticky'), send(b'x' * 3000))
say(send(b'hop limit', (socket.IPV6_HOPLIMIT, struct.pack('i', 9))), send(b'instead', (DST, header(0x03))))
say(send(b'twice', (HOP, header(0)), (HOP, header(0))), send(b'dst twice', (DST, header(0x1e)), (DST, header(0x1f))))
say(send(b'short', (HOP, b'')), send(b'longer than it says', (HOP, header(0x1e) + bytes(8))))
say([put(ROUTE, value) for value in (bytes([0, 2, 0, 1]) + bytes(20), bytes([0, 2, 2, 1]) + bytes(20), route(2, 1, ['::', '::1']), route(1, 2, ['::', '::1']))])
say([put(ROUTE, route(0, 0, ['::'], tlv)) for tlv in (bytes([5, 7]) + bytes(6), bytes([5, 6]) + bytes(6), bytes(8))], get(ROUTE))
say(put(ROUTE, b''), put(HOP, b''), get(ROUTE), get(HOP), [put(DST, v) for v in (header(0)[:7], bytes([0, 1]) + bytes(6), b'x', bytes([0, 255]) + bytes(2046))])
say([send(b'no', (name, struct.pack('i', 1))) for name in (socket.IPV6_RECVHOPOPTS, socket.IPV6_RECVRTHDR, socket.IPV6_RECVDSTOPTS, socket.IPV6_RECVPATHMTU, socket.IPV6_PATHMTU)], send(b'no', (ROUTE, route(0, 0, ['::']))))
say(put(DST, b''), get(socket.IPV6_PATHMTU), get(socket.IPV6_PATHMTU, 31), get(24), put(24, 1279), put(24, 1280))
s.connect(to)
say(get(socket.IPV6_PATHMTU), get(24))
say(send(b'y' * 1400), send(b'y' * 2000), put(24, 0))
s.setsockopt(V6, socket.IPV6_RECVPATHMTU, 1)
say(get(socket.IPV6_DONTFRAG), send(b'z' * 1453, (socket.IPV6_DONTFRAG, struct.pack('i', 1))), attempt(lambda: s.recvmsg(10, 100, socket.MSG_DONTWAIT)))
say(put(socket.IPV6_DONTFRAG, 1), put(HOP, header(0x1e)), send(b'z' * 1445), attempt(lambda: s.recvmsg(10, 100, socket.MSG_DONTWAIT)), attempt(lambda: s.recvmsg(10, 100, socket.MSG_DONTWAIT)))
say(send(b'z' * 1444), get(23), [put(23, v) for v in (-1, 0, 1, 2, 6)])
say(send(b'end'))
`;

/** Says what comes, with everything that the headers say. */
const RECEIVE = `${COMMON}
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('', 5000))
for name in (socket.IPV6_RECVHOPLIMIT, socket.IPV6_RECVHOPOPTS, socket.IPV6_RECVRTHDR, socket.IPV6_RECVDSTOPTS): s.setsockopt(V6, name, 1)
say('bound')
data = b''
while data != b'end':
    data, controls, flags, peer = s.recvmsg(70000, 4096)
    say(len(data), data[:8], flags, [(level, kind, value.hex()) for level, kind, value in controls])
`;

/** Goes by way of a machine that the route names. */
const BY_ROUTE = `${COMMON}
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(5)
s.setsockopt(V6, ROUTE, route(1, 1, ['::', sys.argv[2]])); s.setsockopt(V6, DST, header(0x1e))
say(s.sendto(b'end', (sys.argv[1], 5000)))
`;

/** Streams whose every segment has headers: what comes back is what was sent. */
const STREAM_SERVER = `${COMMON}
l = socket.socket(socket.AF_INET6); l.setsockopt(V6, DST, header(0x1d)); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(('', 5001)); l.listen(); say('bound')
c, _ = l.accept(); l.close(); say(c.getsockopt(V6, DST, 8))
while data := c.recv(65536): c.sendall(data)
`;
const STREAM_CLIENT = `${COMMON}
import hashlib, threading
s = socket.socket(socket.AF_INET6); s.setsockopt(V6, HOP, header(0x1e)); s.setsockopt(V6, DST, header(0x1d)); s.connect((sys.argv[1], 5001))
data = bytes(range(256)) * 800; got = b''
for i in range(0, len(data), 20480):
    s.sendall(data[i:i + 20480])
    while len(got) < i + 20480 and (more := s.recv(65536)): got += more
say(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG), got == data)
`;

const PROGRAMS = { SEND, RECEIVE, BY_ROUTE, STREAM_SERVER, STREAM_CLIENT };

/** A box of ours and a kernel; behind the box another machine. All of them go on with packets that have a route of segments. */
function meeting(): { met: Meeting; other: Host } {
  let other: Host | undefined;
  const met = new Meeting({}, (lab) => {
    const box = lab.router('box', { ipv6: { addresses: { eth0: `${BOX}/64`, eth1: 'fd78::1/64' } } });
    other = lab.host('other', { ipv6: { addresses: { eth0: `${OTHER}/64` }, gateway: 'fd78::1' } });
    lab.link('box:eth1', 'other:eth0');
    return box;
  });
  const { kernel, tap } = met;
  if (other === undefined) throw new Error('no lab was built');
  kernel.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
  kernel.sysctl(`net.ipv6.conf.${tap.device}.seg6_enabled`, 1);
  for (const name of ['forwarding', 'seg6_enabled']) kernel.sysctl(`net.ipv6.conf.all.${name}`, 1);
  kernel.ip(`addr add ${KERNEL}/64 dev ${tap.device} nodad`);
  kernel.ip(`route add fd78::/64 via ${BOX}`);
  for (const { stack } of [met.box, other]) stack.sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
  return { met, other };
}

describeKernel('IPv6 extension headers between us and a real kernel, by one program on both sides', () => {
  let met: Meeting;
  let other: Host;
  beforeAll(async () => {
    ({ met, other } = meeting());
    for (const host of [met.box, other]) {
      host.install('python3', pythonProgram());
      for (const [name, text] of Object.entries(PROGRAMS)) host.write(`${name}.py`, text);
    }
    const addresses = [met.box, other].flatMap(({ stack }) => stack.addresses6);
    await met.until(() => addresses.every(({ tentative }) => !tentative));
  });
  afterAll(() => met.close());

  /** What a program on the kernel's side says, and one on ours. */
  const onKernel = (program: string, ...argv: string[]) => met.kernel.python(program, ...argv);
  const onOurs = (name: keyof typeof PROGRAMS, host: Host = met.box, ...argv: string[]) => {
    const process = met.now(() => host.start(`python3 ${HOME}/${name}.py ${argv.join(' ')}`, { uid: 0 }));
    const says = (line: string) => met.until(() => process.terminal.text.includes(line));
    return { says, done: process.exit.then(() => process.terminal.text) };
  };

  test('every call is answered alike, and every datagram arrives with the same headers', async () => {
    const theirs = onKernel(RECEIVE);
    await theirs.says('bound');
    const ourCalls = await onOurs('SEND', met.box, KERNEL).done;
    const gotByKernel = (await theirs.done).out;

    const ours = onOurs('RECEIVE');
    await ours.says('bound');
    const theirCalls = (await onKernel(SEND, BOX).done).out;
    const gotByUs = await ours.done;

    // They name whom they have sent to.
    const alike = (text: string) =>
      text
        .replaceAll(KERNEL, BOX)
        .replaceAll('\\x00\\x01\\x00\\x00\\x00\\x00', '\\x00\\x02\\x00\\x00\\x00\\x00');
    expect(alike(ourCalls)).toBe(alike(theirCalls));
    expect(gotByUs).toBe(gotByKernel);
    expect(gotByUs).toContain(
      "6 b'sticky' 0 [(41, 52, '40000000'), (41, 54, '3c001e0400000000'), (41, 59, '11001d0400000000')]",
    );
  });

  test('streams bear them in every segment, either way', async () => {
    const theirs = onKernel(STREAM_SERVER);
    await theirs.says('bound');
    const our = await onOurs('STREAM_CLIENT', met.box, KERNEL).done;
    const ours = onOurs('STREAM_SERVER');
    await ours.says('bound');
    const their = (await onKernel(STREAM_CLIENT, BOX).done).out;
    expect([our, their]).toEqual(['1412 True\n', '1412 True\n']);
    expect([await ours.done, (await theirs.done).out]).toEqual(
      [...new Array(2)].map(() => "bound\nb'\\x00\\x00\\x1d\\x04\\x00\\x00\\x00\\x00'\n"),
    );
  });

  test('a route of segments is followed alike by the kernel and by us', async () => {
    const atOther = async (send: () => Promise<unknown>) => {
      const end = onOurs('RECEIVE', other);
      await end.says('bound');
      await send();
      return end.done;
    };
    const byKernel = await atOther(() => onOurs('BY_ROUTE', met.box, OTHER, KERNEL).done);
    const byUs = await atOther(() => onKernel(BY_ROUTE, OTHER, BOX).done);
    // The kernel's way there leads by us as well: one hop more.
    expect(byUs).toBe(byKernel.replace("00001'), (41, 59", "00002'), (41, 59").replace('3e', '3f'));
    const end = onKernel(RECEIVE);
    await end.says('bound');
    await onOurs('BY_ROUTE', other, KERNEL, BOX).done;
    expect((await end.done).out).toContain("(41, 52, '3f000000')");
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
    expect(await met.frames('ipv6.routing.type == 4 && ipv6.dstopts && udp')).not.toBe('');
  });
});
