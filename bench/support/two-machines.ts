import { Cable, type CableOptions, Port } from '@netarium/osi/1-physical';
import { type MacAddress, parseMac } from '@netarium/osi/2-datalink';
import { type Socket, type SocketAddress, Stack } from '@netarium/osi/5-session';
import { microseconds, Simulation, seconds } from '@netarium/osi/time';
import { errnoName, type TraceRecord } from '@netarium/osi/trace';

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SHUT_WR = 1;
const ON = new Uint8Array([1, 0, 0, 0]);

const SERVER: SocketAddress = { family: AF_INET, address: '10.0.0.2', port: 9000 };
const NETWORK_PREFIX = 24;

/**
 * Two machines and a cable: what B1 to B5 measure. Everything goes through the sockets
 * that programs use, without waiting: readiness is told by a callback.
 */
export class TwoMachines {
  readonly #sim = new Simulation(1);
  readonly #client: Stack;
  readonly #server: Stack;
  readonly #record: TraceRecord | null;

  /** @param cable its properties, besides a delay of 5 µs. @param record where all of it is written down; default nowhere. */
  constructor(cable: CableOptions = {}, record: TraceRecord | null = null) {
    this.#record = record;
    const [client, a] = this.#machine('client', 1);
    const [server, b] = this.#machine('server', 2);
    this.#client = client;
    this.#server = server;
    new Cable(this.#sim, a, b, { delay: microseconds(5), ...cable });
  }

  /** Sends `total` bytes in writes of 64 KiB and reads them on the other side. */
  bulk(total: number): void {
    const [client, server] = this.#pair();
    const chunk = new Uint8Array(65536);
    const into = new Uint8Array(65536);
    let sent = 0;
    let received = 0;
    const pump = () => {
      while (sent < total) {
        const taken = client.send(chunk.subarray(0, Math.min(chunk.length, total - sent)), 0, null, 0);
        if (taken < 0) return;
        sent += taken;
      }
    };
    const drain = () => {
      for (;;) {
        const got = server.receive(into, 0);
        if (typeof got === 'number' || got.length === 0) return;
        received += got.length;
      }
    };
    client.subscribe(pump);
    server.subscribe(drain);
    pump();
    this.#until(() => received >= total);
    client.close();
    server.close();
  }

  /** `count` requests of 64 bytes, each answered by 64 bytes before the next is sent. */
  roundTrips(count: number): void {
    const [client, server] = this.#pair();
    const message = new Uint8Array(64);
    const into = new Uint8Array(64);
    let left = count;
    server.subscribe(() => {
      if (arrived(server, into)) server.send(message, 0, null, 0);
    });
    client.subscribe(() => {
      if (arrived(client, into) && --left > 0) client.send(message, 0, null, 0);
    });
    client.send(message, 0, null, 0);
    this.#until(() => left === 0);
    client.close();
    server.close();
  }

  /** `count` times: connect, one byte each way, close; `parallel` at a time. Then lets TIME_WAIT pass. */
  connections(count: number, parallel: number): void {
    const listener = this.#listen();
    const byte = new Uint8Array(1);
    listener.subscribe(() => {
      for (let accepted = listener.accept(); typeof accepted !== 'number'; accepted = listener.accept()) {
        const server = accepted;
        const answer = () => {
          const got = server.receive(byte, 0);
          if (typeof got === 'number') return;
          if (got.length === 0) {
            server.close();
            return;
          }
          server.send(byte, 0, null, 0);
          server.shutdown(SHUT_WR);
        };
        server.subscribe(answer);
        answer();
      }
    });
    let left = count;
    let open = 0;
    const next = () => {
      left--;
      open++;
      const client = this.#socket(this.#client);
      let asked = false;
      client.subscribe(() => {
        if (!asked) {
          asked = client.send(byte, 0, null, 0) === 1;
          return;
        }
        const got = client.receive(byte, 0);
        if (typeof got === 'number' || got.length > 0) return;
        client.close();
        open--;
        if (left > 0) this.#sim.after(0, next);
      });
      client.connect(SERVER);
    };
    for (let i = 0; i < parallel; i++) next();
    this.#until(() => left === 0 && open === 0);
    listener.close();
    this.#sim.run(this.#sim.now + seconds(61));
  }

  #machine(name: string, last: number): [Stack, Port] {
    const stack = new Stack({ sim: this.#sim, name, record: this.#record });
    const port = new Port('eth0', stack.tracer, stack.pool);
    stack.addPort(port, { mac: parseMac(`02:00:00:00:00:0${last}`) as MacAddress });
    stack.addAddress('eth0', `10.0.0.${last}/${NETWORK_PREFIX}`);
    return [stack, port];
  }

  #socket(stack: Stack): Socket {
    const socket = stack.socket(AF_INET, SOCK_STREAM, 0);
    if (typeof socket === 'number') throw new Error(`socket: ${errnoName(-socket)}`);
    socket.setOption(IPPROTO_TCP, TCP_NODELAY, ON);
    return socket;
  }

  #listen(): Socket {
    const listener = this.#socket(this.#server);
    listener.bind(SERVER, { privileged: true });
    listener.listen(4096);
    return listener;
  }

  #pair(): [client: Socket, server: Socket] {
    const listener = this.#listen();
    const client = this.#socket(this.#client);
    client.connect(SERVER);
    let server: Socket | number = listener.accept();
    this.#until(() => typeof (server = listener.accept()) !== 'number');
    if (typeof server === 'number') throw new Error(`accept: ${errnoName(-server)}`);
    listener.close();
    return [client, server];
  }

  /** Lets time pass until something has come about. @throws Error when nothing can happen any more. */
  #until(done: () => boolean): void {
    while (!done()) {
      if (!this.#sim.step()) throw new Error('nothing can happen any more, and the measurement is not over');
    }
  }
}

/** Whether a message has come whole. */
function arrived(socket: Socket, into: Uint8Array): boolean {
  const got = socket.receive(into, 0);
  return typeof got !== 'number' && got.length === into.length;
}
