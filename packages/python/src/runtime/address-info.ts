import { parseIpv6 } from '@netarium/osi/3-network';
import { hostsNamed, ipv4Of, type NameFiles, portOf, readIpv4 } from './name-files.ts';

/** What getaddrinfo(3) is asked for; AI_* flags as netdb.h has them. */
export interface AddressQuestion {
  readonly node: string | null;
  readonly service: string | null;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly flags: number;
}

export interface Place {
  readonly family: 2 | 10;
  readonly address: string;
  readonly scopeId: number;
}

/** What a socket for an address is made of. */
interface Use {
  readonly type: number;
  readonly protocol: number;
  readonly port: number;
}

export interface FoundAddresses {
  readonly canonical: string;
  readonly places: readonly Place[];
  readonly uses: readonly Use[];
}

/** What of the machine an answer depends on beside its files. */
export interface Surroundings {
  /** The number of an interface with that name. */
  interfaceNamed(name: string): number | undefined;
  /** Of AI_ADDRCONFIG: which versions of IP the machine has an address of, other than loopback's. */
  readonly configured: { readonly ipv4: boolean; readonly ipv6: boolean };
}

export const AI = {
  passive: 1,
  canonicalName: 2,
  numericHost: 4,
  mapped: 8,
  all: 0x10,
  configured: 0x20,
  numericService: 0x400,
} as const;
const KNOWN_FLAGS = 0x7ff;
export const EAI = {
  badFlags: -1,
  noName: -2,
  again: -3,
  family: -6,
  socketType: -7,
  service: -8,
  addressFamily: -9,
} as const;
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const [IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE] = [6, 17, 136];

/** What glibc makes sockets of (`gaih_inet_typeproto`): without wishes those that are `usual`. */
const USES = [
  { type: SOCK_STREAM, protocol: IPPROTO_TCP, usual: true, service: 'tcp' },
  { type: SOCK_DGRAM, protocol: IPPROTO_UDP, usual: true, service: 'udp' },
  { type: SOCK_DGRAM, protocol: IPPROTO_UDPLITE, usual: false, service: 'udplite' },
  { type: SOCK_RAW, protocol: 0, usual: true, service: null },
] as const;

/**
 * getaddrinfo(3) as glibc answers it: numbers, and names of the machine's files, in their order. There is no name server
 * yet, and then glibc gives up with EAI_AGAIN. @returns a negative EAI_* number when there is nothing.
 */
export function findAddresses(
  question: AddressQuestion,
  files: NameFiles,
  surroundings: Surroundings,
): FoundAddresses | number {
  const { node, service, family, flags } = question;
  if (node === null && service === null) return EAI.noName;
  if ((flags & ~KNOWN_FLAGS) !== 0 || ((flags & AI.canonicalName) !== 0 && node === null))
    return EAI.badFlags;
  if (family !== AF_UNSPEC && family !== AF_INET && family !== AF_INET6) return EAI.family;
  const wanted = wantedFamilies(question, surroundings);
  if (wanted.length === 0) return EAI.noName;
  const uses = usesFor(question, files);
  if (typeof uses === 'number') return uses;
  const found = node === null ? anyPlaces(flags) : placesOf(node, question, files, surroundings);
  if (typeof found === 'number') return found;
  const places = found.places.filter((place) => wanted.includes(place.family));
  return places.length === 0 ? EAI.noName : { canonical: found.canonical, places, uses };
}

function wantedFamilies({ family, flags }: AddressQuestion, { configured }: Surroundings): number[] {
  const { ipv4, ipv6 } = configured;
  const asked = family === AF_UNSPEC ? [AF_INET, AF_INET6] : [family];
  if ((flags & AI.configured) === 0 || (family === AF_UNSPEC && !ipv4 && !ipv6)) return asked;
  return asked.filter((one) => (one === AF_INET ? ipv4 : ipv6));
}

function usesFor({ service, type, protocol, flags }: AddressQuestion, files: NameFiles) {
  const some = type !== 0 || protocol !== 0;
  const fitting = USES.filter(
    (use) =>
      (some || use.usual) &&
      (type === 0 || use.type === type) &&
      (protocol === 0 || use.type === SOCK_RAW || use.protocol === protocol),
  );
  // What was wished for is one thing: the first that fits.
  const chosen = some ? fitting.slice(0, 1) : fitting;
  const [first] = chosen;
  if (first === undefined) return type !== 0 ? EAI.socketType : EAI.service;
  if (service !== null && some && first.service === null) return EAI.service;
  const use = (each: (typeof USES)[number], port: number) => ({
    type: each.type,
    protocol: each.type === SOCK_RAW ? protocol : each.protocol,
    port,
  });
  if (service === null) return chosen.map((each) => use(each, 0));
  if (/^\d+$/.test(service)) return chosen.map((each) => use(each, Number(service) & 0xffff));
  if (flags & AI.numericService) return EAI.noName;
  const named = chosen.flatMap((each) => {
    const port = each.service === null ? undefined : portOf(files, service, each.service);
    return port === undefined ? [] : [use(each, port)];
  });
  return named.length === 0 ? EAI.service : named;
}

/** For who listens every address, for who connects the machine itself. */
function anyPlaces(flags: number): { canonical: string; places: Place[] } {
  const [four, six] = flags & AI.passive ? ['0.0.0.0', '::'] : ['127.0.0.1', '::1'];
  return {
    canonical: '',
    places: [
      { family: AF_INET6, address: six, scopeId: 0 },
      { family: AF_INET, address: four, scopeId: 0 },
    ],
  };
}

function placesOf(node: string, question: AddressQuestion, files: NameFiles, surroundings: Surroundings) {
  const { family, flags } = question;
  const numeric = numericPlace(node, surroundings);
  if (typeof numeric === 'number') return numeric;
  if (numeric !== undefined) {
    const place = family === AF_INET6 && flags & AI.mapped ? mapped(numeric) : numeric;
    if (family !== AF_UNSPEC && family !== place.family) return EAI.addressFamily;
    return { canonical: node, places: [place] };
  }
  if (flags & AI.numericHost) return EAI.noName;
  const hosts = hostsNamed(files, node);
  const places = hosts.flatMap(({ address }) => numericPlace(address, surroundings) ?? []);
  const all = places.filter((place): place is Place => typeof place === 'object');
  const known = family === AF_INET ? all.map((place) => asIpv4(place) ?? place) : all;
  if (known.length === 0) return EAI.again;
  const canonical = hosts[0]?.names[0] ?? node;
  const sixes = known.filter((place) => place.family === AF_INET6);
  const mapsToo = family === AF_INET6 && flags & AI.mapped && (sixes.length === 0 || flags & AI.all);
  return { canonical, places: mapsToo ? known.map(mapped) : known };
}

function asIpv4({ address }: Place): Place | undefined {
  const ipv4 = ipv4Of(address);
  return ipv4 === undefined ? undefined : { family: AF_INET, address: ipv4, scopeId: 0 };
}

const mapped = (place: Place): Place =>
  place.family === AF_INET6 ? place : { ...place, family: AF_INET6, address: `::ffff:${place.address}` };

/** An address that is written as one, `fe80::1%eth0` too. @returns undefined for a name, EAI_NONAME for a zone there is not. */
function numericPlace(text: string, { interfaceNamed }: Surroundings): Place | number | undefined {
  const four = readIpv4(text);
  if (four !== undefined) return { family: AF_INET, address: four, scopeId: 0 };
  const [address = '', zone, ...more] = text.split('%');
  const parsed = parseIpv6(address);
  if (parsed === null || more.length > 0) return undefined;
  const scopeId =
    zone === undefined ? 0 : (interfaceNamed(zone) ?? (/^\d+$/.test(zone) ? Number(zone) : null));
  return scopeId === null ? EAI.noName : { family: AF_INET6, address: parsed.text, scopeId };
}
