import { parseIpv4, parseIpv6 } from '@netarium/osi/3-network';
import type { SocketAddress } from '@netarium/osi/5-session';
import { AF_INET, AF_INET6 } from '../../kernel/constants.ts';
import type { AsyncSystemCalls } from '../../program.ts';
import { addressesOf } from '../hosts.ts';
import { VERSION4, VERSION6, type Version } from './version.ts';

/** Who is pinged. */
export interface Target {
  readonly version: Version;
  /** As it is printed. */
  readonly text: string;
  at(port: number): SocketAddress;
}

/**
 * Finds a host by its address or name. @param only of which version its address must be; null for the first there is.
 * @returns what is wrong, in the words of getaddrinfo(3).
 */
export async function findTarget(
  sys: AsyncSystemCalls,
  host: string,
  only: Version | null,
): Promise<Target | string> {
  const [bare = '', zone] = host.split('%', 2);
  const literal = parseIpv4(host) !== null || parseIpv6(bare) !== null;
  const found = literal ? [host] : await addressesOf(sys, host);
  const versionOf = (address: string): Version => (address.includes(':') ? VERSION6 : VERSION4);
  const address = found.find((each) => only === null || versionOf(each) === only);
  if (found.length > 0 && address === undefined) return 'Address family for hostname not supported';
  if (address === undefined) return 'Name or service not known';
  if (versionOf(address) === VERSION4) {
    return { version: VERSION4, text: address, at: (port) => ({ family: AF_INET, address, port }) };
  }
  const scopeId = zone === undefined ? 0 : await interfaceNumber(sys, zone);
  if (scopeId === null) return 'Name or service not known';
  const plain = literal ? bare : address;
  return {
    version: VERSION6,
    text: address,
    at: (port) => ({ family: AF_INET6, address: plain, port, flowInfo: 0, scopeId }),
  };
}

async function interfaceNumber(sys: AsyncSystemCalls, name: string): Promise<number | null> {
  for (const link of await links(sys)) if (link.name === name) return link.index;
  return null;
}

/** An address as ping prints it: one that is local to a link with the interface's name. */
export async function printedAddress(sys: AsyncSystemCalls, from: SocketAddress): Promise<string> {
  const { address } = from;
  const scopeId = 'scopeId' in from ? from.scopeId : 0;
  if (scopeId === 0) return address;
  const link = (await links(sys)).find(({ index }) => index === scopeId);
  return `${address}%${link?.name ?? scopeId}`;
}

async function links(sys: AsyncSystemCalls): Promise<{ name: string; index: number }[]> {
  const all = await sys.netlink({ type: 'getlink' });
  if (typeof all === 'number') return [];
  return all.flatMap((answer) =>
    answer.type === 'link' ? [{ name: answer.name, index: answer.index }] : [],
  );
}
