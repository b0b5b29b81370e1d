import { describe, expect, test } from 'vitest';
import { Ladder, loadLab, programResults } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Two VLANs on two switches joined by a trunk, and a router with a leg in each on one cable. */
const ON_A_STICK = `name: stick
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.10.2/24}, gateway: 10.0.10.1, run: [ping -c 1 10.0.20.2]}
    b: {kind: host, addresses: {eth0: 10.0.20.2/24}, gateway: 10.0.20.1}
    r: {kind: router, addresses: {eth0.10: 10.0.10.1/24, eth0.20: 10.0.20.1/24}}
    left: {kind: switch, ports: {1: {vlan: 10}, 2: {trunk: [10, 20]}}}
    right: {kind: switch, ports: {1: {vlan: 20}, 2: {trunk: [10, 20]}, 3: {trunk: all}}}
  links:
    - endpoints: ["a:eth0", "left:1"]
    - endpoints: ["b:eth0", "right:1"]
    - endpoints: ["left:2", "right:2"]
    - endpoints: ["r:eth0", "right:3"]
`;

describe('a lab with VLANs', () => {
  test('reaches from one VLAN into the other through a router on one cable', async () => {
    const { lab } = loadLab(new Map([['lab.yaml', bytes(ON_A_STICK)]]));
    await lab.run();
    lab.close();
    expect(programResults(lab.record)).toMatchObject([{ status: 0 }]);
    const pings = new Ladder(lab.record).rows.filter(({ protocol }) => protocol === 'ICMP');
    expect(pings.map(({ from, to }) => `${from} → ${to}`)).toEqual(['a → r', 'r → b', 'b → r', 'r → a']);
  });

  test('keeps the ARP requests of one VLAN from the machines of another', async () => {
    const { lab } = loadLab(
      new Map([
        [
          'lab.yaml',
          bytes(ON_A_STICK.replace('run: [ping -c 1 10.0.20.2]', 'run: [ping -c 1 -W 1 10.0.10.9]')),
        ],
      ]),
    );
    await lab.run();
    lab.close();
    expect(lab.record.events.some(({ kind, node }) => kind === 'frame-received' && node === 'b')).toBe(false);
    expect(lab.record.events.some(({ kind, node }) => kind === 'frame-received' && node === 'r')).toBe(true);
  });
});
