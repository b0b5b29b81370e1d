import { type Figure, rate } from './measure.ts';
import { NetFace } from './net-face.ts';
import { NodeNet } from './node-net.ts';
import { Promises } from './promises.ts';

const TRIPS = 30_000;
const CONNECTIONS = 3_000;

/** B4 of `targets.md`, and B5 through the face of `node:net`: what programs use that wait, beside `node:net` over the kernel's loopback. */
export async function faceFigures(): Promise<Figure[]> {
  const net = await NodeNet.open();
  const conditions = 'MTU 1500, checksums computed and verified, no recorder';
  return [
    {
      id: 'B4',
      title: 'request and response of 64 bytes, one connection, promises',
      unit: 'round trips/s',
      conditions,
      peerName: 'node:net',
      must: 1.5,
      aim: 3,
      ours: () => rate(TRIPS, () => new Promises().roundTrips(TRIPS)),
      peer: () => rate(TRIPS, () => net.roundTrips(TRIPS)),
      close: () => net.close(),
    },
    {
      id: 'B4/net',
      title: 'request and response of 64 bytes, one connection, our face of node:net',
      unit: 'round trips/s',
      conditions,
      peerName: 'node:net',
      must: 1,
      aim: 1.8,
      ours: () => rate(TRIPS, () => new NetFace().roundTrips(TRIPS)),
      peer: () => rate(TRIPS, () => net.roundTrips(TRIPS)),
    },
    ...[1, 100].map(
      (parallel): Figure => ({
        id: parallel === 1 ? 'B5/net' : `B5/net-${parallel}`,
        title: `connect, one byte each way, close; ${parallel} at a time, our face of node:net`,
        unit: 'connections/s',
        conditions,
        peerName: 'node:net',
        must: 2,
        aim: 3,
        ours: () => rate(CONNECTIONS, () => new NetFace().connections(CONNECTIONS, parallel)),
        peer: () => rate(CONNECTIONS, () => net.connections(CONNECTIONS, parallel)),
      }),
    ),
  ];
}
