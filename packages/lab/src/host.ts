import {
  type Machine,
  type Main,
  type NetworkSettings,
  type ProcessInfo,
  type Program,
  type SpawnSettings,
  STUDENT,
  typescriptProgram,
} from '@netarium/machine';
import type { Port } from '@netarium/osi/1-physical';
import { formatMac, type MacAddress } from '@netarium/osi/2-datalink';
import type { Stack } from '@netarium/osi/5-session';
import { vlanInterface } from './interface-name.ts';

export interface HostOptions {
  /** The IPv4 address of each interface, with its prefix length: `{ eth0: '10.0.0.1/24' }`; `eth0.10` is VLAN 10 of `eth0`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** The default route: `10.0.0.254`. */
  readonly gateway?: string;
  /** Further routes. */
  readonly routes?: readonly { readonly to: string; readonly via: string }[];
  /** IPv6, which an interface has only if it is named there: `{ addresses: { eth0: '2001:db8::1/64' } }`. */
  readonly ipv6?: NonNullable<NetworkSettings['ipv6']>;
}

/** Where a machine's files lie and its programs start: the home directory of its user. */
export const HOME = '/home/student';

/** A computer of a lab. */
export class Host {
  readonly name: string;
  readonly machine: Machine;
  /** The first IPv6 address that it was given, without the prefix length; empty for none. */
  readonly address6: string;
  readonly #newMac: () => MacAddress;
  readonly #ports = new Map<string, Port>();
  readonly #addresses: Readonly<Record<string, string>>;
  #programs = 0;

  /** @internal Use `lab.host`. @param newMac gives each interface an address of its own. */
  constructor(machine: Machine, options: HostOptions, newMac: () => MacAddress) {
    const { addresses = {}, gateway, routes = [], ipv6 } = options;
    this.name = machine.name;
    this.machine = machine;
    this.#newMac = newMac;
    this.#addresses = addresses;
    this.address6 =
      Object.values(ipv6?.addresses ?? {})
        .find((text) => text !== 'auto')
        ?.replace(/[/].*/, '') ?? '';
    for (const name of Object.keys(addresses)) this.port(name);
    for (const name of Object.keys(ipv6?.addresses ?? {})) this.port(name);
    machine.configure({
      addresses: Object.fromEntries(Object.entries(addresses).map(([name, prefix]) => [name, [prefix]])),
      routes: routes.map(({ to, via }) => ({ destination: to, via })),
      ...(gateway !== undefined && { gateway }),
      ...(ipv6 !== undefined && { ipv6 }),
    });
  }

  get stack(): Stack {
    return this.machine.stack;
  }

  /** The address of its first interface that has one, without the prefix length: where others reach it. */
  get address(): string {
    const [prefix = ''] = Object.values(this.#addresses);
    return prefix.replace(/[/].*/, '');
  }

  /** Puts a file into its home directory, or with an absolute path anywhere. */
  write(path: string, content: Uint8Array | string): void {
    this.machine.files.put(path.startsWith('/') ? path : `${HOME}/${path}`, content, { owner: STUDENT });
  }

  /** Makes a program available as a command: `python3`. */
  install(command: string, program: Program): void {
    this.machine.install(command, program);
  }

  /**
   * Starts a program: a command line (words and quotes, there is no shell yet), or an async function that
   * talks to the kernel by system calls and gives its exit status.
   *
   * @throws SpawnError when there is no such program.
   */
  start(program: string | Main, settings?: SpawnSettings): ProcessInfo {
    if (typeof program === 'string') return this.machine.run(program, settings);
    this.#programs++;
    const name = program.name === '' ? `program-${this.#programs}` : program.name;
    this.machine.install(name, typescriptProgram(program));
    return this.machine.spawn([name], settings);
  }

  /** The port of an interface; a new interface if there is none of this name. `eth0.10` is VLAN 10 of `eth0`. */
  port(name: string): Port {
    const known = this.#ports.get(name);
    if (known !== undefined) return known;
    const port = this.#newPort(name);
    this.#ports.set(name, port);
    return port;
  }

  #newPort(name: string): Port {
    const vlan = vlanInterface(name);
    if (vlan === null) return this.machine.addPort(name, { mac: formatMac(this.#newMac()) });
    this.port(vlan.parent);
    return this.machine.addVlan(vlan.parent, vlan.vlan);
  }

  /** The first of eth0, eth1 … that has no cable. */
  freePort(): Port {
    for (let i = 0; ; i++) {
      const port = this.port(`eth${i}`);
      if (!port.plugged) return port;
    }
  }
}
