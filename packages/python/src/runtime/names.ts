import { parseIpv6 } from '@netarium/osi/3-network';
import { readAddress } from './addresses.ts';
import type { Emscripten, Imports } from './emscripten.ts';
import type { Handlers, Hooks } from './hooks.ts';
import { readI32 } from './memory.ts';

const AI_NUMERICHOST = 4;
const AI_NUMERICSERV = 0x400;
const AF_INET = 2;
const AF_INET6 = 10;
const NI_NUMERICHOST = 1;
const NI_NUMERICSERV = 2;
const NI_NAMEREQD = 8;
const NI_DGRAM = 16;
const EAI_NONAME = -2;
const EAI_AGAIN = -3;
const EAI_SERVICE = -8;
const EAI_ADDRFAMILY = -9;
/** Where `struct addrinfo` has its flags and its family. */
const HINTS = { flags: 0, family: 4 } as const;

type Resolver = (...values: number[]) => number;

/**
 * getaddrinfo(3), gethostbyname(3), getnameinfo(3): numbers, and the names of the machine's /etc/hosts. There is no
 * name server yet, and then glibc gives up with "Temporary failure in name resolution".
 */
export function installNames(
  imports: Imports,
  hooks: Hooks,
  python: () => Emscripten | undefined,
  hostname: () => string,
): void {
  const { env } = imports;
  if (env === undefined) return;
  const getaddrinfo = env.getaddrinfo as Resolver;

  env.getaddrinfo = (node: number, service: number, hints: number, out: number): number => {
    const module = python();
    if (module === undefined) return EAI_AGAIN;
    const flags = hints === 0 ? 0 : readI32(module, hints + HINTS.flags);
    const temporary: number[] = [];
    const string = (value: string | number) => {
      const pointer = module.stringToNewUTF8(String(value));
      temporary.push(pointer);
      return pointer;
    };
    try {
      if (service !== 0) {
        const name = module.UTF8ToString(service);
        if (!/^\d+$/.test(name)) {
          if (flags & AI_NUMERICSERV) return EAI_NONAME;
          const port = findService(module, name);
          if (port === undefined) return EAI_SERVICE;
          service = string(port);
        }
      }
      if (node !== 0) {
        const name = module.UTF8ToString(node);
        const family = hints === 0 ? 0 : readI32(module, hints + HINTS.family);
        if (family === AF_INET && parseIpv6(name) !== null) return EAI_ADDRFAMILY;
        if (!isNumeric(name)) {
          if (flags & AI_NUMERICHOST) return EAI_NONAME;
          if (family === AF_INET6) return EAI_NONAME;
          const address = findAddress(module, name, hostname());
          if (address === undefined) return EAI_AGAIN;
          node = string(address);
        }
      }
      return getaddrinfo(node, service, hints, out);
    } finally {
      for (const pointer of temporary) module._free(pointer);
    }
  };

  const getnameinfo: Handlers[string] = (
    address = 0,
    length = 0,
    node = 0,
    nodeLength = 0,
    service = 0,
    serviceLength = 0,
    flags = 0,
  ) => {
    const module = python();
    if (module === undefined) return EAI_AGAIN;
    const from = readAddress(module, address, length);
    if (from === undefined)
      return hooks.original.getnameinfo(address, length, node, nodeLength, service, serviceLength, flags);
    const name = flags & NI_NUMERICHOST ? undefined : findName(module, from.address);
    if (name === undefined && flags & NI_NAMEREQD) return EAI_NONAME;
    const protocol = flags & NI_DGRAM ? 'udp' : 'tcp';
    const serviceName =
      flags & NI_NUMERICSERV ? undefined : findServiceName(module, `${from.port}/${protocol}`);
    if (node !== 0) module.stringToUTF8(name ?? from.address, node, nodeLength);
    if (service !== 0) module.stringToUTF8(serviceName ?? String(from.port), service, serviceLength);
    return 0;
  };
  hooks.add({ getnameinfo });

  /** For gethostbyname: an IPv4 address in network byte order; 0 when there is none. */
  env._emscripten_lookup_name = (pointer: number): number => {
    const module = python();
    if (module === undefined) return 0;
    const name = module.UTF8ToString(pointer);
    // An IPv6 address is none that gethostbyname knows.
    const address =
      parseIpv6(name) !== null ? undefined : isNumeric(name) ? name : findAddress(module, name, hostname());
    const bytes = Uint8Array.from((address ?? '0.0.0.0').split('.').map(Number));
    return new DataView(bytes.buffer).getInt32(0, true);
  };
}

/** Whether inet_aton(3) or inet_pton(3) reads it as an address. */
const isNumeric = (name: string) =>
  parseIpv6(name) !== null ||
  (/^\d+(\.\d+){0,3}$/.test(name) && name.split('.').every((part) => Number(part) < 256));

/** The lines of a file of fields, without comments. */
function readFields(python: Emscripten, path: string): string[][] {
  if (!python.FS.analyzePath(path).exists) return [];
  return new TextDecoder()
    .decode(python.FS.readFile(path))
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((fields) => fields.length > 1);
}

/** hosts(5); a machine also knows itself and `localhost`, as with glibc's `myhostname`. */
function findAddress(python: Emscripten, name: string, hostname: string): string | undefined {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  for (const [address = '', ...names] of readFields(python, '/etc/hosts')) {
    if (address.includes(':')) continue;
    if (names.some((one) => one.toLowerCase() === wanted)) return address;
  }
  return wanted === 'localhost' || wanted === hostname.toLowerCase() ? '127.0.0.1' : undefined;
}

function findName(python: Emscripten, address: string): string | undefined {
  return readFields(python, '/etc/hosts').find(([first]) => first === address)?.[1];
}

/** services(5). */
function findService(python: Emscripten, name: string): number | undefined {
  const found = readFields(python, '/etc/services').find(([first, , ...others]) =>
    [first, ...others].includes(name),
  );
  const port = Number.parseInt(found?.[1] ?? '', 10);
  return Number.isNaN(port) ? undefined : port;
}

function findServiceName(python: Emscripten, port: string): string | undefined {
  return readFields(python, '/etc/services').find(([, second]) => second === port)?.[0];
}
