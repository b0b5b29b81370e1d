import { TraceRecord } from '@netarium/osi/trace';
import { type Figure, rate } from './measure.ts';
import { NodeNet } from './node-net.ts';
import { TwoMachines } from './two-machines.ts';

const MEBIBYTE = 1024 * 1024;
const GIGABIT = 1e9;

/** B1, B2, B3, B5 and B11 of `targets.md`: TCP between two machines, beside `node:net` over the kernel's loopback. */
export async function transportFigures(): Promise<Figure[]> {
  const net = await NodeNet.open();
  const peerName = 'node:net';
  const conditions = 'MTU 1500, checksums computed and verified, no recorder';
  const bulk = 256 * MEBIBYTE;
  const recorded = 64 * MEBIBYTE;
  const trips = 50_000;
  const connections = 5_000;
  return [
    {
      id: 'B1',
      title: 'one TCP connection, writes of 64 KiB',
      unit: 'Gbit/s',
      conditions,
      peerName,
      must: 0.6,
      aim: 1,
      ours: () => rate((bulk * 8) / GIGABIT, () => new TwoMachines().bulk(bulk)),
      peer: () => rate((bulk * 8) / GIGABIT, () => net.bulk(bulk)),
      close: () => net.close(),
    },
    {
      id: 'B2',
      title: 'one TCP connection, writes of 64 KiB, a cable with segmentation and checksum offload',
      unit: 'Gbit/s',
      conditions: 'MTU 1500, frames of up to 64 KiB, no checksums, no recorder',
      peerName,
      must: 2,
      aim: 3,
      ours: () => rate((4 * bulk * 8) / GIGABIT, () => new TwoMachines({ offload: true }).bulk(4 * bulk)),
      peer: () => rate((bulk * 8) / GIGABIT, () => net.bulk(bulk)),
    },
    {
      id: 'B11',
      title: 'B1 with the recorder on',
      unit: 'Gbit/s',
      conditions:
        'MTU 1500, checksums computed and verified, every frame and event kept; each record closed before the next',
      peerName: 'without',
      must: 0.5,
      aim: 0.8,
      ours: async () => {
        const record = new TraceRecord();
        const figure = await rate((recorded * 8) / GIGABIT, () => new TwoMachines({}, record).bulk(recorded));
        record.close();
        return figure;
      },
      peer: async () => rate((recorded * 8) / GIGABIT, () => new TwoMachines().bulk(recorded)),
    },
    {
      id: 'B3',
      title: 'request and response of 64 bytes, one connection, callbacks',
      unit: 'round trips/s',
      conditions,
      peerName,
      must: 2.5,
      aim: 5,
      ours: () => rate(trips, () => new TwoMachines().roundTrips(trips)),
      peer: () => rate(trips, () => net.roundTrips(trips)),
    },
    ...[1, 100].map(
      (parallel): Figure => ({
        id: parallel === 1 ? 'B5' : `B5/${parallel}`,
        title: `connect, one byte each way, close; ${parallel} at a time, callbacks`,
        unit: 'connections/s',
        conditions,
        peerName,
        must: 3,
        aim: 8,
        ours: () => rate(connections, () => new TwoMachines().connections(connections, parallel)),
        peer: () => rate(connections, () => net.connections(connections, parallel)),
      }),
    ),
  ];
}
