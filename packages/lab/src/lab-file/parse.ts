import { splitWords } from '@netarium/machine';
import { HUB_BANDWIDTH } from '@netarium/osi/1-physical';
import { ETHERNET_MTU, GREATEST_VLAN, type PortVlans } from '@netarium/osi/2-datalink';
import {
  type AdvertisementSettings,
  advertisementProblem,
  formatIpv4,
  type Ipv4Prefix,
  ipv4FromNumber,
  netmask,
  parseIpv4,
  parseIpv4Prefix,
  parseIpv6,
  parseIpv6Prefix,
} from '@netarium/osi/3-network';
import { seconds } from '@netarium/osi/time';
import { vlanInterface } from '../interface-name.ts';
import type { SwitchPortSettings } from '../lab.ts';
import { type QueueOptions, queueProblem, queueSettings } from '../queue.ts';
import {
  type Endpoint,
  type Ipv6Spec,
  isMachine,
  type LabFile,
  type LinkSpec,
  type NodeSpec,
  type RunSpec,
} from './model.ts';
import { LabError, type Problem, suggestion } from './problem.ts';
import { place, shapeProblems } from './shape.ts';
import { type Way, YamlSource } from './source.ts';
import { parseBitRate, parseDuration, parseProbability } from './units.ts';

/** A lab file as YAML has it, once the schema has nothing against it. */
interface RawLab {
  name: string;
  title?: string | { en?: string; ko?: string };
  topology: { nodes: Record<string, RawNode>; links?: RawLink[] };
}
interface RawNode {
  kind: NodeSpec['kind'];
  addresses?: Record<string, string>;
  ipv6?: RawIpv6;
  gateway?: string;
  routes?: { to: string; via: string }[];
  run?: (string | { command: string; wait_for?: string; after?: string })[];
  ports?: Record<string, RawSwitchPort>;
  stp?: boolean;
  priority?: number;
  latency?: string;
  duplex?: 'half' | 'full';
  bandwidth?: string;
}
interface RawIpv6 {
  addresses: Record<string, string>;
  gateway?: string;
  routes?: { to: string; via: string }[];
  advertise?: string[] | Record<string, RawAdvertisement>;
}
interface RawAdvertisement {
  interval?: string;
  lifetime?: string;
  valid?: string;
  preferred?: string;
  mtu?: number;
}
interface RawSwitchPort {
  vlan?: number;
  trunk?: number[] | 'all';
  native?: number;
  edge?: boolean;
}
interface RawLink {
  endpoints: [string, string];
  bandwidth?: string;
  delay?: string;
  jitter?: string;
  queue?: QueueOptions;
  loss?: number | string;
  duplicate?: number | string;
  corrupt?: number | string;
  reorder?: number | string;
  offload?: boolean;
}

/**
 * Reads a lab file and checks everything that can be known before it runs.
 *
 * @param path what messages call the file. @param hasFile says whether the lab's folder has a file (`server/server.py`).
 * @throws LabError with a line for each problem.
 */
export function parseLabFile(path: string, text: string, hasFile: (path: string) => boolean): LabFile {
  const source = new YamlSource(path, text);
  const problems = shapeProblems(source);
  if (problems.length > 0) throw new LabError(problems);
  const lab = new Checker(source, hasFile).check();
  return lab;
}

/** Finds what no schema can: names that lead nowhere, things used twice, numbers out of range. */
class Checker {
  readonly #source: YamlSource;
  readonly #raw: RawLab;
  readonly #hasFile: (path: string) => boolean;
  readonly #problems: Problem[] = [];

  constructor(source: YamlSource, hasFile: (path: string) => boolean) {
    this.#source = source;
    this.#raw = source.value as RawLab;
    this.#hasFile = hasFile;
  }

  check(): LabFile {
    const { name, title = {}, topology } = this.#raw;
    const links = (topology.links ?? []).map((link, i) => this.#link(link, i));
    this.#portsUsedTwice(links);
    const nodes = Object.entries(topology.nodes).map(([node, raw]) => this.#node(node, raw, links));
    this.#addressesUsedTwice(nodes);
    this.#hubsOfDifferentRates(nodes, links);
    if (this.#problems.length > 0) {
      throw new LabError(this.#problems.sort((a, b) => a.line - b.line || a.column - b.column));
    }
    return {
      path: this.#source.path,
      name,
      title: typeof title === 'string' ? { en: title, ko: title } : title,
      nodes,
      links,
    };
  }

  #wrong(way: Way, message: string, on: 'value' | 'key' = 'value'): void {
    this.#problems.push(this.#source.problem(way, message, on));
  }

  #link(raw: RawLink, index: number): LinkSpec {
    const way = ['topology', 'links', index];
    const names = Object.keys(this.#raw.topology.nodes);
    const ends = raw.endpoints.map((text, i): Endpoint => {
      const [node = '', port = ''] = text.split(':');
      if (!names.includes(node)) {
        this.#wrong(
          [...way, 'endpoints', i],
          `link ${index + 1}: there is no node "${node}"${suggestion(node, names)}`,
        );
      }
      const vlan = this.#raw.topology.nodes[node]?.addresses === undefined ? null : vlanInterface(port);
      if (vlan !== null) {
        this.#wrong(
          [...way, 'endpoints', i],
          `link ${index + 1}: "${port}" is a VLAN of "${vlan.parent}", and a cable ends in a port; expected "${node}:${vlan.parent}"`,
        );
      }
      return { node, port };
    });
    return {
      endpoints: ends as [Endpoint, Endpoint],
      ...(raw.bandwidth !== undefined && {
        bandwidth: this.#unit([...way, 'bandwidth'], raw.bandwidth, parseBitRate),
      }),
      ...(raw.delay !== undefined && { delay: parseDuration(raw.delay) }),
      ...(raw.jitter !== undefined && { jitter: parseDuration(raw.jitter) }),
      ...(raw.queue !== undefined && { queue: this.#queue([...way, 'queue'], raw.queue) }),
      ...(raw.loss !== undefined && { loss: this.#unit([...way, 'loss'], raw.loss, parseProbability) }),
      ...(raw.duplicate !== undefined && {
        duplicate: this.#unit([...way, 'duplicate'], raw.duplicate, parseProbability),
      }),
      ...(raw.corrupt !== undefined && {
        corrupt: this.#unit([...way, 'corrupt'], raw.corrupt, parseProbability),
      }),
      ...(raw.reorder !== undefined && {
        reorder: this.#unit([...way, 'reorder'], raw.reorder, parseProbability),
      }),
      ...(raw.offload !== undefined && { offload: raw.offload }),
    };
  }

  #queue(way: Way, raw: QueueOptions): QueueOptions {
    if (typeof raw === 'number') return raw;
    const problem = queueProblem(raw);
    if (problem !== null) {
      this.#wrong([...way, problem.field], `${place(way)}: ${problem.message}`, 'key');
      return raw;
    }
    this.#unit(way, raw, (queue) => {
      queueSettings(queue);
      return 0;
    });
    return raw;
  }

  #unit<T>(way: Way, value: T, parse: (value: T) => number): number {
    try {
      return parse(value);
    } catch (error) {
      this.#wrong(way, `${place(way)}: ${(error as RangeError).message}`);
      return 0;
    }
  }

  #portsUsedTwice(links: readonly LinkSpec[]): void {
    const used = new Map<string, number>();
    links.forEach((link, i) => {
      link.endpoints.forEach(({ node, port }, end) => {
        const before = used.get(`${node}:${port}`);
        if (before !== undefined) {
          const way = ['topology', 'links', i, 'endpoints', end];
          this.#wrong(
            way,
            `link ${i + 1}: port "${port}" of node "${node}" is used twice, also by link ${before + 1}`,
          );
        }
        used.set(`${node}:${port}`, i);
      });
    });
  }

  #node(name: string, raw: RawNode, links: readonly LinkSpec[]): NodeSpec {
    const way = ['topology', 'nodes', name];
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
      this.#wrong(
        way,
        `"${name}" is no name for a node: expected a word of letters, digits, "-", "_" and "."`,
        'key',
      );
    }
    const ports = links.flatMap(({ endpoints }) =>
      endpoints.filter((e) => e.node === name).map((e) => e.port),
    );
    if (raw.kind === 'hub') return this.#hub(way, name, raw, links);
    if (raw.kind === 'switch') return this.#switch(way, name, raw, links);
    for (const port of Object.keys(raw.addresses ?? {})) {
      const vlan = vlanInterface(port);
      if (vlan !== null && vlan.vlan > GREATEST_VLAN) {
        this.#wrong(
          [...way, 'addresses', port],
          `interface "${port}" of node "${name}": expected a VLAN from 1 to ${GREATEST_VLAN}, found ${vlan.vlan}`,
          'key',
        );
      }
      if (ports.includes(vlan?.parent ?? port)) continue;
      this.#wrong(
        [...way, 'addresses', port],
        `node "${name}" has no interface "${port}": no link ends there`,
        'key',
      );
    }
    const prefixes = Object.entries(raw.addresses ?? {}).map(([port, text]) =>
      this.#address([...way, 'addresses', port], text),
    );
    return {
      kind: raw.kind,
      name,
      addresses: new Map(Object.entries(raw.addresses ?? {})),
      gateway: raw.gateway === undefined ? null : this.#nextHop([...way, 'gateway'], raw.gateway, prefixes),
      routes: (raw.routes ?? []).map((route, i) => {
        if (parseIpv4Prefix(route.to) === null) this.#badPrefix([...way, 'routes', i, 'to'], route.to);
        this.#nextHop([...way, 'routes', i, 'via'], route.via, prefixes);
        return route;
      }),
      ipv6: raw.ipv6 === undefined ? null : this.#ipv6([...way, 'ipv6'], raw.ipv6, ports, raw.kind, name),
      run: (raw.run ?? []).map((run, i) => this.#run([...way, 'run', i], run, name)),
    };
  }

  #ipv6(way: Way, raw: RawIpv6, ports: readonly string[], kind: NodeSpec['kind'], node: string): Ipv6Spec {
    for (const [port, text] of Object.entries(raw.addresses)) {
      const at = [...way, 'addresses', port];
      if (!ports.includes(vlanInterface(port)?.parent ?? port)) {
        this.#wrong(at, `node "${node}" has no interface "${port}": no link ends there`, 'key');
      }
      if (text !== 'auto' && parseIpv6Prefix(text) === null) this.#badPrefix6(at, text, ', or "auto"');
    }
    const { addresses, gateway, routes = [] } = raw;
    if (gateway !== undefined) this.#nextHop6([...way, 'gateway'], gateway);
    for (const [i, { to, via }] of routes.entries()) {
      if (parseIpv6Prefix(to) === null) this.#badPrefix6([...way, 'routes', i, 'to'], to);
      this.#nextHop6([...way, 'routes', i, 'via'], via);
    }
    const advertise = this.#advertise([...way, 'advertise'], raw, kind);
    return { addresses, ...(gateway !== undefined && { gateway }), routes, advertise };
  }

  #advertise(way: Way, { addresses, advertise = {} }: RawIpv6, kind: NodeSpec['kind']) {
    const list = Array.isArray(advertise);
    const all = list ? advertise.map((name) => [name, {}] as const) : Object.entries(advertise);
    if (all.length > 0 && kind !== 'router') {
      this.#wrong(way, `${place(way)}: only a router advertises itself; expected "kind: router"`, 'key');
    }
    const settings: Record<string, AdvertisementSettings> = {};
    for (const [i, [name, raw]] of all.entries()) {
      const at = [...way, list ? i : name];
      if (addresses[name] === undefined) {
        this.#wrong(
          at,
          `"${name}" has no IPv6 address; expected one of the interfaces that "addresses" names`,
          list ? 'value' : 'key',
        );
      }
      const { mtu, ...times } = raw as RawAdvertisement;
      const given = {
        ...Object.fromEntries(
          Object.entries(times).map(([field, time]) => [field, parseDuration(time) / seconds(1)]),
        ),
        ...(mtu !== undefined && { mtu }),
      };
      const problem = advertisementProblem(given, ETHERNET_MTU);
      if (problem !== null) {
        const { field, expected } = problem;
        const unit = field === 'mtu' ? 'bytes' : 'whole seconds';
        this.#wrong([...at, field], `${field} of ${place(way)}: expected ${expected} ${unit}`);
      }
      settings[name] = given;
    }
    return settings;
  }

  #badPrefix6(way: Way, text: string, or = ''): void {
    this.#wrong(
      way,
      `"${text}" is no IPv6 address with prefix length; expected for example "2001:db8::1/64"${or}`,
    );
  }

  #nextHop6(way: Way, text: string): void {
    if (parseIpv6(text) !== null) return;
    this.#wrong(way, `"${text}" is no IPv6 address; expected for example "2001:db8::1"`);
  }

  #switch(way: Way, name: string, raw: RawNode, links: readonly LinkSpec[]): NodeSpec {
    const { stp = false, priority, latency } = raw;
    if (priority !== undefined && !stp) {
      this.#wrong([...way, 'priority'], `${place(way)}: "priority" is for switches with "stp: true"`, 'key');
    }
    const time = latency === undefined ? {} : { latency: parseDuration(latency) };
    if (time.latency === 0)
      this.#wrong([...way, 'latency'], `latency of ${place(way)}: expected more than 0`);
    // What is behind each of its ports.
    const far = new Map<string, Endpoint>();
    for (const { endpoints } of links) {
      endpoints.forEach((end, i) => {
        if (end.node === name) far.set(end.port, endpoints[1 - i] as Endpoint);
      });
    }
    const ports = new Map<string, SwitchPortSettings>();
    for (const [port, end] of far) {
      const kind = this.#raw.topology.nodes[end.node]?.kind;
      if (stp && (kind === 'host' || kind === 'router')) ports.set(port, { edge: true });
    }
    for (const [port, settings] of Object.entries(raw.ports ?? {})) {
      const at = [...way, 'ports', port];
      if (!far.has(port)) {
        this.#wrong(at, `switch "${name}" has no port "${port}": no link ends there`, 'key');
      }
      if (settings.edge !== undefined && !stp) {
        this.#wrong([...at, 'edge'], `${place(at)}: "edge" is for switches with "stp: true"`, 'key');
      }
      const edge = settings.edge ?? ports.get(port)?.edge;
      ports.set(port, { ...this.#vlans(at, settings), ...(edge !== undefined && { edge }) });
    }
    return { kind: 'switch', name, ports, stp, ...time, ...(priority !== undefined && { priority }) };
  }

  #hub(way: Way, name: string, raw: RawNode, links: readonly LinkSpec[]): NodeSpec {
    const { duplex = 'full' } = raw;
    if (duplex === 'full') {
      if (raw.bandwidth !== undefined) {
        const message = `${place(way)}: "bandwidth" is for hubs with "duplex: half"; others' cables have their own`;
        this.#wrong([...way, 'bandwidth'], message, 'key');
      }
      return { kind: 'hub', name, duplex };
    }
    const bandwidth =
      raw.bandwidth === undefined
        ? HUB_BANDWIDTH
        : this.#unit([...way, 'bandwidth'], raw.bandwidth, parseBitRate);
    links.forEach((link, i) => {
      if (!link.endpoints.some(({ node }) => node === name)) return;
      const at = ['topology', 'links', i];
      if (link.bandwidth !== undefined && link.bandwidth !== bandwidth) {
        const message = `${place([...at, 'bandwidth'])}: the cables of hub "${name}" share one rate, its own "bandwidth"`;
        this.#wrong([...at, 'bandwidth'], message, 'key');
      }
      for (const field of ['jitter', 'duplicate', 'corrupt', 'reorder'] as const) {
        if (link[field] === undefined) continue;
        const message = `${place([...at, field])}: does not happen on the shared line of a hub with "duplex: half"`;
        this.#wrong([...at, field], message, 'key');
      }
      if (typeof link.queue === 'object' && link.queue.kind !== 'fifo') {
        const message = `${place([...at, 'queue'])}: the shared line of a hub with "duplex: half" has fifo only`;
        this.#wrong([...at, 'queue'], message, 'key');
      }
    });
    return { kind: 'hub', name, duplex, bandwidth };
  }

  /** The VLANs of a switch's port. */
  #vlans(at: Way, { vlan, trunk, native }: RawSwitchPort): { vlans?: PortVlans } {
    if (vlan !== undefined && trunk !== undefined) {
      this.#wrong(at, `${place(at)}: expected "vlan" (an access port) or "trunk", found both`, 'key');
    } else if (trunk !== undefined) {
      return { vlans: { trunk, ...(native !== undefined && { native }) } };
    } else if (native !== undefined) {
      this.#wrong([...at, 'native'], `${place(at)}: "native" is for ports with "trunk"`, 'key');
    }
    return vlan === undefined ? {} : { vlans: { access: vlan } };
  }

  #badPrefix(way: Way, text: string): void {
    this.#wrong(way, `"${text}" is no IPv4 address with prefix length; expected for example "10.0.0.1/24"`);
  }

  /** A machine's own address: one that its network gives to a machine. */
  #address(way: Way, text: string): Ipv4Prefix | null {
    const prefix = parseIpv4Prefix(text);
    if (prefix === null) {
      this.#badPrefix(way, text);
      return null;
    }
    const { address, length } = prefix;
    const mask = netmask(length);
    const host = (address & ~mask) >>> 0;
    const all = ~mask >>> 0;
    if (length < 31 && (host === 0 || host === all)) {
      const what = host === 0 ? 'the network itself' : 'its broadcast address';
      this.#wrong(way, `"${text}" is ${what}, not a machine's address in it`);
    }
    return prefix;
  }

  #nextHop(way: Way, text: string, prefixes: readonly (Ipv4Prefix | null)[]): string {
    const address = parseIpv4(text);
    if (address === null) {
      this.#wrong(way, `"${text}" is no IPv4 address; expected for example "10.0.0.1"`);
      return text;
    }
    const reachable = prefixes.some((p) => p !== null && ((p.address ^ address) & netmask(p.length)) === 0);
    if (!reachable && !prefixes.includes(null)) {
      this.#wrong(way, `${place(way)}: ${text} is in none of this node's networks`);
    }
    return text;
  }

  #run(way: Way, raw: Exclude<RawNode['run'], undefined>[number], node: string): RunSpec {
    const entry = typeof raw === 'string' ? { command: raw } : raw;
    const on = typeof raw === 'string' ? way : [...way, 'command'];
    const argv = this.#words(on, entry.command);
    const script = pythonScript(argv);
    if (script !== null && !script.startsWith('/') && !this.#hasFile(`${node}/${script}`)) {
      this.#wrong(on, `no file "${node}/${script}" in the lab's folder`);
    }
    return {
      command: entry.command,
      argv,
      waitFor: entry.wait_for === undefined ? null : this.#waitFor([...way, 'wait_for'], entry.wait_for),
      after: entry.after === undefined ? 0 : parseDuration(entry.after),
    };
  }

  #words(way: Way, command: string): string[] {
    try {
      const words = splitWords(command);
      if (words.length === 0) this.#wrong(way, 'the command is empty');
      return words;
    } catch (error) {
      this.#wrong(way, (error as Error).message);
      return [];
    }
  }

  #waitFor(way: Way, text: string): RunSpec['waitFor'] {
    const [node = '', digits = ''] = text.split(':');
    const machines = Object.entries(this.#raw.topology.nodes)
      .filter(([, { kind }]) => kind === 'host' || kind === 'router')
      .map(([name]) => name);
    if (!machines.includes(node))
      this.#wrong(way, `wait_for: there is no machine "${node}"${suggestion(node, machines)}`);
    const port = Number(digits);
    if (port < 1 || port > 65535) this.#wrong(way, `wait_for: ${digits} is no port; expected 1 to 65535`);
    return { node, port };
  }

  #hubsOfDifferentRates(nodes: readonly NodeSpec[], links: readonly LinkSpec[]): void {
    const rate = (name: string) => {
      const node = nodes.find((spec) => spec.name === name);
      return node?.kind === 'hub' && node.duplex === 'half' ? node.bandwidth : undefined;
    };
    links.forEach(({ endpoints: [a, b] }, i) => {
      const [one, other] = [rate(a.node), rate(b.node)];
      if (one === undefined || other === undefined || one === other) return;
      this.#wrong(
        ['topology', 'links', i],
        `link ${i + 1}: hubs "${a.node}" and "${b.node}" are one shared line, but have different "bandwidth"`,
      );
    });
  }

  #addressesUsedTwice(nodes: readonly NodeSpec[]): void {
    const used = new Map<number, string>();
    for (const node of nodes) {
      if (!isMachine(node)) continue;
      for (const [port, text] of node.addresses) {
        const address = parseIpv4Prefix(text)?.address;
        if (address === undefined) continue;
        const owner = used.get(address);
        if (owner !== undefined) {
          this.#wrong(
            ['topology', 'nodes', node.name, 'addresses', port],
            `address ${formatIpv4(ipv4FromNumber(address))} of node "${node.name}" is used twice, also by ${owner}`,
          );
        }
        used.set(address, `node "${node.name}"`);
      }
    }
  }
}

/** The script that a command gives to Python; null when it runs none, or something else. */
function pythonScript([command = '', ...words]: readonly string[]): string | null {
  if (!/^python3?$/.test(command) || words.includes('-c') || words.includes('-m')) return null;
  return words.find((word) => !word.startsWith('-')) ?? null;
}
