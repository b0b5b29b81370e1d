import { createNet, type Net, type NetServer, type NetSocket } from '@netarium/bridge/net';
import { drive } from '@netarium/osi/5-session';
import { microseconds, Simulation } from '@netarium/osi/time';
import { answerOnce, connections, roundTrips } from './net-talk.ts';
import { Network } from './network.ts';

const PORT = 9000;
const HOST = '10.0.0.2';

/** Two machines and a cable without a recorder, used through their face of `node:net`; the same code as the peer's. */
export class NetFace {
  readonly #net = new Network(new Simulation(1));
  readonly #client: Net;
  readonly #server: NetServer;
  #accepted: (socket: NetSocket) => void = () => {};

  constructor() {
    const net = this.#net;
    const client = net.stack('client');
    const server = net.stack('server');
    const a = net.interface(client, 'eth0', '10.0.0.1/24');
    net.cable(a, net.interface(server, 'eth0', `${HOST}/24`), { delay: microseconds(5) });
    this.#client = createNet(client);
    this.#server = createNet(server).createServer((socket) => {
      socket.setNoDelay(true);
      this.#accepted(socket);
    });
    this.#server.listen(PORT, HOST, 4096);
  }

  /** See `roundTrips`. */
  roundTrips(count: number): Promise<void> {
    return drive(this.#net.sim, this.#roundTrips(count));
  }

  /** See `connections`. */
  connections(count: number, parallel: number): Promise<void> {
    this.#accepted = answerOnce;
    return drive(
      this.#net.sim,
      connections(() => this.#connect(), count, parallel),
    );
  }

  async #roundTrips(count: number): Promise<void> {
    const accepted = new Promise<NetSocket>((done) => {
      this.#accepted = done;
    });
    const client = this.#connect();
    await roundTrips(client, await accepted, count);
  }

  #connect(): NetSocket {
    const socket = this.#client.connect(PORT, HOST);
    socket.setNoDelay(true);
    return socket;
  }
}
