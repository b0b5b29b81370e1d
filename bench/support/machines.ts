import { execFileSync } from 'node:child_process';
import { heldBytes } from './heap.ts';
import { type Figure, rate } from './measure.ts';
import { Subnets } from './subnets.ts';

const MACHINES = 10_000;
const SUBNETS = 100;
/** The kernel's: as many as it takes to see how fast they come, and few enough to wait for. */
const NAMESPACES = 300;
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
      conditions: 'network stacks without programs, as namespaces are; no recorder',
      peerName: 'ip -batch (namespace and veth, no ping)',
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
      title: `cost of an event among ${many}, all of them pinging, beside 10`,
      unit: 'ns',
      conditions: 'each machine pings its neighbour through a switch, no recorder',
      peerName: '10 machines',
      less: true,
      must: 2,
      aim: 1.3,
      ours: costPerEvent(MACHINES, SUBNETS),
      peer: costPerEvent(10, 1),
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

function costPerEvent(machines: number, count: number): () => number {
  return () => {
    const subnets = new Subnets(machines, count);
    // ARP, and tables that grow.
    subnets.pingNeighbours();
    subnets.goOn(50 * machines);
    const begin = performance.now();
    subnets.goOn(EVENTS);
    return ((performance.now() - begin) * 1e6) / EVENTS;
  };
}

/** @returns null when this process may make namespaces; otherwise what it takes. */
function whyNoNamespaces(): string | null {
  try {
    execFileSync('ip', ['-batch', '-'], { input: batch('add', 1), stdio: ['pipe', 'ignore', 'ignore'] });
    execFileSync('ip', ['-batch', '-'], { input: batch('del', 1), stdio: ['pipe', 'ignore', 'ignore'] });
    return null;
  } catch {
    return 'namespaces need root and `ip` (Debian: apt install iproute2)';
  }
}

/** @returns how many come in a second. They are taken away again, which does not count. */
function namespaces(): number {
  const commands = batch('add', NAMESPACES);
  const begin = performance.now();
  try {
    execFileSync('ip', ['-batch', '-'], { input: commands });
    return NAMESPACES / ((performance.now() - begin) / 1000);
  } finally {
    execFileSync('ip', ['-batch', '-'], { input: batch('del', NAMESPACES) });
  }
}

/** Namespaces that each have one end of a veth pair; the other end is here. */
function batch(what: 'add' | 'del', count: number): string {
  let lines = '';
  for (let i = 1; i <= count; i++) {
    const name = `nb${process.pid}-${i}`;
    lines += `netns ${what} ${name}\n`;
    if (what === 'del') continue;
    lines += `link add nb${i} type veth peer name eth0 netns ${name}\nlink set nb${i} up\n`;
  }
  return lines;
}
