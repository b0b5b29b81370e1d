/**
 * The face of `node:net`: code written for Node's own sockets, over a machine of a lab.
 *
 * Promise: the same calls, events and errors, in an order that follows from the lab and its seed. Needs Node's
 * streams, and the stack of a machine below.
 */
import { isIP, isIPv4, isIPv6, type ServerOpts } from 'node:net';
import type { Stack } from '@netarium/osi/5-session';
import type { Arguments } from './arguments.ts';
import { hostsFile, type Names } from './lookup.ts';
import { Server as FaceServer } from './server.ts';
import { Socket as FaceSocket, type SocketSettings } from './socket.ts';
import { World } from './world.ts';

/** A machine of a lab (`lab.host(…)`), or its stack alone. */
export type NetMachine = Stack | { readonly stack: Stack; readonly machine?: MachineFiles };

interface MachineFiles {
  readonly files: { content(path: string): Uint8Array | undefined };
}

export type { Server as NetServer } from './server.ts';
export type { Socket as NetSocket } from './socket.ts';

/** What code takes that is handed `node:net`. */
export interface Net {
  readonly Socket: new (settings?: SocketSettings) => FaceSocket;
  readonly Stream: new (settings?: SocketSettings) => FaceSocket;
  readonly Server: new (
    settings?: ServerOpts | ((socket: FaceSocket) => void),
    listener?: (socket: FaceSocket) => void,
  ) => FaceServer;
  createServer(
    settings?: ServerOpts | ((socket: FaceSocket) => void),
    listener?: (socket: FaceSocket) => void,
  ): FaceServer;
  connect(...args: Arguments): FaceSocket;
  createConnection(...args: Arguments): FaceSocket;
  isIP(input: string): number;
  isIPv4(input: string): boolean;
  isIPv6(input: string): boolean;
}

/**
 * `node:net` as a machine's programs have it. Time passes while the lab is driven: `lab.finish(promise)`, `lab.run()`.
 *
 * Names are those of the machine's /etc/hosts, and `localhost`.
 */
export function createNet(machine: NetMachine): Net {
  const stack = 'stack' in machine ? machine.stack : machine;
  const world = new World(stack, namesOf(machine));
  const Socket = madeIn(world, FaceSocket);
  const connect = (...args: Arguments): FaceSocket => {
    const [first] = args;
    const settings = typeof first === 'object' && first !== null ? (first as SocketSettings) : {};
    return new FaceSocket(world, settings).connect(...args);
  };
  return {
    Socket,
    Stream: Socket,
    Server: madeIn(world, FaceServer),
    createServer: (settings, listener) => new FaceServer(world, settings, listener),
    connect,
    createConnection: connect,
    isIP,
    isIPv4,
    isIPv6,
  };
}

/**
 * A class as programs have it, whose constructor is not told the world. What it makes are instances of the class itself,
 * so that the sockets of all machines are of one kind: to `instanceof`, and to the engine, which is quick with one.
 */
function madeIn<A extends unknown[], T extends object>(
  world: World,
  kind: new (world: World, ...args: A) => T,
): new (
  ...args: A
) => T {
  const made: typeof kind = new Proxy(kind, {
    construct: (_kind, args, target) =>
      Reflect.construct(kind, [world, ...args], target === made ? kind : target),
  });
  return made as unknown as new (
    ...args: A
  ) => T;
}

function namesOf(machine: NetMachine): Names {
  return (name) => {
    if (name === 'localhost') return '127.0.0.1';
    const files = 'stack' in machine ? machine.machine?.files : undefined;
    const hosts = files?.content('/etc/hosts');
    return hosts === undefined ? undefined : hostsFile(new TextDecoder().decode(hosts))(name);
  };
}
