import { describe, expect, test } from 'vitest';
import { Bench, twoMachines } from '../../test/lab.ts';

/** What commands say, one after the other on one machine as root, each with its status when that is not 0. */
async function said(...lines: string[]): Promise<string> {
  const bench = new Bench();
  const { alice } = twoMachines(bench);
  let text = '';
  for (const line of lines) {
    const process = alice.run(line, { uid: 0 });
    await bench.run();
    text += process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
  }
  return text;
}

describe('ethtool', () => {
  test('shows what a card does for the stack', async () => {
    expect(await said('ethtool -k eth0')).toBe(
      'Features for eth0:\ntcp-segmentation-offload: off [fixed]\ngeneric-receive-offload: on\n',
    );
  });

  test('switches generic receive offload off and on', async () => {
    expect(await said('ethtool -K eth0 gro off', 'ethtool -k eth0')).toContain(
      'generic-receive-offload: off',
    );
    const names = ['generic-receive-offload', 'gro'];
    expect(
      await said(`ethtool -K eth0 ${names[0]} off`, `ethtool -K eth0 ${names[1]} on`, 'ethtool -k eth0'),
    ).toContain('generic-receive-offload: on');
  });

  test.each([
    ['ethtool', 'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n[1]'],
    ['ethtool -K eth0', 'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n[1]'],
    [
      'ethtool -K eth0 gro perhaps',
      'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n[1]',
    ],
    [
      'ethtool -K eth0 lro on',
      'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n[1]',
    ],
    ['ethtool -K eth0 tso on', 'Could not change any device features\n[1]'],
    ['ethtool -k eth7', 'netlink error: No such device\n[1]'],
    ['ethtool -K eth7 gro off', 'netlink error: No such device\n[1]'],
  ])('%s is refused in a line', async (line, text) => {
    expect(await said(line)).toBe(text);
  });
});
