import { Switch } from '@netarium/osi/2-datalink';
import type { Socket, SocketAddress, Stack } from '@netarium/osi/5-session';
import { microseconds, type Nanoseconds, Simulation, Timed } from '@netarium/osi/time';
import { errnoName } from '@netarium/osi/trace';
import { inet, Network, succeed } from './network.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const IPPROTO_ICMP = 1;
const ECHO_REQUEST = Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1, ...new Array<number>(56).fill(0x5a));
const INTO = new Uint8Array(ECHO_REQUEST.length);
/** One request after the other, or the server's cable has a longer queue than it holds. */
const BETWEEN = microseconds(2);
/** About the time that a ping takes. */
const BEGIN_WITHIN = microseconds(20);
const CABLE = { bandwidth: 1e9, delay: microseconds(1) };

/**
 * Machines in switched subnets 10.1.0.0/16, 10.2.0.0/16 …; each subnet has a router, and those are on one more switch,
 * with one server.
 */
export class Subnets {
  static readonly server = '10.0.255.1';
  readonly sim = new Simulation(1);
  readonly machines: Stack[] = [];
  readonly #net = new Network(this.sim);
  readonly #core: Switch;

  constructor(machines: number, subnets: number) {
    this.#core = new Switch({ sim: this.sim, name: 'core' });
    const server = this.#machine('server', `${Subnets.server}/16`, this.#core);
    const size = Math.ceil(machines / subnets);
    for (let s = 1; s <= subnets; s++) {
      this.#subnet(s, Math.min(size, machines - this.machines.length));
      this.#net.route(server, `10.${s}.0.0/16`, `10.0.0.${s}`);
    }
  }

  /** Every machine pings the server once. @throws Error unless every one gets its answer. */
  pingServer(): void {
    let answered = 0;
    for (const [i, machine] of this.machines.entries()) {
      this.sim.at(i * BETWEEN, () => {
        const socket = this.#ping(machine, Subnets.server, () => {
          answered++;
          socket.close();
        });
      });
    }
    this.sim.run();
    if (answered !== this.machines.length)
      throw new Error(`${answered} of ${this.machines.length} were answered`);
  }

  /**
   * Has every machine ping its neighbour, again and again as time goes on, each beginning at a time of its own.
   * Returns when all have had `answers` answers: whoever is asked for by ARP is known, and tables have grown.
   */
  pingNeighbours(answers: number): void {
    const { machines } = this;
    const missing = new Int32Array(machines.length).fill(answers);
    let waiting = machines.length;
    const chance = this.sim.randomFor('begin');
    for (const [i, machine] of machines.entries()) {
      const to = addressOf(machines[i ^ 1] ?? machine);
      this.sim.at(chance.below(BEGIN_WITHIN), () => {
        const socket = this.#ping(machine, to, () => {
          missing[i] = (missing[i] ?? 0) - 1;
          if (missing[i] === 0) waiting--;
          succeed('ping', socket.send(ECHO_REQUEST, 0, inet(to, 0), 0));
        });
      });
    }
    while (waiting > 0) this.goOn(1000);
  }

  /**
   * Has every machine ping the server again and again, one machine after the other, for ever. Returns when all have had
   * `answers` answers: whoever is asked for by ARP is known, and tables have grown.
   */
  keepPinging(answers: number): void {
    const { machines, sim } = this;
    const period = machines.length * BETWEEN;
    const server = inet(Subnets.server, 0);
    const answered = { count: 0 };
    for (const [i, machine] of machines.entries()) {
      new Pinging(sim, pingSocket(machine), server, period, answered).start(i * BETWEEN);
    }
    while (answered.count < answers * machines.length) this.goOn(1000);
  }

  /** Lets `events` events happen. @throws Error when there are no more. */
  goOn(events: number): void {
    for (let left = events; left > 0; left--) {
      if (!this.sim.step()) throw new Error('nothing happens any more, and the measurement is not over');
    }
  }

  #subnet(s: number, size: number): void {
    const router = this.#machine(`router${s}`, `10.0.0.${s}/16`, this.#core);
    router.sysctl.set('net.ipv4.ip_forward', 1);
    const local = new Switch({ sim: this.sim, name: `switch${s}` });
    this.#net.cable(this.#net.interface(router, 'eth1', `10.${s}.255.254/16`), local.addPort(), CABLE);
    for (let i = 1; i <= size; i++) {
      const machine = this.#machine(`m${s}.${i}`, `10.${s}.${i >> 8}.${i & 255}/16`, local);
      this.#net.route(machine, 'default', `10.${s}.255.254`);
      this.machines.push(machine);
    }
  }

  #machine(name: string, prefix: string, at: Switch): Stack {
    const stack = this.#net.stack(name);
    this.#net.cable(this.#net.interface(stack, 'eth0', prefix), at.addPort(), CABLE);
    return stack;
  }

  /** Sends an echo request from a socket, and calls `answered` with each answer. */
  #ping(machine: Stack, to: string, answered: () => void): Socket {
    const socket = pingSocket(machine);
    socket.subscribe(() => {
      if (typeof socket.receive(INTO, 0) !== 'number') answered();
    });
    succeed('ping', socket.send(ECHO_REQUEST, 0, inet(to, 0), 0));
    return socket;
  }
}

/** Sends an echo request from a socket in each period, and counts the answers. As few objects as can be: none of them is the network's. */
class Pinging extends Timed {
  readonly #socket: Socket;
  readonly #to: SocketAddress;
  readonly #period: Nanoseconds;
  readonly #answered: { count: number };

  constructor(
    sim: Simulation,
    socket: Socket,
    to: SocketAddress,
    period: Nanoseconds,
    answered: { count: number },
  ) {
    super(sim);
    this.#socket = socket;
    this.#to = to;
    this.#period = period;
    this.#answered = answered;
    socket.subscribe(this.#receive.bind(this));
  }

  protected expired(): void {
    this.start(this.#period);
    succeed('ping', this.#socket.send(ECHO_REQUEST, 0, this.#to, 0));
  }

  #receive(): void {
    if (typeof this.#socket.receive(INTO, 0) !== 'number') this.#answered.count++;
  }
}

function pingSocket(machine: Stack): Socket {
  const socket = machine.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  if (typeof socket === 'number') throw new Error(`socket: ${errnoName(-socket)}`);
  return socket;
}

function addressOf(machine: Stack): string {
  const address = machine.addresses.find(({ link }) => !link.loopback)?.address ?? 0;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
