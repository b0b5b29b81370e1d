import type { Socket, Stack } from '@netarium/osi/5-session';
import { microseconds, milliseconds, Simulation, seconds } from '@netarium/osi/time';
import { heldBytes } from './heap.ts';
import type { Figure } from './measure.ts';
import { inet, Network, succeed, tcpSocket } from './network.ts';

const CONNECTIONS = 100_000;
const PORT = 9000;
/** A client has some 28,000 ports for connections to one address. */
const SERVER_ADDRESSES = 8;
/** So many handshakes at a time: a listener's queue of half-open connections has 4096 places. */
const TOGETHER = 1000;

/** B6 of `targets.md`: what a connection takes up that nobody uses just now. */
export function idleFigures(): Figure[] {
  return [
    {
      id: 'B6',
      title: `idle established connections, ${CONNECTIONS.toLocaleString('en')} in one process: heap per endpoint`,
      unit: 'KiB',
      conditions: 'sockets included, both ends here, handshakes over the cable, no recorder',
      peerName: '',
      less: true,
      must: 1.5,
      aim: 0.8,
      ours: () => bytesPerEndpoint(CONNECTIONS) / 1024,
    },
  ];
}

function bytesPerEndpoint(connections: number): number {
  const net = new Network(new Simulation(1));
  const client = net.stack('client');
  const server = net.stack('server');
  const ends = [
    net.interface(client, 'eth0', '10.0.0.1/16'),
    net.interface(server, 'eth0', '10.0.1.1/16'),
  ] as const;
  net.cable(...ends, { delay: microseconds(5) });
  for (let i = 2; i <= SERVER_ADDRESSES; i++) succeed('address', server.addAddress('eth0', `10.0.1.${i}/16`));
  const meeting = new Meeting(net, client, server);
  // What is there once for all: tables that have grown, frames, compiled code.
  meeting.connect(TOGETHER);
  const before = heldBytes();
  meeting.connect(connections);
  const each = (heldBytes() - before) / (2 * connections);
  meeting.check();
  return each;
}

class Meeting {
  readonly #net: Network;
  readonly #client: Stack;
  readonly #clients: Socket[] = [];
  readonly #accepted: Socket[] = [];

  constructor(net: Network, client: Stack, server: Stack) {
    this.#net = net;
    this.#client = client;
    const listener = tcpSocket(server);
    succeed('bind', listener.bind(inet('0.0.0.0', PORT), { privileged: true }));
    succeed('listen', listener.listen(4096));
    listener.subscribe(() => {
      for (let socket = listener.accept(); typeof socket !== 'number'; socket = listener.accept()) {
        this.#accepted.push(socket);
      }
    });
  }

  connect(count: number): void {
    const { sim } = this.#net;
    for (let i = 1; i <= count; i++) {
      const socket = tcpSocket(this.#client);
      const to = 1 + (this.#clients.length % SERVER_ADDRESSES);
      socket.connect(inet(`10.0.1.${to}`, PORT));
      this.#clients.push(socket);
      if (i % TOGETHER === 0) sim.run(sim.now + milliseconds(1));
    }
    // Idle: the timers of the handshake have run out.
    sim.run(sim.now + seconds(5));
  }

  /** @throws Error unless every connection is one that both ends can use. */
  check(): void {
    const byte = new Uint8Array(1);
    const { sim } = this.#net;
    let heard = 0;
    for (const socket of this.#accepted) {
      socket.subscribe(() => {
        if (typeof socket.receive(byte, 0) !== 'number') heard++;
      });
    }
    for (const [i, socket] of this.#clients.entries()) {
      succeed('send', socket.send(byte, 0, null, 0));
      if (i % TOGETHER === 0) sim.run(sim.now + milliseconds(1));
    }
    sim.run(sim.now + seconds(1));
    if (heard !== this.#clients.length)
      throw new Error(`${heard} of ${this.#clients.length} connections work`);
  }
}
