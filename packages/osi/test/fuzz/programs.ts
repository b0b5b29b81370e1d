import { type Socket, type Stack, SystemError } from '../../src/5-session/index.ts';
import type { Random } from '../../src/time/index.ts';
import { randomBytes } from './packets.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const ICMP = 1;
const ROOT = { privileged: true };
const NOSIGNAL = 0x4000;
const EAGAIN = -11;

/** Ports on which machines listen whose connections may come to harm. */
export const OPEN_PORTS = [7, 9, 13, 19] as const;
const IGNORED_PORT = 19;
/** The port of conversations that must not. */
export const WITNESS_PORT = 5001;

function socketOf(stack: Stack, type: number, protocol = 0): Socket {
  const socket = stack.socket(AF_INET, type, protocol);
  if (typeof socket === 'number') throw new SystemError('socket', socket, {});
  return socket;
}

const at = (address: string, port: number) => ({ family: AF_INET, address, port }) as const;

/** A program that does with its sockets what comes to its mind: it is there so that connections are in every state. */
export class Fiddler {
  readonly #stack: Stack;
  readonly #random: Random;
  readonly #peers: readonly string[];
  readonly #listeners: Socket[] = [];
  readonly #sockets: Socket[] = [];
  readonly #scratch = new Uint8Array(65_536);
  #told = 0;

  constructor(stack: Stack, random: Random, peers: readonly string[]) {
    this.#stack = stack;
    this.#random = random;
    this.#peers = peers;
    for (const port of OPEN_PORTS) this.#listen(port);
  }

  act(): void {
    const random = this.#random;
    const choice = random.below(16);
    if (choice < 3) this.#accept();
    else if (choice < 5 && this.#sockets.length < 32) this.#open();
    else if (choice === 5 && random.chance(0.02)) this.#listen(this.#pick(OPEN_PORTS));
    else if (this.#sockets.length > 0) this.#use(random.below(this.#sockets.length));
  }

  close(): void {
    for (const socket of [...this.#listeners, ...this.#sockets]) socket.close();
    this.#listeners.length = 0;
    this.#sockets.length = 0;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)] as T;
  }

  /** Listens, or closes the listener that has the port. */
  #listen(port: number): void {
    const old = this.#listeners.findIndex((each) => each.localAddress().port === port);
    if (old >= 0) this.#listeners.splice(old, 1)[0]?.close();
    const socket = socketOf(this.#stack, SOCK_STREAM);
    socket.setOption(1, 2, int(1));
    // Little room, so that windows close.
    if (this.#random.chance(0.5)) socket.setOption(1, 8, int(this.#random.below(6000)));
    if (socket.bind(at('0.0.0.0', port), ROOT) === 0 && socket.listen(1 + this.#random.below(12)) === 0) {
      this.#listeners.push(socket);
    } else socket.close();
  }

  #accept(): void {
    if (this.#listeners.length === 0) return;
    const listener = this.#pick(this.#listeners);
    // One of them mostly lets them wait.
    if (listener.localAddress().port === IGNORED_PORT && this.#random.chance(0.98)) return;
    const socket = listener.accept();
    if (typeof socket === 'number') return;
    if (this.#sockets.length >= 40) socket.close();
    else this.#keep(socket);
  }

  #keep(socket: Socket): void {
    socket.subscribe(() => {
      this.#told += socket.poll() & 1;
    });
    this.#sockets.push(socket);
  }

  #open(): void {
    const random = this.#random;
    const peer = this.#pick(this.#peers);
    const kind = random.below(10);
    if (kind < 7) {
      const socket = socketOf(this.#stack, SOCK_STREAM);
      this.#configure(socket);
      socket.connect(at(peer, random.chance(0.9) ? this.#pick(OPEN_PORTS) : 1 + random.below(9000)));
      this.#keep(socket);
    } else if (kind < 9) {
      const socket = socketOf(this.#stack, SOCK_DGRAM);
      socket.setOption(1, 6, int(1));
      socket.setOption(1, 8, int(random.below(10_000)));
      socket.bind(at('0.0.0.0', random.chance(0.5) ? 53 : 0), ROOT);
      if (random.chance(0.5)) socket.connect(at(peer, 53));
      if (random.chance(0.5)) socket.setOption(0, 11, int(1));
      this.#keep(socket);
    } else {
      this.#keep(socketOf(this.#stack, SOCK_DGRAM, ICMP));
    }
  }

  #configure(socket: Socket): void {
    const random = this.#random;
    if (random.chance(0.5)) return;
    const [level, name, most] = this.#pick([
      [1, 7, 100_000],
      [1, 8, 100_000],
      [1, 9, 2],
      [1, 18, 5000],
      [6, 1, 2],
      [6, 2, 1600],
      [6, 3, 2],
      [6, 4, 20],
      [6, 5, 20],
      [6, 6, 5],
      [6, 8, 60],
      [6, 12, 2],
      [6, 18, 30_000],
      [0, 1, 256],
      [0, 2, 255],
      [0, 10, 4],
    ] as const);
    socket.setOption(level, name, int(random.below(most)));
    if (random.chance(0.1)) socket.setOption(1, 13, new Uint8Array([1, 0, 0, 0, random.below(2), 0, 0, 0]));
  }

  #use(place: number): void {
    const random = this.#random;
    const socket = this.#sockets[place] as Socket;
    // Datagrams are left waiting until there is no room.
    if (socket.type === SOCK_DGRAM && random.chance(0.7)) return;
    const choice = random.below(24);
    if (choice < 8) this.#send(socket);
    else if (choice < 18) {
      const flags = random.chance(0.1) ? this.#pick([2, 0x20, 0x2000]) : 0;
      socket.receive(this.#scratch.subarray(0, 1 + random.below(random.chance(0.3) ? 65_536 : 2000)), flags);
    } else if (choice < 20) this.#configure(socket);
    else if (choice === 20) socket.shutdown(random.below(3));
    else if (choice === 21) socket.getOption(6, 11, 256);
    else if (random.chance(0.5)) {
      socket.close();
      this.#sockets.splice(place, 1);
    }
  }

  #send(socket: Socket): void {
    const random = this.#random;
    const most = random.chance(0.1) ? 60_000 : 3000;
    const bytes = randomBytes(random, random.below(most));
    if (socket.type === SOCK_STREAM) {
      socket.send(bytes, NOSIGNAL, null, 0);
      return;
    }
    if (socket.protocol === ICMP && bytes.length >= 8) bytes.fill(0, 0, 8)[0] = 8;
    const peer = random.chance(0.1) ? this.#pick(['10.0.0.255', '224.0.0.1', '255.255.255.255']) : null;
    socket.send(bytes, NOSIGNAL, at(peer ?? this.#pick(this.#peers), 53), 0);
  }
}

const int = (n: number): Uint8Array => new Uint8Array(Int32Array.of(n).buffer);

/** Sends back what it is sent: the far end of the conversations that must not come to harm. */
export class EchoServer {
  readonly #listener: Socket;
  readonly #open = new Set<{ socket: Socket; waiting: Uint8Array; ended: boolean }>();
  readonly #scratch = new Uint8Array(16_384);

  constructor(stack: Stack) {
    this.#listener = socketOf(stack, SOCK_STREAM);
    this.#listener.setOption(1, 2, int(1));
    this.#listener.bind(at('0.0.0.0', WITNESS_PORT), ROOT);
    this.#listener.listen(128);
  }

  pump(): void {
    for (let next = this.#listener.accept(); typeof next !== 'number'; next = this.#listener.accept()) {
      this.#open.add({ socket: next, waiting: new Uint8Array(0), ended: false });
    }
    for (const each of this.#open) {
      const { socket } = each;
      if (each.waiting.length === 0 && !each.ended) {
        const got = socket.receive(this.#scratch, 0);
        if (typeof got !== 'number') {
          each.ended = got.length === 0;
          each.waiting = this.#scratch.slice(0, got.length);
        } else each.ended = got !== EAGAIN;
      }
      if (each.waiting.length > 0) {
        const taken = socket.send(each.waiting, NOSIGNAL, null, 0);
        if (taken > 0) each.waiting = each.waiting.subarray(taken);
        else if (taken !== EAGAIN) each.waiting = each.waiting.subarray(0, 0);
      } else if (each.ended) {
        socket.close();
        this.#open.delete(each);
      }
    }
  }

  close(): void {
    this.#listener.close();
    for (const { socket } of this.#open) socket.close();
    this.#open.clear();
  }
}

/** A conversation may take so long, in seconds of virtual time: SYN alone is tried for two minutes. */
const PATIENCE = 900e9;

/** Talks to an echo server, one conversation after another, and judges: every byte comes back, in order, and each ends. */
export class Witness {
  conversations = 0;
  bytes = 0;
  /** What went wrong, or null. */
  complaint: string | null = null;
  readonly #stack: Stack;
  readonly #random: Random;
  readonly #to: string;
  readonly #scratch = new Uint8Array(16_384);
  #socket: Socket | null = null;
  #words: Uint8Array = new Uint8Array(0);
  #sent = 0;
  #heard = 0;
  #finished = false;
  #began = 0;
  #again = true;

  constructor(stack: Stack, random: Random, to: string) {
    this.#stack = stack;
    this.#random = random;
    this.#to = to;
  }

  /** No further conversation is begun. */
  stop(): void {
    this.#again = false;
  }

  resume(): void {
    this.#again = true;
  }

  get busy(): boolean {
    return this.#socket !== null;
  }

  pump(): void {
    const socket = this.#socket ?? (this.#again ? this.#begin() : null);
    if (socket === null || this.complaint !== null) return;
    if (this.#stack.sim.now - this.#began > PATIENCE) {
      this.#fault(`is not over after ${PATIENCE / 1e9} s of virtual time`);
      return;
    }
    this.#speak(socket);
    this.#listen(socket);
  }

  close(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  #begin(): Socket {
    const socket = socketOf(this.#stack, SOCK_STREAM);
    this.#words = randomBytes(this.#random, 1 + this.#random.below(12_000));
    this.#sent = 0;
    this.#heard = 0;
    this.#finished = false;
    this.#began = this.#stack.sim.now;
    this.#socket = socket;
    const result = socket.connect(at(this.#to, WITNESS_PORT));
    if (result !== 0 && result !== -115) this.#fault(`connect: errno ${-result}`);
    return socket;
  }

  #speak(socket: Socket): void {
    if (this.#sent < this.#words.length) {
      const taken = socket.send(this.#words.subarray(this.#sent, this.#sent + 8192), NOSIGNAL, null, 0);
      if (taken > 0) this.#sent += taken;
      else if (taken !== EAGAIN && taken !== 0) this.#fault(`send: errno ${-taken}`);
    } else if (!this.#finished) {
      const result = socket.shutdown(1);
      // Not connected yet.
      if (result === 0) this.#finished = true;
    }
  }

  #listen(socket: Socket): void {
    const got = socket.receive(this.#scratch, 0);
    if (typeof got === 'number') {
      if (got !== EAGAIN && got !== -107) this.#fault(`receive: errno ${-got}`);
      return;
    }
    for (let i = 0; i < got.length; i++) {
      if (this.#scratch[i] === this.#words[this.#heard + i]) continue;
      this.#fault(
        `byte ${this.#heard + i}: expected ${this.#words[this.#heard + i]}, found ${this.#scratch[i]}`,
      );
      return;
    }
    this.#heard += got.length;
    if (got.length > 0) return;
    if (!this.#finished) return;
    if (this.#heard !== this.#words.length)
      this.#fault(`ended after ${this.#heard} of ${this.#words.length} bytes`);
    socket.close();
    this.#socket = null;
    this.conversations++;
    this.bytes += this.#heard;
  }

  #fault(what: string): void {
    this.complaint ??= `the conversation of ${this.#stack.name} with ${this.#to} ${what}`;
  }
}
