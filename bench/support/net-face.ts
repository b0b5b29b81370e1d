import { createNet, type Net, type NetServer, type NetSocket } from '@netarium/bridge/net';
import { drive } from '@netarium/osi/5-session';
import { microseconds, Simulation } from '@netarium/osi/time';
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

  /** `count` requests of 64 bytes, each answered by 64 bytes before the next is sent. */
  roundTrips(count: number): Promise<void> {
    return drive(this.#net.sim, this.#roundTrips(count));
  }

  /** `count` times: connect, one byte each way, close; `parallel` at a time. */
  connections(count: number, parallel: number): Promise<void> {
    return drive(this.#net.sim, this.#connections(count, parallel));
  }

  async #roundTrips(count: number): Promise<void> {
    const accepted = new Promise<NetSocket>((done) => {
      this.#accepted = done;
    });
    const client = this.#connect();
    const server = await accepted;
    const message = new Uint8Array(64);
    await new Promise<void>((done) => {
      let left = count;
      server.on('data', () => server.write(message));
      client.on('data', () => {
        if (--left === 0) done();
        else client.write(message);
      });
      client.write(message);
    });
    client.destroy();
    server.destroy();
  }

  async #connections(count: number, parallel: number): Promise<void> {
    const byte = new Uint8Array(1);
    this.#accepted = (socket) => {
      socket.on('data', () => socket.end(byte));
      socket.on('error', () => {});
    };
    let left = count;
    await new Promise<void>((done) => {
      let open = 0;
      const next = () => {
        if (left === 0) {
          if (open === 0) done();
          return;
        }
        left--;
        open++;
        const socket = this.#connect();
        socket.on('connect', () => socket.write(byte));
        socket.on('data', () => socket.end());
        socket.on('close', () => {
          open--;
          next();
        });
      };
      for (let i = 0; i < parallel; i++) next();
    });
  }

  #connect(): NetSocket {
    const socket = this.#client.connect(PORT, HOST);
    socket.setNoDelay(true);
    return socket;
  }
}
