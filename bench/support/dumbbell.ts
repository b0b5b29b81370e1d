import type { Port } from '@netarium/osi/1-physical';
import type { Stack } from '@netarium/osi/5-session';
import { milliseconds, Simulation, seconds } from '@netarium/osi/time';
import type { Figure } from './measure.ts';
import { inet, Network, succeed, tcpSocket } from './network.ts';
import { Ns3, whyNoNs3 } from './ns3.ts';

const DURATION = 60;
const PORT = 5000;
const LEVEL_TCP = 6;
const TCP_MAXSEG = 2;
/** Payload with the timestamps option: a segment has as many bytes as ns-3's. */
const SEGMENT = 1446;
const TIMESTAMPS = 12;
/**
 * 100 Mbit/s as ns-3 counts them: its link has 2 bytes of framing a packet where Ethernet's preamble, header, check
 * and gap are 38. So this cable carries as many segments a second.
 */
const PACKET = SEGMENT + TIMESTAMPS + 40;
const NARROW = (100e6 * (PACKET + 38)) / (PACKET + 2);

/** B7 of `targets.md`: bulk flows through a narrow link, beside ns-3. */
export function dumbbellFigures(): Figure[] {
  const reason = whyNoNs3();
  if (reason !== null) console.log(`B7      without its peer: ${reason}`);
  return [10, 100].flatMap((flows): Figure[] => {
    const ns3 = reason === null ? new Ns3(flows, DURATION) : null;
    const common = {
      conditions: `100 Mbit/s, 10 ms, queue of 100, ${DURATION} s of virtual time; checksums computed and verified, no recorder`,
      peerName: 'ns-3',
      cold: true,
    } as const;
    let goodput = 0;
    return [
      {
        ...common,
        id: `B7/${flows}`,
        title: `${flows} bulk flows through one link: seconds of the network in a second`,
        unit: 's/s',
        must: flows === 10 ? 8 : 12,
        aim: flows === 10 ? 15 : 25,
        ours() {
          const begin = performance.now();
          goodput = new Dumbbell(flows).run(DURATION);
          return DURATION / ((performance.now() - begin) / 1000);
        },
        ...(ns3 !== null && { peer: async () => DURATION / (await ns3.run()).wall }),
      },
      {
        ...common,
        id: `B7/${flows}-goodput`,
        title: `${flows} bulk flows through one link: goodput (the same runs)`,
        unit: 'Mbit/s',
        must: 0.98,
        aim: 1,
        ours: () => goodput || new Dumbbell(flows).run(DURATION),
        ...(ns3 !== null && { peer: async () => (ns3.latest ?? (await ns3.run())).goodput }),
      },
    ];
  });
}

/** Senders on the left, receivers on the right, and two routers with the narrow link between them. */
class Dumbbell {
  readonly #net = new Network(new Simulation(1));
  readonly #left: Stack;
  readonly #right: Stack;
  readonly #into = new Uint8Array(65_536);
  readonly #chunk = new Uint8Array(65_536);
  #received = 0;

  constructor(flows: number) {
    const net = this.#net;
    this.#left = this.#router('left');
    this.#right = this.#router('right');
    const a = net.interface(this.#left, 'narrow', '10.255.0.1/24');
    const b = net.interface(this.#right, 'narrow', '10.255.0.2/24');
    net.cable(a, b, { bandwidth: NARROW, delay: milliseconds(10), queueLimit: 100 });
    net.route(this.#left, '10.128.0.0/9', '10.255.0.2');
    net.route(this.#right, '10.0.0.0/9', '10.255.0.1');
    for (let i = 0; i < flows; i++) this.#flow(i);
  }

  /** @returns the goodput of all flows in Mbit/s. */
  run(duration: number): number {
    this.#net.sim.run(seconds(duration));
    return (this.#received * 8) / duration / 1e6;
  }

  #flow(i: number): void {
    const sender = this.#host(`sender${i}`, `10.1.${i}`, this.#left);
    const receiver = this.#host(`receiver${i}`, `10.129.${i}`, this.#right);
    this.#receive(receiver);
    this.#net.sim.at(milliseconds(10 * (i % 100)), () => {
      const socket = tcpSocket(sender);
      socket.setOption(LEVEL_TCP, TCP_MAXSEG, new Uint8Array(Uint32Array.of(SEGMENT + TIMESTAMPS).buffer));
      socket.subscribe(() => {
        while (socket.send(this.#chunk, 0, null, 0) > 0);
      });
      socket.connect(inet(`10.129.${i}.1`, PORT));
    });
  }

  #receive(receiver: Stack): void {
    const listener = tcpSocket(receiver);
    succeed('bind', listener.bind(inet('0.0.0.0', PORT), { privileged: true }));
    succeed('listen', listener.listen(1));
    listener.subscribe(() => {
      const socket = listener.accept();
      if (typeof socket === 'number') return;
      const read = () => {
        for (let got = socket.receive(this.#into, 0); typeof got !== 'number' && got.length > 0; ) {
          this.#received += got.length;
          got = socket.receive(this.#into, 0);
        }
      };
      socket.subscribe(read);
      read();
    });
  }

  #router(name: string): Stack {
    const stack = this.#net.stack(name);
    stack.sysctl.set('net.ipv4.ip_forward', 1);
    return stack;
  }

  /** A machine with a cable to a router. */
  #host(name: string, network: string, router: Stack): Stack {
    const net = this.#net;
    const stack = net.stack(name);
    // NewReno, as ns-3 is told to use.
    stack.sysctl.setText('net.ipv4.tcp_congestion_control', 'reno');
    const ends: [Port, Port] = [
      net.interface(stack, 'eth0', `${network}.1/24`),
      net.interface(router, name, `${network}.254/24`),
    ];
    net.cable(...ends, { bandwidth: 1e9, delay: milliseconds(1) });
    net.route(stack, 'default', `${network}.254`);
    return stack;
  }
}
