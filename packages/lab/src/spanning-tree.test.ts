import { describe, expect, test } from 'vitest';
import { Ladder, loadLab, programResults } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Three switches in a ring, a machine at two of them. */
const RING = (stp: string) => `name: ring
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [ping -c 3 10.0.0.2]}
    b: {kind: host, addresses: {eth0: 10.0.0.2/24}}
    s1: {kind: switch${stp}}
    s2: {kind: switch${stp}${stp && ', priority: 4096'}}
    s3: {kind: switch${stp}}
  links:
    - endpoints: ["a:eth0", "s1:host"]
    - endpoints: ["b:eth0", "s2:host"]
    - endpoints: ["s1:2", "s2:1"]
    - endpoints: ["s2:3", "s3:2"]
    - endpoints: ["s3:1", "s1:3"]
`;

const ring = (stp: string) => loadLab(new Map([['lab.yaml', bytes(RING(stp))]])).lab;

describe('a ring of switches', () => {
  test('with a spanning tree answers pings, ends with its programs, and tells who is the root', async () => {
    const lab = ring(', stp: true');
    expect(await lab.run()).toBe('idle');
    lab.close();
    expect(programResults(lab.record)).toMatchObject([{ status: 0 }]);
    const roots = lab.record.events.filter((event) => event.kind === 'table' && event.key === 'root');
    expect(roots.map((event) => event.kind === 'table' && `${event.node} ${event.value}`).at(-1)).toMatch(
      / 4096 02:01:00:00:10:00/,
    );
    const bpdus = new Ladder(lab.record).rows.filter(({ protocol }) => protocol === 'STP');
    expect(bpdus.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['stp.proposal', 'stp.agreement', 'stp.topology-change']),
    );
    expect(bpdus[0]?.info).toMatch(/^RST[.] Root = /);
  });

  test('goes on when a cable of the tree is pulled in the midst of it', async () => {
    const lab = ring(', stp: true');
    await lab.run({ until: '1.5s' });
    lab.links.find(({ name }) => name === 's1:2--s2:1')!.pull();
    await lab.run();
    lab.close();
    expect(programResults(lab.record)).toMatchObject([{ status: 0 }]);
  });

  test('without one is a storm that is told as such, and time goes on', async () => {
    const lab = ring('');
    expect(await lab.run({ until: '50us' })).toBe('until');
    lab.close();
    // Two copies of each broadcast go round for ever, one each way.
    const floods = lab.record.events.filter(
      (event) => event.kind === 'frame-sent' && event.reason === 'switch.flood',
    );
    expect(floods.length).toBeGreaterThan(100);
  });
});
