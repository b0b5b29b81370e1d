import { describe, expect, test } from 'vitest';
import { LabError, Ladder, loadLab, programResults, sevenLayers } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

const SHARED = (bandwidth: string) => `name: shared
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [ping -c 2 10.0.0.3]}
    b: {kind: host, addresses: {eth0: 10.0.0.2/24}, run: [ping -c 2 10.0.0.3]}
    c: {kind: host, addresses: {eth0: 10.0.0.3/24}}
    hub: {kind: hub, duplex: half}
    more: {kind: hub, duplex: half${bandwidth}}
  links:
    - {endpoints: ["a:eth0", "hub:1"], delay: 1us}
    - {endpoints: ["b:eth0", "hub:2"], delay: 1us}
    - {endpoints: ["hub:3", "more:1"], delay: 1us}
    - {endpoints: ["c:eth0", "more:2"], delay: 1us}
`;

describe('a lab with half-duplex hubs', () => {
  test('shows two pings collide that begin at one instant, and both answered all the same', async () => {
    const { lab } = loadLab(new Map([['lab.yaml', bytes(SHARED(''))]]), { seed: 1 });
    await lab.run();
    lab.close();
    expect(programResults(lab.record).map(({ status }) => status)).toEqual([0, 0]);
    const collision = lab.record.events.find((event) => event.kind === 'collision');
    expect(collision).toMatchObject({ attempt: 1 });
    const ladder = new Ladder(lab.record);
    const row = ladder.rows.find(({ event }) => collision?.kind === 'collision' && event === collision.sent)!;
    const journey = ladder.journeys.of(row.event)!;
    const layers = sevenLayers(lab.record, ladder.frame(row.number)!.tree, journey, row, lab.links);
    expect(layers.at(-1)!.lines[0]!.text).toMatch(
      /^[ab]:eth0 → hub:[12]: 576 bits at 10 Mbit\/s in .*, after (a|\d+) collision/,
    );
  });

  test('is refused when two hubs on one line have different rates', () => {
    const files = new Map([['lab.yaml', bytes(SHARED(', bandwidth: 100 Mbit'))]]);
    expect(() => loadLab(files)).toThrow(LabError);
    expect(() => loadLab(files)).toThrow(
      'lab.yaml:12:7: link 3: hubs "hub" and "more" are one shared line, but have different "bandwidth"',
    );
  });
});
