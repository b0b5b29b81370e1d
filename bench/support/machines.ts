import { heldBytes } from './heap.ts';
import { type Figure, rate } from './measure.ts';
import { NAMESPACES, namespaces, whyNoNamespaces } from './namespaces.ts';
import { Subnets } from './subnets.ts';

const MACHINES = 10_000;
const SUBNETS = 100;
const EVENTS = 1_000_000;

/** B8 and B9 of `targets.md`: many machines. */
export function machineFigures(): Figure[] {
  const reason = whyNoNamespaces();
  if (reason !== null) console.log(`B8      without its peer: ${reason}`);
  const many = `${MACHINES.toLocaleString('en')} machines`;
  return [
    {
      id: 'B8',
      title: `${many} in ${SUBNETS} switched subnets: built, booted, each has pinged one server`,
      unit: 'machines/s',
      conditions: `network stacks without programs, as namespaces are; no recorder. The peer: ${NAMESPACES} machines in subnets with a bridge and a router each; addresses and routes, forwarding and pings not`,
      peerName: 'ip -batch',
      must: 30,
      aim: 100,
      ours: () => rate(MACHINES, () => new Subnets(MACHINES, SUBNETS).pingServer()),
      ...(reason === null && { peer: namespaces }),
    },
    {
      id: 'B8/heap',
      title: `${many}, idle after that: heap for each`,
      unit: 'KiB',
      conditions: 'its stack with an interface, address and routes, its cable and its port of the switch',
      peerName: '',
      less: true,
      must: 20,
      aim: 8,
      ours: bytesPerMachine,
    },
    {
      id: 'B9',
      title: `cost of an event in that network, all ${many} pinging the server, beside 10`,
      unit: 'ns',
      conditions:
        'one machine after the other, each from its own timer, over two switches and a router; ARP done; no recorder',
      peerName: '10 machines',
      less: true,
      must: 2,
      aim: 1.3,
      ours: costPerEvent(MACHINES, SUBNETS, keepPinging),
      peer: costPerEvent(10, 1, keepPinging),
    },
    {
      id: 'B9/flood',
      title: `cost of an event when all ${many} have a ping under way at once, beside 10`,
      unit: 'ns',
      conditions:
        'each machine pings its neighbour through a switch as fast as answers come, out of step with the others, ARP done; no recorder',
      peerName: '10 machines',
      less: true,
      must: 2,
      aim: 1.3,
      ours: costPerEvent(MACHINES, SUBNETS, pingNeighbours),
      peer: costPerEvent(10, 1, pingNeighbours),
    },
  ];
}

function bytesPerMachine(): number {
  const before = heldBytes();
  const subnets = new Subnets(MACHINES, SUBNETS);
  subnets.pingServer();
  const bytes = heldBytes() - before;
  return bytes / subnets.machines.length / 1024;
}

// Each machine has had so many answers before events are counted.
const keepPinging = (subnets: Subnets) => subnets.keepPinging(5);
const pingNeighbours = (subnets: Subnets) => subnets.pingNeighbours(20);

function costPerEvent(machines: number, count: number, start: (subnets: Subnets) => void): () => number {
  return () => {
    const subnets = new Subnets(machines, count);
    start(subnets);
    const begin = performance.now();
    subnets.goOn(EVENTS);
    return ((performance.now() - begin) * 1e6) / EVENTS;
  };
}
