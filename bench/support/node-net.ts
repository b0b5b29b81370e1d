import net from 'node:net';

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
    const client = net.connect(this.#port, '127.0.0.1');
    client.setNoDelay(true);
    return [client, await accepted];
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

  /** `count` requests of 64 bytes, each answered by 64 bytes before the next is sent. */
  async roundTrips(count: number): Promise<void> {
    const [client, server] = await this.#pair();
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

  /** `count` times: connect, one byte each way, close; `parallel` at a time. */
  async connections(count: number, parallel: number): Promise<void> {
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
        const socket = net.connect(this.#port, '127.0.0.1');
        socket.setNoDelay(true);
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

  async close(): Promise<void> {
    await new Promise((closed) => this.#server.close(closed));
  }
}
