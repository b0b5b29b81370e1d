import { Cable, type CableOptions, Port } from '@netarium/osi/1-physical';
import { macFromNumber } from '@netarium/osi/2-datalink';
import { type Socket, type SocketAddress, Stack } from '@netarium/osi/5-session';
import type { Simulation } from '@netarium/osi/time';
import { errnoName } from '@netarium/osi/trace';

const FIRST_MAC = 0x0200_0000_0001;

const AF_INET = 2;
const SOCK_STREAM = 1;

/** Machines and cables of one simulation, without a recorder: for measurements of many. */
export class Network {
  readonly sim: Simulation;
  #macs = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  stack(name: string): Stack {
    return new Stack({ sim: this.sim, name });
  }

  /** Gives a machine one more interface with an address. @param prefix `10.0.0.1/24`. */
  interface(stack: Stack, name: string, prefix: string): Port {
    const port = new Port(name, stack.tracer, stack.pool);
    stack.addPort(port, { mac: macFromNumber(FIRST_MAC + this.#macs++) });
    succeed('address', stack.addAddress(name, prefix));
    return port;
  }

  cable(a: Port, b: Port, options: CableOptions = {}): Cable {
    return new Cable(this.sim, a, b, options);
  }

  route(stack: Stack, to: string, via: string): void {
    succeed('route', stack.addRoute({ destination: to, via }));
  }
}

/** A TCP socket of a machine. */
export function tcpSocket(stack: Stack): Socket {
  const socket = stack.socket(AF_INET, SOCK_STREAM, 0);
  if (typeof socket === 'number') throw new Error(`socket: ${errnoName(-socket)}`);
  return socket;
}

export const inet = (address: string, port: number): SocketAddress => ({ family: AF_INET, address, port });

/** @throws Error for a negated errno. */
export function succeed(what: string, result: number): number {
  if (result < 0) throw new Error(`${what}: ${errnoName(-result)}`);
  return result;
}
