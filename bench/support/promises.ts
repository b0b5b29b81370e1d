import { drive, type Stack } from '@netarium/osi/5-session';
import { microseconds, Simulation } from '@netarium/osi/time';
import { Network } from './network.ts';

const PORT = 9000;

/** Two machines and a cable without a recorder, used as programs that `await` use them. */
export class Promises {
  readonly #net = new Network(new Simulation(1));
  readonly #client: Stack;
  readonly #server: Stack;

  constructor() {
    const net = this.#net;
    this.#client = net.stack('client');
    this.#server = net.stack('server');
    const a = net.interface(this.#client, 'eth0', '10.0.0.1/24');
    net.cable(a, net.interface(this.#server, 'eth0', '10.0.0.2/24'), { delay: microseconds(5) });
  }

  /** `count` requests of 64 bytes, each answered by 64 bytes before the next is sent. */
  async roundTrips(count: number): Promise<void> {
    await drive(this.#net.sim, Promise.all([this.#answer(), this.#ask(count)]));
  }

  async #answer(): Promise<void> {
    const listener = this.#server.listen({ port: PORT });
    const socket = await listener.accept();
    listener.close();
    for await (const request of socket) await socket.write(request);
    socket.close();
  }

  async #ask(count: number): Promise<void> {
    const socket = await this.#client.connect({ address: '10.0.0.2', port: PORT, noDelay: true });
    const request = new Uint8Array(64);
    for (let i = 0; i < count; i++) {
      await socket.write(request);
      for (let length = 0; length < request.length; ) {
        const got = await socket.read();
        if (got === null) throw new Error('the server has closed the connection');
        length += got.length;
      }
    }
    socket.close();
  }
}
