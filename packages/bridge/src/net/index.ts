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
  const world = new World(stack);
  const names = namesOf(machine);
  class Socket extends FaceSocket {
    constructor(settings?: SocketSettings) {
      super(world, names, settings);
    }
  }
  class Server extends FaceServer {
    constructor(
      settings: ServerOpts | ((socket: FaceSocket) => void) = {},
      listener?: (socket: FaceSocket) => void,
    ) {
      if (typeof settings === 'function') super(world, names, {}, settings);
      else super(world, names, settings, listener ?? null);
    }
  }
  const connect = (...args: Arguments): FaceSocket => {
    const [first] = args;
    const settings = typeof first === 'object' && first !== null ? (first as SocketSettings) : {};
    return new Socket(settings).connect(...args);
  };
  return {
    Socket,
    Stream: Socket,
    Server,
    createServer: (settings, listener) => new Server(settings, listener),
    connect,
    createConnection: connect,
    isIP,
    isIPv4,
    isIPv6,
  };
}

function namesOf(machine: NetMachine): Names {
  return (name) => {
    if (name === 'localhost') return '127.0.0.1';
    const files = 'stack' in machine ? machine.machine?.files : undefined;
    const hosts = files?.content('/etc/hosts');
    return hosts === undefined ? undefined : hostsFile(new TextDecoder().decode(hosts))(name);
  };
}
