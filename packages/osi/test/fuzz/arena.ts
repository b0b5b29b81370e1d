import { Cable, Hub, type Medium, Port, type PortOwner } from '../../src/1-physical/index.ts';
import { type MacAddress, macFromNumber, Switch } from '../../src/2-datalink/index.ts';
import { parseIpv4 } from '../../src/3-network/index.ts';
import { TCP_DROPS } from '../../src/4-transport/tcp/reasons.ts';
import { TRANSITIONS } from '../../src/4-transport/tcp/state.ts';
import { Stack } from '../../src/5-session/index.ts';
import { type Random, Simulation, seconds } from '../../src/time/index.ts';
import { TraceRecord, Tracer } from '../../src/trace/index.ts';
import { AuditedPool } from '../network-world.ts';
import type { Target } from './attacker.ts';
import { Ear } from './flows.ts';
import { arp, viewOf } from './packets.ts';
import { EchoServer, Fiddler, Witness } from './programs.ts';

/** Bounds set low, so that attacks meet them. */
const TIGHT = {
  'net.ipv4.ipfrag_high_thresh': 262_144,
  'net.ipv6.ip6frag_high_thresh': 262_144,
  'net.ipv4.tcp_max_syn_backlog': 64,
  'net.ipv4.tcp_max_tw_buckets': 64,
} as const;

/** Frames that all queues of the arena together may hold. Their sum is what the bounds allow; this is far above what is seen. */
const MOST_FRAMES = 40_000;
/** Connections of a machine: half-open, waiting to be accepted, in the hands of a program, closing, in TIME_WAIT. */
const MOST_CONNECTIONS = 1200;

/** Of IPv6: what routers tell is bounded (net.ipv6.conf.*.max_addresses on two interfaces, and what is there by hand). */
const MOST_ADDRESSES = 2 * 16 + 8;
const MOST_ROUTES = 4096 + 64;

/** The states that connections in an arena get into: all there are but the one in which there is nothing. */
export const TCP_STATES = Object.keys(TRANSITIONS)
  .filter((state) => state !== 'CLOSED')
  .sort();

const addressOf = (text: string): number => parseIpv4(text) as number;

/** The machine that attacks: it has a port and no stack, answers ARP for addresses that nobody has, and hears everything. */
class Mallory implements PortOwner {
  readonly mac = macFromNumber(0x02_0000_000066);
  readonly port: Port;
  readonly addresses = Array.from({ length: 8 }, (_, i) => addressOf('10.0.0.66') + i);
  readonly #random: Random;

  constructor(sim: Simulation, pool: AuditedPool, record: TraceRecord | null) {
    this.port = new Port('eth0', new Tracer(sim, 'mallory', record), pool);
    this.port.attach(this);
    this.#random = sim.randomFor('fuzz/mallory');
  }

  send(bytes: Uint8Array): void {
    const frame = this.port.pool.take(bytes.length);
    frame.bytes.set(bytes, frame.start);
    frame.end = frame.start + bytes.length;
    frame.reason = 'fuzz';
    this.port.transmit(frame);
  }

  receive(_port: Port, frame: { data(): Uint8Array; release(): void }): void {
    const bytes = frame.data();
    const view = viewOf(bytes);
    let answer: Uint8Array | null = null;
    if (bytes.length >= 42 && view.getUint16(12) === 0x0806 && view.getUint16(20) === 1) {
      const about = view.getUint32(38);
      if (this.addresses.includes(about) && this.#random.chance(0.9)) {
        const asker = view.getUint16(6) * 0x1_0000_0000 + view.getUint32(8);
        const way = { fromMac: this.mac as number, toMac: asker, from: 0, to: 0 };
        answer = arp(way, 2, this.mac, about, asker, view.getUint32(28));
      }
    }
    frame.release();
    if (answer !== null) this.send(answer);
  }
}

/**
 * The network that is attacked: client and server on a switch, a far machine behind a router, and on a hub at the
 * same switch a guest, whose connections may come to harm, and the attacker.
 *
 *     client ── switch ── router ── far
 *     server ──┘  └── hub ── guest, mallory
 */
export class Arena {
  readonly sim: Simulation;
  readonly pool = new AuditedPool();
  readonly record: TraceRecord | null;
  readonly ear = new Ear();
  readonly stacks: Stack[] = [];
  readonly switch: Switch;
  readonly mallory: Mallory;
  readonly targets: (Target & { readonly port: Port })[] = [];
  readonly witnesses: Witness[];
  readonly fiddlers: Fiddler[];
  readonly #servers: EchoServer[];

  constructor(seed: number, recorded: boolean) {
    const { pool } = this;
    const sim = (this.sim = new Simulation(seed));
    const record = (this.record = recorded ? new TraceRecord() : null);
    this.switch = new Switch({ sim, name: 'switch', record, pool });
    const hub = new Hub({ sim, name: 'hub', record, pool });
    this.mallory = new Mallory(sim, pool, record);
    const [client, clientPort] = this.#machine('client', ['10.0.0.1/24']);
    const [server, serverPort] = this.#machine('server', ['10.0.0.2/24']);
    const [guest, guestPort] = this.#machine('guest', ['10.0.0.3/24']);
    const [router, near, away] = this.#machine('router', ['10.0.0.254/24', '10.0.1.254/24']);
    const [far, farPort] = this.#machine('far', ['10.0.1.1/24']);
    router.sysctl.set('net.ipv4.ip_forward', 1);
    router.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    for (const stack of [client, server, guest])
      stack.addRoute({ destination: 'default', via: '10.0.0.254' });
    far.addRoute({ destination: 'default', via: '10.0.1.254' });
    this.#cable(clientPort, this.switch.addPort());
    this.#cable(serverPort, this.switch.addPort());
    this.#cable(near, this.switch.addPort());
    this.#cable(hub.addPort(), this.switch.addPort());
    this.#cable(guestPort, hub.addPort(), { loss: 0.01, duplicate: 0.01, reorder: 0.02, jitter: 20_000 });
    this.#cable(this.mallory.port, hub.addPort(), { loss: 0.01, corrupt: 0.02, reorder: 0.05 });
    this.#cable(away as Port, farPort);
    this.#trust();
    this.#servers = [new EchoServer(server), new EchoServer(far)];
    const random = (name: string): Random => sim.randomFor(`fuzz/${name}`);
    this.witnesses = [
      new Witness(client, random('client'), '10.0.0.2'),
      new Witness(far, random('far'), '10.0.0.2'),
      new Witness(client, random('client to far'), '10.0.1.1'),
    ];
    const strangers = ['10.0.0.66', '10.0.0.67', '10.0.0.99', '192.0.2.1'];
    this.fiddlers = [
      new Fiddler(server, random('server'), ['10.0.0.3', '10.0.0.3', '10.0.0.3', '127.0.0.1', ...strangers]),
      new Fiddler(guest, random('guest'), [
        '10.0.0.2',
        '10.0.0.2',
        '10.0.0.2',
        '10.0.1.1',
        '10.0.0.3',
        ...strangers,
      ]),
    ];
  }

  /** Lets the programs whose conversations must not come to harm go on. */
  pump(): void {
    for (const server of this.#servers) server.pump();
    for (const witness of this.witnesses) witness.pump();
  }

  /** How often anything was dropped, by its reason. */
  drops(): Map<string, number> {
    const all = new Map<string, number>();
    for (const { drops } of [
      ...this.stacks.map((stack) => stack.tracer),
      this.switch.tracer,
      this.mallory.port.tracer,
    ]) {
      for (const [reason, count] of drops) all.set(reason, (all.get(reason) ?? 0) + count);
    }
    return all;
  }

  /** Adds the states that connections are in to `states`. @returns what is not bounded as it should be, or null. */
  look(states: Set<string>): string | null {
    for (const stack of this.stacks) {
      const { name } = stack;
      let connections = 0;
      let waiting = 0;
      for (const { state } of stack.tcp.entries()) {
        states.add(state);
        connections++;
        if (state === 'TIME_WAIT') waiting++;
      }
      if (waiting > TIGHT['net.ipv4.tcp_max_tw_buckets'])
        return `${name} has ${waiting} connections in TIME_WAIT`;
      if (connections > MOST_CONNECTIONS) return `${name} has ${connections} connections`;
      for (const ip of [stack.ip, stack.ip6]) {
        const held = ip.reassemblyMemory;
        // A last piece of any size may still come in below the threshold.
        if (held > TIGHT['net.ipv4.ipfrag_high_thresh'] + 70_000)
          return `${name} holds ${held} bytes of fragments`;
        if (ip.pathMtu.size > ip.pathMtu.most) return `${name} knows the MTU of ${ip.pathMtu.size} paths`;
      }
      for (const { link, neighbours } of [
        ...stack.interfaces.map((link) => ({ link, neighbours: link.neighbours })),
        ...stack.ip6.interfaces,
      ]) {
        const most = neighbours?.parameters.tableLimit ?? 0;
        const count = [...(neighbours?.entries() ?? [])].length;
        if (count > most) return `${name} has ${count} neighbours on ${link.name}`;
      }
      if (stack.addresses6.length > MOST_ADDRESSES)
        return `${name} has ${stack.addresses6.length} IPv6 addresses`;
      if (stack.routes6.length > MOST_ROUTES) return `${name} has ${stack.routes6.length} IPv6 routes`;
    }
    if (this.switch.table.size > this.switch.table.most)
      return `the switch knows ${this.switch.table.size} stations`;
    if (this.pool.out.size > MOST_FRAMES) return `${this.pool.out.size} frames are in use`;
    return this.witnesses.find(({ complaint }) => complaint !== null)?.complaint ?? null;
  }

  /** The attack is over. @returns what is not as it was before it, or null. */
  end(): string | null {
    for (const fiddler of this.fiddlers) fiddler.close();
    for (const witness of this.witnesses) witness.stop();
    const silence = this.#converse('after the attack');
    if (silence !== null) return silence;
    // Those who come now find everything as if nothing had been.
    const before = this.witnesses.map(({ conversations }) => conversations);
    for (const witness of this.witnesses) witness.resume();
    this.pump();
    for (const witness of this.witnesses) witness.stop();
    const complaint = this.#converse('begun after the attack');
    if (complaint !== null) return complaint;
    const mute = this.witnesses.findIndex(({ conversations }, i) => conversations === before[i]);
    if (mute >= 0) return `witness ${mute} had no conversation after the attack`;
    for (const server of this.#servers) server.close();
    // The reachable time that a router told has no end; below the 5 s of DELAY neighbours would probe one another for ever, as on Linux.
    for (const stack of this.stacks) {
      for (const { neighbours } of stack.ip6.interfaces) {
        if (neighbours !== null) neighbours.parameters.baseReachableTime = seconds(30);
      }
    }
    // What routers and queriers have told lasts for days at most: seven times 31744 s (RFC 3810 section 9.12).
    this.sim.run(this.sim.now + seconds(72 * 3600));
    // Who still asks for routers once an hour is remembered by its neighbours for a while.
    for (let minute = 0; minute < 30 && this.sim.nextAt !== Number.POSITIVE_INFINITY; minute++)
      this.sim.run(this.sim.now + seconds(60));
    return this.#leftovers();
  }

  #converse(when: string): string | null {
    const until = this.sim.now + seconds(900);
    while (this.witnesses.some(({ busy }) => busy)) {
      this.pump();
      this.sim.run(this.sim.now + 1_000_000);
      const complaint = this.witnesses.find((witness) => witness.complaint !== null)?.complaint;
      if (complaint !== undefined) return complaint;
      if (this.sim.now > until) return `a conversation ${when} does not end`;
    }
    return null;
  }

  #leftovers(): string | null {
    for (const stack of this.stacks) {
      const entries = [...stack.tcp.entries()];
      if (entries.length > 0)
        return `${stack.name} still has ${entries.length} connections, one ${entries[0]?.state}`;
      const held = stack.ip.reassemblyMemory + stack.ip6.reassemblyMemory;
      if (held !== 0) return `${stack.name} still holds ${held} bytes of fragments`;
    }
    if (this.pool.out.size > 0) {
      const reasons = new Set([...this.pool.out].map(({ reason }) => reason || 'received'));
      return `${this.pool.out.size} frames were never given back: ${[...reasons].join(', ')}`;
    }
    if (this.sim.nextAt !== Number.POSITIVE_INFINITY) return 'something still waits to happen';
    for (const reason of this.drops().keys()) {
      const named = reason.startsWith('tcp.')
        ? reason in TCP_DROPS
        : /^[a-z][a-z0-9]*\.[a-z]+(-[a-z0-9]+)*$/.test(reason);
      if (!named) return `something was dropped for a reason that has no name: '${reason}'`;
    }
    return null;
  }

  #machine(name: string, prefixes: readonly string[]): [Stack, Port, Port?] {
    const { sim, pool, record } = this;
    const stack = new Stack({ sim, name, record, pool });
    for (const [key, value] of Object.entries(TIGHT)) stack.sysctl.set(key, value);
    // Every other one does without SYN cookies, and has to turn SYNs away.
    stack.sysctl.set('net.ipv4.tcp_syncookies', this.stacks.length % 2);
    const ports = prefixes.map((prefix, i) => {
      const port = new Port(`eth${i}`, stack.tracer, pool);
      const mac = macFromNumber(0x02_0000_000001 + this.targets.length);
      stack.addPort(port, { mac, ipv6: true });
      stack.addAddress(port.name, prefix);
      // All on one network: what is for another machine is asked for, or forwarded where that is.
      stack.addAddress(port.name, `2001:db8::${this.targets.length + 1}/64`, false);
      this.targets.push({ mac, address: addressOf(prefix.replace(/\/.*/, '')), port });
      return port;
    });
    this.stacks.push(stack);
    return [stack, ports[0] as Port, ports[1]];
  }

  #cable(a: Port, b: Port, impairments = {}): void {
    const cable = new Cable(this.sim, a, b, { delay: 20_000, impairments });
    const ends: [Port, Medium][] = [
      [a, cable.aToB],
      [b, cable.bToA],
    ];
    // What a machine sends is heard where it leaves the machine.
    for (const [port, medium] of ends) {
      const machine = this.targets.find((each) => each.port === port);
      if (machine !== undefined) this.ear.tap(port, medium, machine.address);
    }
  }

  /** ARP believes everybody: those whose conversations must not come to harm know each other's MAC beforehand. */
  #trust(): void {
    const trusted = this.targets.filter(({ port }) => port.tracer.node !== 'guest');
    for (const stack of this.stacks) {
      for (const link of stack.interfaces) {
        if (link.neighbours === null || stack.name === 'guest') continue;
        const net = this.targets.find(({ mac }) => mac === link.mac)?.address ?? 0;
        for (const { address, mac } of trusted) {
          if (address >>> 8 === net >>> 8 && mac !== link.mac)
            link.neighbours.setPermanent(address, mac as MacAddress);
        }
      }
    }
  }
}

/** Whether a frame at the switch would make it believe that one of `macs` has moved. */
export function movesStation(bytes: Uint8Array, macs: readonly number[]): boolean {
  if (bytes.length < 14) return false;
  const view = viewOf(bytes);
  return macs.includes(view.getUint16(6) * 0x1_0000_0000 + view.getUint32(8));
}

/** A frame as text that can be looked at elsewhere. */
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
