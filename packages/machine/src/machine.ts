import { type FramePool, Port } from '@netarium/osi/1-physical';
import { EthernetInterface, type MacAddress, macFromNumber, parseMac } from '@netarium/osi/2-datalink';
import type { AdvertisementSettings } from '@netarium/osi/3-network';
import { Stack } from '@netarium/osi/5-session';
import type { Simulation } from '@netarium/osi/time';
import { ERRNO, errnoMessage, type TraceRecord } from '@netarium/osi/trace';
import { Computer, DEFAULT_EPOCH } from './computer.ts';
import type { OutputLimit } from './kernel/terminal-log.ts';
import type { Scheduler } from './scheduler.ts';
import { StackNetwork } from './stack-network.ts';
import type { NetlinkRequest } from './system-calls.ts';

export interface MachineOptions {
  readonly sim: Simulation;
  readonly scheduler: Scheduler;
  readonly name: string;
  readonly record?: TraceRecord | null;
  /** Where frames come from. Default: one that all machines of the simulation share. */
  readonly pool?: FramePool;
  /** CLOCK_REALTIME at the beginning of the run, in milliseconds since 1970. Default: 2026-01-01T00:00:00Z. */
  readonly epoch?: number;
  /** As `ComputerOptions` has it. */
  readonly outputLimit?: OutputLimit;
}

export interface PortOptions {
  /** `02:00:00:00:00:01`. Default: 02: and 40 bits that follow from the names of machine and port. */
  readonly mac?: string;
  /** Default 1500. */
  readonly mtu?: number;
}

/** How a machine is on its networks, in the words of `ip`. */
export interface NetworkSettings {
  /** By interface: `{ eth0: ['10.0.0.1/24'] }`. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** The router for everything else. */
  readonly gateway?: string;
  /** Of IPv6, which an interface has only if it is named here; `auto`: a link-local address, and what routers tell. */
  readonly ipv6?: Ipv6Settings;
  readonly routes?: readonly {
    readonly destination: string;
    readonly via?: string;
    readonly interface?: string;
    readonly metric?: number;
  }[];
  /** By Linux's names: `{ 'net.ipv4.ip_forward': 1 }`. */
  readonly sysctl?: Readonly<Record<string, number>>;
  /** More lines of /etc/hosts: name → address. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** What a machine has of IPv6 when it starts: its addresses have been checked already, and nobody is asked about them. */
export interface Ipv6Settings {
  /** By interface: `{ eth0: '2001:db8::1/64' }`, or `auto`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** The default route: `2001:db8::ff`. */
  readonly gateway?: string;
  readonly routes?: readonly { readonly to: string; readonly via: string }[];
  /** Of a router: the interfaces on which it tells hosts that it is there, and the prefixes of its addresses. */
  readonly advertise?: Readonly<Record<string, AdvertisementSettings>>;
}

/** A computer with network interfaces: kernel, processes, files and a complete stack. */
export class Machine extends Computer {
  readonly stack: Stack;
  readonly #network: StackNetwork;

  constructor(options: MachineOptions) {
    const { sim, name, record = null, pool } = options;
    const stack = new Stack({ sim, name, record, ...(pool === undefined ? {} : { pool }) });
    const network = new StackNetwork(stack);
    super({ ...options, tracer: stack.tracer, network });
    stack.ip.epoch = options.epoch ?? DEFAULT_EPOCH;
    this.stack = stack;
    this.#network = network;
  }

  /** A new network interface with its socket for a cable. */
  addPort(name: string, options: PortOptions = {}): Port {
    const mac = options.mac === undefined ? macFor(`${this.name}/${name}`) : parseMac(options.mac);
    if (mac === null)
      throw new Error(`${this.name}: expected six octets as in 02:00:00:00:00:01, found ${options.mac}`);
    const port = new Port(name, this.stack.tracer, this.stack.pool);
    this.stack.addPort(port, { mac, ...(options.mtu === undefined ? {} : { mtu: options.mtu }) });
    return port;
  }

  /**
   * A new network interface for one VLAN of another, as `ip link add link eth0 name eth0.10 type vlan id 10` makes it.
   *
   * @throws Error when there is no such Ethernet interface; RangeError for a VLAN that is not 1–4094.
   */
  addVlan(parent: string, vlan: number): Port {
    const link = this.stack.interface(parent);
    if (!(link instanceof EthernetInterface)) {
      throw new Error(`${this.name}: expected an Ethernet interface, found "${parent}"`);
    }
    const port = link.vlanPort(vlan);
    this.stack.addPort(port, { mac: link.mac, mtu: link.mtu });
    return port;
  }

  /**
   * Sets addresses, routes and the rest, as `ip` and `sysctl` commands at boot would.
   *
   * @throws Error that names what was wrong.
   */
  configure(settings: NetworkSettings): void {
    for (const [name, prefixes] of Object.entries(settings.addresses ?? {})) {
      for (const prefix of prefixes) {
        this.#ask(`address ${prefix} for ${name}`, {
          type: 'newaddr',
          interface: name,
          prefix,
          broadcast: '+',
        });
      }
    }
    for (const [name, value] of Object.entries(settings.sysctl ?? {})) {
      if (!this.stack.sysctl.set(name, value)) throw new Error(`${this.name}: there is no sysctl ${name}`);
    }
    if (settings.ipv6 !== undefined) this.#configure6(settings.ipv6);
    const gateway = settings.gateway === undefined ? [] : [{ destination: 'default', via: settings.gateway }];
    for (const route of [...gateway, ...(settings.routes ?? [])]) {
      this.#ask(`route to ${route.destination}`, { type: 'newroute', ...route });
    }
    const hosts = Object.entries(settings.hosts ?? {}).map(([name, address]) => `${address}\t${name}\n`);
    if (hosts.length > 0) {
      const before = new TextDecoder().decode(this.files.content('/etc/hosts'));
      this.files.put('/etc/hosts', before + hosts.join(''));
    }
  }

  #configure6({ addresses = {}, gateway, routes = [], advertise = {} }: Ipv6Settings): void {
    for (const [name, prefix] of Object.entries(addresses)) {
      this.stack.sysctl.set(`net.ipv6.conf.${name}.disable_ipv6`, 0);
      if (prefix === 'auto') continue;
      this.#check(`address ${prefix} for ${name}`, this.stack.addAddress(name, prefix, false));
    }
    const all = gateway === undefined ? routes : [{ to: '::/0', via: gateway }, ...routes];
    for (const { to, via } of all) {
      this.#check(`route to ${to}`, this.stack.addRoute({ destination: to, via }));
    }
    for (const [name, settings] of Object.entries(advertise)) {
      const link = this.stack.interface(name);
      const result = link === undefined ? -ERRNO.ENODEV : this.stack.config6.advertise(link, settings);
      this.#check(`advertising on ${name}`, result);
    }
  }

  #ask(what: string, request: NetlinkRequest): void {
    const result = this.#network.netlink(request);
    if (typeof result === 'number') this.#check(what, result);
  }

  #check(what: string, result: number): void {
    if (result < 0) {
      throw new Error(`${this.name}: ${what}: ${errnoMessage(-result)}`);
    }
  }
}

/** A locally administered address (IEEE 802 section 8.4) of 40 bits that follow from a name (FNV-1a, 64 bits). */
function macFor(name: string): MacAddress {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return macFromNumber(0x02_00_00_00_00_00 + Number(hash & 0xff_ffff_ffffn));
}
