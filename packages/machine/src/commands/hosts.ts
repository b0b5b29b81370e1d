import { parseIp, parseIpv4 } from '@netarium/osi/3-network';
import type { AsyncSystemCalls } from '../program.ts';
import { readTable } from './support.ts';

/** Names of addresses and ports, from `/etc/hosts` and `/etc/services`. */
export interface Names {
  /** The first name of an address. */
  readonly hosts: ReadonlyMap<string, string>;
  /** `80/tcp` → `http`. */
  readonly services: ReadonlyMap<string, string>;
}

export async function readNames(sys: AsyncSystemCalls): Promise<Names> {
  const hosts = new Map<string, string>();
  for (const [address, name] of await hostLines(sys)) if (!hosts.has(address)) hosts.set(address, name);
  const services = new Map<string, string>();
  for (const [name, port] of await readTable(sys, '/etc/services')) {
    if (name !== undefined && port !== undefined && !services.has(port)) services.set(port, name);
  }
  return { hosts, services };
}

/** The IPv4 address of a host: as it stands when it is one, else from `/etc/hosts`. @returns null for an unknown name. */
export async function resolve(sys: AsyncSystemCalls, host: string): Promise<string | null> {
  if (parseIpv4(host) !== null) return host;
  return (await addressesOf(sys, host)).find((address) => parseIpv4(address) !== null) ?? null;
}

/** The addresses of a name, of both versions of IP, in the order of `/etc/hosts`. */
export async function addressesOf(sys: AsyncSystemCalls, host: string): Promise<string[]> {
  return (await hostLines(sys)).flatMap(([address, name]) => (name === host ? [address] : []));
}

async function hostLines(sys: AsyncSystemCalls): Promise<[address: string, name: string][]> {
  const lines: [string, string][] = [];
  for (const [address, ...names] of await readTable(sys, '/etc/hosts')) {
    if (address === undefined || address.startsWith('#') || parseIp(address) === null) continue;
    for (const name of names) {
      if (name.startsWith('#')) break;
      lines.push([address, name]);
    }
  }
  return lines;
}
