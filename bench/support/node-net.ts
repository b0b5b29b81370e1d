import net from 'node:net';
import { answerOnce, connections, roundTrips } from './net-talk.ts';

/** The peer of B1 to B5: Node's own TCP over the kernel's loopback, both ends in this process. */
export class NodeNet {
  readonly #server: net.Server;
  #accepted: (socket: net.Socket) => void = () => {};

  private constructor(server: net.Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.#accepted(socket);
    });
  }

  static async open(): Promise<NodeNet> {
    const server = net.createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', 4096, listening));
    return new NodeNet(server);
  }

  get #port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  async #pair(): Promise<[client: net.Socket, server: net.Socket]> {
    const accepted = new Promise<net.Socket>((done) => {
      this.#accepted = done;
    });
    const client = this.#connect();
    return [client, await accepted];
  }

  #connect(): net.Socket {
    const socket = net.connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    return socket;
  }

  /** Sends `total` bytes in writes of 64 KiB. */
  async bulk(total: number): Promise<void> {
    const [client, server] = await this.#pair();
    const chunk = new Uint8Array(65536);
    await new Promise<void>((done) => {
      let received = 0;
      server.on('data', (data) => {
        received += data.length;
        if (received >= total) done();
      });
      let sent = 0;
      const pump = () => {
        while (sent < total) {
          sent += chunk.length;
          if (!client.write(chunk)) return;
        }
      };
      client.on('drain', pump);
      pump();
    });
    client.destroy();
    server.destroy();
  }

  /** See `roundTrips`. */
  async roundTrips(count: number): Promise<void> {
    await roundTrips(...(await this.#pair()), count);
  }

  /** See `connections`. */
  connections(count: number, parallel: number): Promise<void> {
    this.#accepted = answerOnce;
    return connections(() => this.#connect(), count, parallel);
  }

  async close(): Promise<void> {
    await new Promise((closed) => this.#server.close(closed));
  }
}
