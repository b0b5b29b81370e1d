import { formatIpv4, ipv4FromNumber, parseIpv6 } from '@netarium/osi/3-network';

/** The machine's files about names, as text; empty where there is none. */
export interface NameFiles {
  /** hosts(5) */
  readonly hosts: string;
  /** services(5) */
  readonly services: string;
  /** What the machine calls itself. */
  readonly hostname: string;
}

/** A line of hosts(5): an address, its name, and other names of it. */
export interface Host {
  readonly address: string;
  readonly names: readonly string[];
}

/** The lines of a file of fields, without comments. */
function fieldsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((fields) => fields.length > 1);
}

/** The hosts of that name, in the file's order; a machine also knows itself and `localhost`, as with glibc's `myhostname`. */
export function hostsNamed({ hosts, hostname }: NameFiles, name: string): Host[] {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const found = allHosts(hosts).filter(({ names }) => names.some((one) => one.toLowerCase() === wanted));
  if (found.length > 0) return found;
  const known = wanted === 'localhost' || wanted === hostname.toLowerCase();
  return known ? [{ address: '127.0.0.1', names: [name] }] : [];
}

/**
 * A host of IPv4 as gethostbyname(3) gives it, all lines that have the name in one (`multi on` of host.conf(5)): their first
 * names and all others. What a line says of IPv6 counts as far as glibc's `nss_files` makes IPv4 of it.
 */
export function hostOfIpv4(files: NameFiles, name: string) {
  const found = hostsNamed(files, name).flatMap(({ address, names }) => {
    const ipv4 = ipv4Of(address);
    return ipv4 === undefined ? [] : [{ ipv4, names }];
  });
  const [first = name] = found[0]?.names ?? [];
  return {
    name: first,
    aliases: found.flatMap(({ names }) => names).filter((one) => one !== first),
    addresses: found.map(({ ipv4 }) => ipv4),
  };
}

/** `::1` is 127.0.0.1 to someone who wants IPv4 of hosts(5). */
export function ipv4Of(address: string): string | undefined {
  const ipv6 = parseIpv6(address)?.text;
  if (ipv6 === undefined) return readIpv4(address);
  return ipv6 === '::1' ? '127.0.0.1' : /^::ffff:([\d.]+)$/.exec(ipv6)?.[1];
}

/** The host with that address. */
export function hostAt({ hosts }: NameFiles, address: string): Host | undefined {
  return allHosts(hosts).find((host) => canonical(host.address) === address);
}

function allHosts(hosts: string): Host[] {
  return fieldsOf(hosts).map(([address = '', ...names]) => ({ address, names }));
}

const canonical = (address: string): string => parseIpv6(address)?.text ?? address;

/** The port of a service, by its name or another name of it. @param protocol `tcp`, `udp`; any if it is not given. */
export function portOf({ services }: NameFiles, name: string, protocol?: string): number | undefined {
  for (const [first, place = '', ...others] of fieldsOf(services)) {
    const [port = '', over] = place.split('/');
    if (![first, ...others].includes(name) || (protocol !== undefined && over !== protocol)) continue;
    return Number.parseInt(port, 10);
  }
  return undefined;
}

/** @param place `80/tcp`. */
export function serviceAt({ services }: NameFiles, place: string): string | undefined {
  return fieldsOf(services).find(([, second]) => second === place)?.[0];
}

/** An IPv4 address as inet_aton(3) reads it: up to four numbers, the last of which stands for all that are left. */
export function readIpv4(text: string): string | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(0x[\da-f]+|\d+)$/i.test(part))) return undefined;
  const numbers = parts.map((part) =>
    /^0[0-7]+$/.test(part) ? Number.parseInt(part, 8) : /^0\d/.test(part) ? Number.NaN : Number(part),
  );
  const last = numbers.pop() ?? Number.NaN;
  const room = 256 ** (4 - numbers.length);
  if (!(last < room) || numbers.some((number) => !(number < 256))) return undefined;
  const address = numbers.reduce((sum, number, place) => sum + number * 256 ** (3 - place), last);
  return formatIpv4(ipv4FromNumber(address));
}
