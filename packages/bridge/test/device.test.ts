import { existsSync } from 'node:fs';
import { RealTime, Tap, TapError } from '@netarium/bridge';
import { FramePool, Port, type PortOwner } from '@netarium/osi/1-physical';
import { Simulation } from '@netarium/osi/time';
import { Tracer } from '@netarium/osi/trace';
import { Lab } from 'netarium';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKernel } from './support/describe.ts';
import { Namespace } from './support/namespace.ts';

/** What `work` is refused with: its code, and the line for the one who asked. */
function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(TapError);
    return `${(error as TapError).code}: ${(error as TapError).message}`;
  }
  throw new Error('it was not refused');
}

/** Does something as a user without rights. */
function asNobody<T>(work: () => T): T {
  process.seteuid!(65_534);
  try {
    return work();
  } finally {
    process.seteuid!(0);
  }
}

describeKernel('a TAP device', () => {
  let kernel: Namespace;
  const sim = new Simulation();
  beforeAll(() => {
    kernel = new Namespace();
  });
  afterAll(() => kernel.close());

  const open = (device?: string) =>
    new Tap({ sim, netns: kernel.name, ...(device !== undefined && { device }) });

  test('gets the first free name, or the one asked for, and goes when it is closed', () => {
    const taps = [open(), open(), open('box%d'), open('wire')];
    expect(taps.map(({ device }) => device)).toEqual(['tap0', 'tap1', 'box0', 'wire']);
    expect(kernel.ip('-br link')).toMatch(/tap0.*\ntap1.*\nbox0.*\nwire/);
    for (const tap of taps) tap.close();
    taps[0]!.close();
    expect(kernel.ip('-br link')).not.toMatch(/tap|box|wire/);
  });

  test('is made in its namespace and nowhere else', () => {
    const tap = open('elsewhere');
    expect(kernel.ip('-br link')).toContain('elsewhere');
    expect(existsSync('/sys/class/net/elsewhere')).toBe(false);
    tap.close();
  });

  test('may be one that was made for us, and then stays', () => {
    kernel.ip('tuntap add mode tap name lasting');
    const tap = open('lasting');
    expect(refused(() => open('lasting'))).toBe('EBUSY: the TAP device lasting is in use by another program');
    tap.close();
    expect(kernel.ip('-br link')).toContain('lasting');
    kernel.ip('tuntap del mode tap name lasting');
  });

  test('is refused in one line that says why', () => {
    expect(refused(() => open('lo'))).toBe('EINVAL: the network interface lo is no TAP device');
    for (const name of ['', 'two words', 'a/b', 'a:b', 'sixteen-letters-'])
      expect(refused(() => open(name))).toBe(
        `EINVAL: "${name}" is no name for a network interface: expected 1 to 15 bytes without space, slash or colon`,
      );
    expect(refused(() => new Tap({ sim, netns: 'nowhere' }))).toBe(
      'ENOENT: there is no network namespace "nowhere": make it with ip netns add nowhere',
    );
  });

  test('is refused to who may not have one', () => {
    const asked = asNobody(() => refused(() => new Tap({ sim })));
    expect(asked).toMatch(
      /^(EACCES|EPERM): no permission to .*: it takes root or CAP_NET_ADMIN, or a device made for /,
    );
    const entered = asNobody(() => refused(() => open()));
    expect(entered).toMatch(/^(EACCES|EPERM): no permission to /);
  });

  test('takes frames up to 64 KiB, and at most as many as it is asked for', async () => {
    const tap = open('big');
    kernel.ip('link set big mtu 65521 up');
    kernel.ip('addr add 10.81.0.1/24 dev big');
    kernel.ip('neigh add 10.81.0.2 lladdr 02:00:00:00:00:02 dev big');
    const lengths: number[] = [];
    const owner: PortOwner = {
      receive(_, frame) {
        lengths.push(frame.length);
        frame.release();
      },
    };
    const port = new Port('far', new Tracer(sim, 'far'), new FramePool());
    port.attach(owner);
    tap.port.plug({ send: (frame) => port.receive(frame), bandwidth: Number.POSITIVE_INFINITY });
    const sent = await kernel.python(`
s = socket.socket(socket.AF_INET, UDP); s.connect(('10.81.0.2', 9))
for size in (100, 60000, 100): s.send(bytes(size))
`).done;
    expect(sent.err).toBe('');
    expect([tap.take(2), tap.take(2), tap.take(2)]).toEqual([2, 1, 0]);
    expect(lengths).toEqual([142, 60_042, 142]);
    tap.close();
  });

  test('when the interface is deleted under us, the run ends and says so', async () => {
    const lab = new Lab();
    const tap = new Tap({ sim: lab.sim, netns: kernel.name, device: 'doomed' });
    const live = new RealTime(lab);
    live.attach(tap);
    const run = live.run(new AbortController().signal);
    kernel.ip('link del doomed');
    await expect(run).rejects.toThrow('the TAP device doomed is gone: somebody removed the interface');
    tap.close();
  });

  test('when it is closed its cable is dead: what is sent is dropped', () => {
    const tap = open();
    tap.close();
    expect(tap.port.carrier).toBe(false);
    tap.port.transmit(tap.port.pool.take(60));
    expect(tap.tracer.drops.get('port.no-carrier')).toBe(1);
  });
});
