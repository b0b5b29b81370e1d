import { describe, expect, it } from 'vitest';
import { pool, Station } from '../../../test/station.ts';
import { Cable, FramePool, Port } from '../../1-physical/index.ts';
import { Simulation } from '../../time/index.ts';
import { TraceRecord } from '../../trace/index.ts';
import { writeEthernet } from '../ethernet/codec.ts';
import { EthernetInterface } from '../ethernet/interface.ts';
import { BROADCAST_MAC, type MacAddress, macFromNumber } from '../ethernet/mac-address.ts';
import type { LinkUpcalls } from '../link.ts';
import { Switch } from '../switch/switch.ts';
import { insertTag } from './codec.ts';
import type { PortVlans } from './membership.ts';

const mac = (n: number): MacAddress => macFromNumber(0x020000000000 + n);

function frame(destination: MacAddress, source: MacAddress, tag?: number): Uint8Array {
  const slot = pool.take(60);
  slot.bytes.fill(0, slot.start, slot.start + 60);
  slot.end = slot.start + 60;
  writeEthernet(slot.view, slot.start, destination, source, 0x0800);
  if (tag !== undefined) insertTag(slot, tag);
  const bytes = slot.data().slice();
  slot.release();
  return bytes;
}

/** A switch with a station at each port; stations have the MAC addresses 0, 1, 2 … */
function star(ports: readonly (PortVlans | null)[]) {
  const sim = new Simulation();
  const record = new TraceRecord();
  const sw = new Switch({ sim, name: 'sw', record, pool });
  const stations = ports.map((_, i) => new Station(sim, `h${i}`, record));
  ports.forEach((vlans, i) => {
    const port = sw.addPort();
    if (vlans !== null) sw.setVlans(port, vlans);
    new Cable(sim, (stations[i] as Station).port, port);
  });
  /** @returns who got it, and with which tag. */
  const send = (from: number, to: MacAddress, tag?: number): string[] => {
    const before = stations.map(({ arrived }) => arrived.length);
    stations[from]!.send(frame(to, mac(from), tag));
    sim.run(sim.now + 10_000);
    return stations.flatMap(({ arrived }, i) =>
      arrived.slice(before[i]).map(({ bytes }) => {
        const tagged = bytes[12] === 0x81;
        return tagged ? `${i} tagged ${(bytes[14]! << 8) | bytes[15]!}` : `${i}`;
      }),
    );
  };
  return { sim, record, sw, stations, send };
}

describe('a switch with VLANs', () => {
  it('keeps a broadcast of an access port within its VLAN', () => {
    const { send } = star([{ access: 10 }, { access: 10 }, { access: 20 }, { access: 20 }]);
    expect(send(0, BROADCAST_MAC)).toEqual(['1']);
    expect(send(3, BROADCAST_MAC)).toEqual(['2']);
  });

  it('puts a tag on what goes out at a trunk, and takes it off at the access port behind', () => {
    const { send } = star([{ access: 10 }, { trunk: [10, 20] }, { access: 20 }]);
    expect(send(0, BROADCAST_MAC)).toEqual(['1 tagged 10']);
    expect(send(1, BROADCAST_MAC, 10)).toEqual(['0']);
    expect(send(1, BROADCAST_MAC, 20)).toEqual(['2']);
  });

  it('keeps the priority from trunk to trunk', () => {
    const { send } = star([{ trunk: [10] }, { trunk: 'all' }]);
    expect(send(0, BROADCAST_MAC, 0xa00a)).toEqual([`1 tagged ${0xa00a}`]);
  });

  it('learns in each VLAN by itself: one MAC address may be behind different ports', () => {
    const { send, sw } = star([{ trunk: [10, 20] }, { access: 10 }, { access: 20 }, { access: 10 }]);
    send(1, mac(99));
    expect(send(0, mac(1), 10)).toEqual(['1']);
    expect(send(0, mac(1), 20)).toEqual(['2']);
    expect([...sw.tables.keys()]).toEqual([10, 20]);
    expect(sw.tables.get(20)!.find(mac(1))).toBeNull();
  });

  it('sends the native VLAN of a trunk without a tag and takes what has none as such', () => {
    const { send } = star([{ access: 10 }, { trunk: [20], native: 10 }, { access: 20 }]);
    expect(send(0, BROADCAST_MAC)).toEqual(['1']);
    expect(send(1, BROADCAST_MAC)).toEqual(['0']);
    expect(send(2, BROADCAST_MAC)).toEqual(['1 tagged 20']);
  });

  it('takes a tag that has only a priority for none', () => {
    const { send } = star([{ access: 10 }, { access: 10 }]);
    expect(send(0, BROADCAST_MAC, 0xe000)).toEqual(['1']);
  });

  it('lets nothing in that does not belong to a port, and says why', () => {
    const { send, sw, record } = star([{ access: 10 }, { trunk: [10] }, null]);
    expect(send(0, BROADCAST_MAC, 10)).toEqual([]);
    expect(send(1, BROADCAST_MAC, 20)).toEqual([]);
    expect(send(1, BROADCAST_MAC)).toEqual([]);
    expect([...sw.tracer.drops.keys()]).toEqual([
      'vlan.tagged-on-access',
      'vlan.not-allowed',
      'vlan.untagged-on-trunk',
    ]);
    expect(record.events.filter(({ kind }) => kind === 'frame-dropped')).toHaveLength(3);
  });

  it('has ports that nothing is said of in VLAN 1', () => {
    const { send } = star([null, null, { access: 1 }, { access: 2 }]);
    expect(send(0, BROADCAST_MAC)).toEqual(['1', '2']);
  });

  it('writes into the record in which VLAN it learned', () => {
    const { send, record } = star([{ access: 10 }, null]);
    send(0, mac(9));
    const learned = record.events.find((event) => event.kind === 'table')!;
    expect(learned).toMatchObject({ table: 'mac', key: '02:00:00:00:00:00 vlan 10', value: 'port 1' });
  });

  it('refuses VLANs that there are not', () => {
    const { sw } = star([null]);
    expect(() => sw.setVlans(sw.ports[0]!, { access: 0 })).toThrow('expected a VLAN from 1 to 4094, found 0');
    expect(() => sw.setVlans(sw.ports[0]!, { trunk: [10, 4095] })).toThrow('found 4095');
  });
});

describe('a VLAN of an interface', () => {
  const upcalls = (got: string[]): LinkUpcalls => ({
    ip: {
      receive: (link, packet) => {
        got.push(link.name);
        packet.release();
      },
    },
    unresolved: (_, packet) => packet.release(),
    isOwn: () => true,
    mayAsk: () => true,
    sourceFor: () => 0x0a000001,
    format: String,
    linkChanged: (link) => got.push(`${link.name} ${link.carrier ? 'up' : 'down'}`),
  });

  function wired() {
    const sim = new Simulation();
    const record = new TraceRecord();
    const far = new Station(sim, 'far', record);
    const got: string[] = [];
    const port = new Port('eth0', new Station(sim, 'r', record).tracer, new FramePool());
    const eth0 = new EthernetInterface({ sim, port, mac: mac(1), upcalls: upcalls(got) });
    const vlan = eth0.vlanPort(10);
    const eth010 = new EthernetInterface({ sim, port: vlan, mac: mac(1), upcalls: upcalls(got) });
    const cable = new Cable(sim, port, far.port);
    return { sim, record, far, got, port, eth0, eth010, cable };
  }

  it('sends with a tag and pads no more than its parent would', () => {
    const { sim, far, eth010, record } = wired();
    const packet = eth010.port.pool.take(20);
    packet.end += 20;
    eth010.outputPacket(packet, mac(2));
    sim.run();
    const { bytes } = far.arrived[0]!;
    expect([...bytes.subarray(12, 18)]).toEqual([0x81, 0, 0, 10, 8, 0]);
    expect(bytes.length).toBe(60);
    expect(record.events.filter(({ kind }) => kind === 'frame-sent')).toMatchObject([{ port: 'eth0' }]);
  });

  it('gets the frames with its tag, and its parent those without', () => {
    const { sim, far, got, eth0 } = wired();
    got.length = 0;
    far.send(frame(mac(1), mac(2), 10));
    far.send(frame(mac(1), mac(2)));
    far.send(frame(mac(1), mac(2), 11));
    sim.run();
    expect(got).toEqual(['eth0.10', 'eth0']);
    expect(eth0.port.tracer.drops.get('vlan.no-interface')).toBe(1);
  });

  it('has a carrier when its parent has', () => {
    const { got, cable, eth010 } = wired();
    expect(eth010.carrier).toBe(true);
    got.length = 0;
    cable.pull();
    expect(got).toEqual(['eth0 down', 'eth0.10 down']);
    cable.plugIn();
    expect(eth010.state).toBe('up');
  });
});
