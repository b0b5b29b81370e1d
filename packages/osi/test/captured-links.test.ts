import { writePcapng } from '@netarium/osi/capture';
import { describe, expect, it } from 'vitest';
import { Cable } from '../src/1-physical/index.ts';
import { ETHERTYPE_ARP, macFromNumber, Switch } from '../src/2-datalink/index.ts';
import { milliseconds, Simulation, seconds } from '../src/time/index.ts';
import { TraceRecord } from '../src/trace/index.ts';
import { arp, ethernet } from './frames.ts';
import { pool, Station } from './station.ts';
import { compareWithTshark, lineOfDifference, tsharkIsThere } from './tshark.ts';

describe.skipIf(!tsharkIsThere())('what switches say to each other', () => {
  it('is read alike and found sound by tshark: a spanning tree that heals, and tagged frames on its trunks', async () => {
    const sim = new Simulation();
    const record = new TraceRecord();
    const stp = (n: number) => ({ mac: macFromNumber(0x020100000000 + n * 256) });
    const switches = [0, 1, 2].map((n) => new Switch({ sim, name: `s${n}`, record, pool, stp: stp(n) }));
    const trunk = (sw: Switch) => {
      const port = sw.addPort();
      sw.setVlans(port, { trunk: [10], native: 20 });
      return port;
    };
    const cables = [0, 1, 2].map(
      (n) =>
        new Cable(sim, trunk(switches[n] as Switch), trunk(switches[(n + 1) % 3] as Switch), {
          bandwidth: 1e9,
        }),
    );
    const stations = switches.map((sw, n) => {
      const station = new Station(sim, `h${n}`, record);
      const port = sw.addPort('host', { edge: true });
      sw.setVlans(port, { access: 10 });
      new Cable(sim, station.port, port, { bandwidth: 1e8 });
      return station;
    });
    const ask = (n: number) => {
      const request = arp(1, { senderMac: `02:00:00:00:00:0${n}`, sender: `10.0.0.1${n}` });
      const to = 'ff:ff:ff:ff:ff:ff';
      stations[n]?.send(
        ethernet(request, {
          type: ETHERTYPE_ARP,
          to,
          from: `02:00:00:00:00:0${n}`,
          tail: new Uint8Array(18),
        }),
      );
    };
    sim.run(milliseconds(100));
    ask(1);
    sim.run(seconds(3));
    cables[0]?.pull();
    sim.run(seconds(4));
    ask(2);
    sim.run(seconds(10));
    const differences = await compareWithTshark(writePcapng(record));
    expect(differences.map(lineOfDifference)).toEqual([]);
    const reasons = new Set(record.events.map((event) => (event.kind === 'frame-sent' ? event.reason : '')));
    for (const reason of [
      'stp.proposal',
      'stp.agreement',
      'stp.topology-change',
      'stp.hello',
      'switch.flood',
    ]) {
      expect(reasons).toContain(reason);
    }
  });
});
