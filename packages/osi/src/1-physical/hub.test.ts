import { describe, expect, it } from 'vitest';
import { numbered, pool, Station } from '../../test/station.ts';
import { Simulation } from '../time/index.ts';
import { TraceRecord } from '../trace/index.ts';
import { Cable } from './cable.ts';
import { Hub } from './hub.ts';

function star(count: number) {
  const sim = new Simulation();
  const record = new TraceRecord();
  const hub = new Hub({ sim, name: 'hub', record, pool });
  const stations = Array.from({ length: count }, (_, i) => new Station(sim, `h${i}`, record));
  const cables = stations.map((station) => new Cable(sim, station.port, hub.addPort()));
  return { sim, record, hub, stations, cables };
}

describe('a hub', () => {
  it('repeats what comes in to all other ports, unchanged', () => {
    const { sim, stations } = star(4);
    stations[1]!.send(numbered(9));
    sim.run();
    expect(stations.map(({ numbers }) => numbers)).toEqual([[9], [], [9], [9]]);
    expect(stations[3]!.arrived[0]!.bytes).toEqual(numbered(9));
  });

  it('skips ports whose far end is off', () => {
    const { sim, hub, stations, cables } = star(3);
    hub.addPort();
    cables[2]!.pull();
    stations[0]!.send(numbered(1));
    sim.run();
    expect(stations.map(({ numbers }) => numbers)).toEqual([[], [1], []]);
    expect(hub.tracer.drops.size).toBe(0);
  });

  it('names what it repeats and the frame that made it', () => {
    const { sim, record, stations } = star(3);
    stations[0]!.send(numbered(1), 'first');
    sim.run();
    const [first, received, second, third] = record.events;
    expect(received).toMatchObject({ kind: 'frame-received', node: 'hub', cause: first!.id });
    for (const sent of [second, third]) {
      expect(sent).toMatchObject({ kind: 'frame-sent', reason: 'hub.repeat', cause: received!.id });
    }
  });

  it('numbers its ports from 1', () => {
    expect(star(3).hub.ports.map(({ name }) => name)).toEqual(['1', '2', '3']);
  });
});
