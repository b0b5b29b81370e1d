import { type Figure, rate } from './measure.ts';
import { NodeNet } from './node-net.ts';
import { Promises } from './promises.ts';

const TRIPS = 30_000;

/** B4 of `targets.md`: what programs use that wait, beside `node:net` over the kernel's loopback. */
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
  ];
}
