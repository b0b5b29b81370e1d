import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

describeKernel('a lab and a real Linux kernel on one cable', () => {
  let met: Meeting;
  beforeAll(() => {
    met = new Meeting();
  });
  afterAll(() => met.close());

  test("the kernel's ARP finds us, and its ping is answered", async () => {
    expect((await met.kernel.ping(3, BOX)).answered).toEqual([1, 2, 3]);
    expect(met.kernel.ip('neigh show')).toMatch(
      /^10\.77\.0\.2 dev \S+ lladdr 02:00:00:00:00:01 (REACHABLE|DELAY|PROBE)/,
    );
  });

  test('our ARP finds the kernel, and our ping is answered', async () => {
    met.box.stack.interface('eth0')!.neighbours!.flush(true);
    const { status, text } = await met.command(`ping -c 3 -i 0.1 ${KERNEL}`);
    expect(text).toContain('3 packets transmitted, 3 received, 0% packet loss');
    expect(text).toMatch(/64 bytes from 10\.77\.0\.1: icmp_seq=1 ttl=64 time=[\d.]+ ms/);
    expect(status).toBe(0);
    const [mac] = met.kernel.run('cat', `/sys/class/net/${met.tap.device}/address`).split('\n');
    const arp = await met.command('arp -n');
    expect(arp.text).toContain(mac);
  });

  test('the kernel resolves us after its entry was removed, and we it', async () => {
    met.kernel.ip(`neigh flush dev ${met.tap.device}`);
    const { status } = await met.kernel.command('ping', '-c', '1', BOX);
    expect(status).toBe(0);
  });

  test.each([1472, 1473, 4000, 20_000, 65_507])(
    'a ping of %i bytes goes both ways, in fragments',
    async (size) => {
      expect((await met.kernel.ping(2, '-s', `${size}`, BOX)).answered).toEqual([1, 2]);
      const ours = await met.command(`ping -c 2 -i 0.1 -s ${size} ${KERNEL}`);
      expect(ours.text).toContain('2 packets transmitted, 2 received, 0% packet loss');
    },
  );

  test('options of IP record the route and the times of both, whoever asks', async () => {
    const theirs = await met.kernel.command('ping', '-n', '-c', '1', '-R', BOX);
    expect(theirs.out).toMatch(/RR: \t10\.77\.0\.1\n\t10\.77\.0\.2\n\t10\.77\.0\.2\n\t10\.77\.0\.1\n/);
    const times = await met.kernel.command('ping', '-n', '-c', '1', '-T', 'tsandaddr', BOX);
    expect(times.out).toMatch(
      /TS: \t10\.77\.0\.1\t\d+ absolute\n\t10\.77\.0\.2\t-?\d+\n\t10\.77\.0\.2\t\d+\n/,
    );
    const ours = await met.command(`ping -c 1 -R ${KERNEL}`);
    expect(ours.text).toMatch(/RR: \t10\.77\.0\.2\n\t10\.77\.0\.1\n\t10\.77\.0\.1\n\t10\.77\.0\.2\n/);
    const stamps = await met.command(`ping -c 1 -T tsonly ${KERNEL}`);
    expect(stamps.text).toMatch(/TS: \t\d+ absolute\n\t-?\d+\n\t\d+\n\t-?\d+\n/);
  });

  test('a flood of pings is answered without a loss', async () => {
    const before = met.kernel.counters();
    const { out } = await met.kernel.command('ping', '-q', '-f', '-c', '2000', '-w', '50', BOX);
    expect(out).toMatch(/ 2000 received/);
    // What comes behind them has an answer.
    await met.kernel.ping(1, BOX);
    const after = met.kernel.counters();
    const counted = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect(counted('Icmp OutEchos')).toBeGreaterThan(2000);
    expect(counted('Icmp InEchoReps')).toBe(counted('Icmp OutEchos'));
  });

  test('a frame for a kernel whose interface is down is dropped by name', async () => {
    met.kernel.ip(`link set ${met.tap.device} down`);
    const { status, text } = await met.command(`ping -c 1 -W 0.1 ${KERNEL}`);
    expect(text).toContain('1 packets transmitted, 0 received');
    expect(status).toBe(1);
    expect(met.tap.tracer.drops.get('tap.down')).toBeGreaterThan(0);
    met.kernel.ip(`link set ${met.tap.device} up`);
    expect((await met.command(`ping -c 1 ${KERNEL}`)).status).toBe(0);
  });

  test('neither tshark nor the kernel finds anything wrong in all of it', async () => {
    expect(await met.faults()).toBe('');
    expect(met.kernel.complaints()).toEqual({});
    expect(await met.frames('arp.opcode == 2 && eth.src == 02:00:00:00:00:01')).not.toBe('');
  });
});
