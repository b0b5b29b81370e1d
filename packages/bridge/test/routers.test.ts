import { formatMac, NULL_MAC } from '@netarium/osi/2-datalink';
import type { Host, Lab } from 'netarium';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

const OTHER = '10.77.0.3';
const FAR = '10.78.0.2';

/** The kernel, `box` and `other` on one switch; `far` behind `other`. */
async function threeOnOneLink(): Promise<{ met: Meeting; other: Host }> {
  const made: Host[] = [];
  const build = (lab: Lab) => {
    lab.switch('sw');
    const box = lab.router('box', { addresses: { eth0: `${BOX}/24` } });
    const other = lab.router('other', { addresses: { eth0: `${OTHER}/24`, eth1: '10.78.0.1/24' } });
    const far = lab.host('far', { addresses: { eth0: `${FAR}/24` }, gateway: '10.78.0.1' });
    box.machine.configure({ ipv6: { addresses: { eth0: 'fd77::2/64' } } });
    other.machine.configure({ ipv6: { addresses: { eth0: 'fd77::3/64', eth1: 'fd78::1/64' } } });
    far.machine.configure({ ipv6: { addresses: { eth0: 'fd78::2/64' }, gateway: 'fd78::1' } });
    lab.link('box:eth0', 'sw:1');
    lab.link('other:eth0', 'sw:2');
    lab.link('other:eth1', 'far:eth0');
    made.push(box, other, far);
    return box;
  };
  const met = new Meeting({}, build, 'sw:3');
  // Before its link-local address may be used it would answer nobody who asks for it.
  met.kernel.sysctl(`net.ipv6.conf.${met.tap.device}.accept_dad`, 0);
  met.kernel.sysctl('net.ipv6.conf.all.disable_ipv6', 0);
  met.kernel.ip(`addr add fd77::1/64 dev ${met.tap.device} nodad`);
  const [, other] = made;
  if (other === undefined) throw new Error('the lab was not built');
  // Nor do ours.
  await met.until(() => made.every(({ stack }) => stack.addresses6.every(({ tentative }) => !tentative)));
  return { met, other };
}

/** The link-local address of a machine's interface on the switch. */
const linkLocal = ({ stack }: Host): string => {
  const found = stack.addresses6.find(
    ({ address, link }) => link.name === 'eth0' && address.text.startsWith('fe80'),
  );
  return (found?.address.text ?? '').replace(/%.*/, '');
};

describeKernel('redirects between us and a real kernel', () => {
  describe('our router knows a better one', () => {
    let met: Meeting;
    let other: Host;
    beforeAll(async () => {
      ({ met, other } = await threeOnOneLink());
    });
    afterAll(() => met.close());

    test('the kernel follows our ICMP redirect', async () => {
      met.now(() => met.box.stack.addRoute({ destination: '10.78.0.0/24', via: OTHER }));
      met.kernel.ip(`route add 10.78.0.0/24 via ${BOX}`);
      const { out, answered } = await met.kernel.ping(4, FAR);
      expect(answered).toEqual([1, 2, 3, 4]);
      expect(out).toMatch(/From 10\.77\.0\.2.*Redirect Host\(New nexthop: 10\.77\.0\.3\)/);
      expect(met.kernel.ip(`route get ${FAR}`)).toMatch(/via 10\.77\.0\.3 .*\n.*cache <redirected>/);
      const past = met.box.stack.ip.counters.ForwDatagrams;
      await met.kernel.command('ping', '-n', '-c', '1', FAR);
      expect(met.box.stack.ip.counters.ForwDatagrams).toBe(past);
    });

    test('the kernel follows our redirect of neighbour discovery', async () => {
      const better = linkLocal(other);
      met.now(() => met.box.stack.addRoute({ destination: 'fd78::/64', via: better, interface: 'eth0' }));
      met.kernel.ip(`-6 route add fd78::/64 via ${linkLocal(met.box)} dev ${met.tap.device}`);
      expect((await met.kernel.ping(3, '-6', 'fd78::2')).answered).toEqual([1, 2, 3]);
      expect(met.kernel.ip('-6 route get fd78::2')).toContain(`via ${better}`);
      const past = met.box.stack.ip6.counters.OutForwDatagrams;
      await met.kernel.command('ping', '-6', '-n', '-c', '1', 'fd78::2');
      expect(met.box.stack.ip6.counters.OutForwDatagrams).toBe(past);
    });

    test('neither tshark nor the kernel finds anything wrong', async () => {
      expect(await met.faults()).toBe('');
      expect(met.kernel.complaints()).toEqual({});
    });
  });

  describe('the kernel knows a better router', () => {
    let met: Meeting;
    let other: Host;
    beforeAll(async () => {
      ({ met, other } = await threeOnOneLink());
      met.now(() => {
        met.box.stack.sysctl.set('net.ipv4.ip_forward', 0);
        met.box.stack.sysctl.set('net.ipv6.conf.all.forwarding', 0);
      });
      met.kernel.sysctl('net.ipv4.ip_forward', 1);
      met.kernel.sysctl('net.ipv6.conf.all.forwarding', 1);
    });
    afterAll(() => met.close());

    const mac = ({ stack }: Host): string => formatMac(stack.interface('eth0')?.mac ?? NULL_MAC);
    const direct = (filter: string) =>
      met.frames(`${filter} && eth.src == ${mac(met.box)} && eth.dst == ${mac(other)}`);

    /** Those of our packets that went to the better router; a busy machine may have sent all of a ping's before it was told. */
    async function followed(filter: string, ping: string): Promise<string> {
      let frames = await direct(filter);
      for (let tries = 0; tries < 10 && frames === ''; tries++) {
        await met.command(ping);
        frames = await direct(filter);
      }
      return frames;
    }

    test('we follow its ICMP redirect', async () => {
      met.kernel.ip(`route add 10.78.0.0/24 via ${OTHER}`);
      met.now(() => met.box.stack.addRoute({ destination: '10.78.0.0/24', via: KERNEL }));
      const { text } = await met.command(`ping -n -c 4 -i 0.2 ${FAR}`);
      expect(text).toContain('4 packets transmitted, 4 received');
      expect(met.box.stack.icmp.counters.InRedirects).toBeGreaterThan(0);
      expect(await followed('icmp.type == 8', `ping -n -c 1 ${FAR}`)).not.toBe('');
    });

    test('we follow its redirect of neighbour discovery', async () => {
      met.kernel.ip(`-6 route add fd78::/64 via ${linkLocal(other)} dev ${met.tap.device}`);
      const [, gateway = ''] =
        /inet6 (fe80::[\da-f:]+)/.exec(met.kernel.ip(`-6 addr show ${met.tap.device}`)) ?? [];
      met.now(() => met.box.stack.addRoute({ destination: 'fd78::/64', via: gateway, interface: 'eth0' }));
      const { text } = await met.command('ping -6 -n -c 4 -i 0.2 fd78::2');
      expect(text).toContain('4 packets transmitted, 4 received');
      expect(met.box.stack.icmp6.counters.InRedirects).toBeGreaterThan(0);
      expect(await followed('icmpv6.type == 128', 'ping -6 -n -c 1 fd78::2')).not.toBe('');
    });
  });
});

/** Sources: the way back to one is this link, to one another link, and no route leads to the third. */
const SOURCES = ['10.77.0.9', '10.99.0.1', '10.98.0.1'];
const MODES = [
  [0, 0],
  [1, 0],
  [0, 1],
  [2, 0],
  [1, 2],
] as const;

describeKernel('rp_filter of ours and of a real kernel', () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting({}, (lab) => {
      const box = lab.host('box', { addresses: { eth0: `${BOX}/24`, eth1: '10.70.0.1/24' } });
      lab.host('side', { addresses: { eth0: '10.70.0.2/24' } });
      lab.link('box:eth1', 'side:eth0');
      return box;
    });
    met.kernel.ip('link add side type veth peer name edge');
    met.kernel.ip('addr add 10.70.0.1/24 dev side');
    met.kernel.ip('link set edge up');
    met.kernel.ip('link set side up');
    for (const source of SOURCES) {
      met.kernel.ip(`addr add ${source}/32 dev lo`);
    }
  });
  afterAll(() => met.close());

  test('drop the same packets, and count them', async () => {
    const { box, kernel } = met;
    const theirs = () => kernel.counters()['TcpExt IPReversePathFilter'] ?? Number.NaN;
    const counted: Record<string, [number, number]> = {};
    // First the kernel sends to us; then these addresses are ours, and we to the kernel.
    met.now(() => box.stack.addRoute({ destination: '10.99.0.0/24', via: '10.70.0.2' }));
    for (const [all, own] of MODES) {
      met.now(() => {
        box.stack.sysctl.set('net.ipv4.conf.all.rp_filter', all);
        box.stack.sysctl.set('net.ipv4.conf.eth0.rp_filter', own);
      });
      for (const source of SOURCES) {
        const before = [box.stack.ip.reversePathFiltered, box.stack.udp.counters.NoPorts];
        const arrived = met.until(
          () => box.stack.ip.reversePathFiltered + box.stack.udp.counters.NoPorts > before[0]! + before[1]!,
        );
        await kernel.python(
          `s = socket.socket(socket.AF_INET, UDP); s.bind((sys.argv[1], 0)); s.sendto(b'x', (sys.argv[2], 9))`,
          source,
          BOX,
        ).done;
        await arrived;
        counted[`${all} ${own} ${source}`] = [box.stack.ip.reversePathFiltered - before[0]!, Number.NaN];
      }
    }
    for (const source of SOURCES) {
      kernel.ip(`addr del ${source}/32 dev lo`);
      met.now(() => box.stack.addAddress('lo', `${source}/32`));
    }
    kernel.ip('route add 10.99.0.0/24 dev side');
    for (const [all, own] of MODES) {
      kernel.sysctl('net.ipv4.conf.all.rp_filter', all);
      kernel.sysctl(`net.ipv4.conf.${met.tap.device}.rp_filter`, own);
      for (const source of SOURCES) {
        const before = theirs();
        const sent = met.now(() => {
          const socket = box.stack.datagram({ address: source, port: 9 });
          socket.send('x', { address: KERNEL, port: 9 });
          socket.close();
        });
        expect(sent).toBeUndefined();
        // What comes behind it has an answer.
        await met.command(`ping -c 1 ${KERNEL}`);
        const line = counted[`${all} ${own} ${source}`];
        if (line !== undefined) line[1] = theirs() - before;
      }
    }
    expect(Object.values(counted).map(([ours]) => ours)).toEqual(
      Object.values(counted).map(([, kernels]) => kernels),
    );
    expect(Object.values(counted).reduce((sum, [ours]) => sum + ours, 0)).toBeGreaterThan(4);
  });
});

describeKernel('ip addr on a machine of ours and on a real kernel', () => {
  test('shows the same after the same commands', async () => {
    const met = new Meeting({}, (lab) => {
      const box = lab.host('box', { addresses: { eth0: `${BOX}/24` } });
      lab.host('side', {});
      lab.link('box:eth1', 'side:eth0');
      return box;
    });
    const asRoot = async (line: string): Promise<string> => {
      const process = met.now(() => met.box.machine.run(line, { uid: 0 }));
      await process.exit;
      return process.terminal.text;
    };
    try {
      met.kernel.ip('link add eth1 type veth peer name edge');
      met.kernel.ip('link set edge up');
      met.kernel.ip('link set eth1 up');
      for (const change of CHANGES) {
        let said = '';
        try {
          said = met.kernel.ip(change);
        } catch (error) {
          said = String((error as { stderr?: unknown }).stderr);
        }
        expect(`${change}: ${await asRoot(`ip ${change}`)}`).toBe(`${change}: ${said}`);
        for (const show of SHOWN) {
          expect(`${change}: ${plain(await asRoot(`ip ${show}`))}`).toBe(
            `${change}: ${plain(met.kernel.ip(show))}`,
          );
        }
      }
    } finally {
      await met.close();
    }
  });
});

const SHOWN = [
  '-4 addr show dev eth1',
  '-4 route show dev eth1',
  '-4 -br addr show dev eth1',
  '-4 -o addr show dev eth1',
  '-4 addr show dev eth1 scope link',
  '-4 addr show dev eth1 secondary',
  'addr show dev eth1 to 10.1.0.0/25',
];

/** Without what is of the link itself: its number, its queue, and that it is one of a pair. */
const plain = (text: string): string =>
  text
    .replace(/^\d+: (?=eth1 )/gm, '')
    .replace(/^\d+: .*\n/gm, '')
    .replace(/^eth1(@edge)? +UP +/gm, 'eth1 UP ');

const CHANGES = [
  'addr add 10.1.0.1/24 dev eth1',
  'addr add 10.1.0.2/24 brd + dev eth1 label eth1:b',
  'addr add 10.1.0.3/25 dev eth1',
  'addr add 10.1.0.4/24 scope link dev eth1',
  'addr add 10.2.0.1/24 brd 10.2.0.99 scope link dev eth1',
  'addr add 10.1.0.5/32 dev eth1',
  'addr add 10.1.0.1/24 dev eth1',
  'addr add 10.3.0.6/24 scope 7 dev eth1',
  'addr del 10.1.0.5/24 dev eth1',
  'addr del 10.1.0.1/24 dev eth1',
  'addr add 10.1.0.7/25 dev eth1',
  'addr add 10.1.0.8/25 dev eth1',
  'addr add 10.3.0.9/24 scope 7 dev eth1',
  'route add 10.9.0.0/24 via 10.1.0.99 dev eth1',
  'addr del 10.1.0.3/25 dev eth1',
  'addr replace 10.3.0.6/24 scope 7 dev eth1',
  'addr change 10.9.0.1/24 brd + dev eth1',
  '-4 -s addr flush dev eth1 scope link',
  '-4 -s addr flush dev eth1',
  '-4 -s addr flush dev eth1',
];
