import { describe, expect, it } from 'vitest';
import { pool, Station } from '../../../test/station.ts';
import { Cable } from '../../1-physical/index.ts';
import { Simulation, seconds } from '../../time/index.ts';
import { TraceRecord } from '../../trace/index.ts';
import { writeEthernet } from '../ethernet/codec.ts';
import { BROADCAST_MAC, type MacAddress, macFromNumber } from '../ethernet/mac-address.ts';
import { Switch } from './switch.ts';

const mac = (n: number): MacAddress => macFromNumber(0x020000000000 + n);

function frame(destination: MacAddress, source: MacAddress): Uint8Array {
  const bytes = new Uint8Array(60);
  writeEthernet(new DataView(bytes.buffer), 0, destination, source, 0x0800);
  return bytes;
}

function star(count: number) {
  const sim = new Simulation();
  const record = new TraceRecord();
  const sw = new Switch({ sim, name: 'sw', record, pool });
  const stations = Array.from({ length: count }, (_, i) => new Station(sim, `h${i}`, record));
  const cables = stations.map((station) => new Cable(sim, station.port, sw.addPort()));
  /** Sends a frame from the station `from`, whose MAC has its number. @returns who got it. */
  const send = (from: number, to: MacAddress, source = mac(from)): number[] => {
    const before = stations.map(({ arrived }) => arrived.length);
    stations[from]!.send(frame(to, source));
    // Not to the end: that would let the table age.
    sim.run(sim.now + 10_000);
    return stations.flatMap(({ arrived }, i) => (arrived.length > before[i]! ? [i] : []));
  };
  const table = () =>
    record.events
      .filter((event) => event.kind === 'table')
      .map(({ change, key, value }) => [change, key, value].join(' ').trim());
  return { sim, record, sw, stations, cables, send, table };
}

describe('a switch', () => {
  it('floods a frame to an unknown station to all ports but the one it came by', () => {
    const { send } = star(4);
    expect(send(1, mac(3))).toEqual([0, 2, 3]);
  });

  it('forwards to the port behind which it has heard a station, and to no other', () => {
    const { send } = star(4);
    send(3, mac(99));
    expect(send(1, mac(3))).toEqual([3]);
    expect(send(3, mac(1))).toEqual([1]);
  });

  it('floods broadcasts and groups', () => {
    const { send } = star(3);
    for (let i = 0; i < 3; i++) send(i, mac(99));
    expect(send(0, BROADCAST_MAC)).toEqual([1, 2]);
    expect(send(0, 0x01005e000001 as MacAddress)).toEqual([1, 2]);
  });

  it('passes a frame on unchanged and says which frame made it', () => {
    const { send, stations, record } = star(2);
    send(1, mac(99));
    send(0, mac(1));
    expect(stations[1]!.arrived[0]!.bytes).toEqual(frame(mac(1), mac(0)));
    const forwarded = record.events.findLast((event) => event.kind === 'frame-sent')!;
    expect(forwarded).toMatchObject({ node: 'sw', reason: 'switch.forward' });
    expect(record.get(forwarded.cause)).toMatchObject({ kind: 'frame-received', node: 'sw', port: '1' });
  });

  it('keeps to itself what both stations behind one port have heard already', () => {
    const { send, sw } = star(2);
    send(0, mac(99), mac(7));
    expect(send(0, mac(7))).toEqual([]);
    expect(sw.tracer.drops.get('switch.same-port')).toBe(1);
  });

  it('follows a station that moves to another port', () => {
    const { send, table } = star(3);
    send(0, mac(99), mac(7));
    send(1, mac(99), mac(7));
    expect(send(2, mac(7))).toEqual([1]);
    expect(table().slice(0, 2)).toEqual(['add 02:00:00:00:00:07 port 1', 'update 02:00:00:00:00:07 port 2']);
  });

  it('forgets a station 300 s after it was last heard', () => {
    const { sim, send, sw, table } = star(3);
    send(1, mac(99));
    sim.run(seconds(200));
    send(1, mac(99));
    sim.run(seconds(499));
    expect(send(0, mac(1))).toEqual([1]);
    sim.run(seconds(501));
    expect(send(0, mac(1))).toEqual([1, 2]);
    sim.run();
    expect(sw.table.size).toBe(0);
    expect(table().filter((line) => line.startsWith('remove'))).toEqual([
      'remove 02:00:00:00:00:01',
      'remove 02:00:00:00:00:00',
    ]);
  });

  it('forgets what was behind a port whose cable is pulled', () => {
    const { send, cables, table } = star(3);
    send(1, mac(99));
    cables[1]!.pull();
    expect(send(0, mac(1))).toEqual([2]);
    expect(table().at(-2)).toBe('remove 02:00:00:00:00:01');
  });

  it('learns from no group address and passes no reserved one on', () => {
    const { send, sw } = star(2);
    expect(send(0, mac(1), BROADCAST_MAC)).toEqual([]);
    expect(send(0, 0x0180c2000000 as MacAddress)).toEqual([]);
    expect([...sw.tracer.drops]).toEqual([
      ['switch.source-address', 1],
      ['switch.reserved-address', 1],
    ]);
  });

  it('drops what is too short to have addresses', () => {
    const { sim, sw, stations } = star(2);
    stations[0]!.send(new Uint8Array(13));
    sim.run();
    expect(sw.tracer.drops.get('ethernet.truncated')).toBe(1);
  });
});
