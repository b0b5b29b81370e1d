import { AF_INET, AF_INET6, AF_UNSPEC, AI, EAI, findAddresses } from './address-info.ts';
import type { Emscripten, Imports } from './emscripten.ts';
import { readI32 } from './memory.ts';
import { portOf } from './name-files.ts';
import { nameFiles } from './name-requests.ts';

/** Where `struct addrinfo` has its flags and its family. */
const HINTS = { flags: 0, family: 4 } as const;

type Resolver = (...values: number[]) => number;

/**
 * getaddrinfo(3) and gethostbyname(3) for C code of the binary, which has addresses of IPv4 only: numbers, and the names
 * of the machine's /etc/hosts. Programs ask `netarium_names.py`.
 */
export function installNames(
  imports: Imports,
  python: () => Emscripten | undefined,
  hostname: () => string,
): void {
  const { env } = imports;
  if (env === undefined) return;
  const getaddrinfo = env.getaddrinfo as Resolver;

  /** The IPv4 address of a host, or why there is none. */
  function addressOf(module: Emscripten, node: string, flags: number): string | number {
    const question = { node, service: null, family: AF_INET, type: 0, protocol: 0, flags };
    const found = findAddresses(question, nameFiles(module, hostname()), NO_INTERFACES);
    return typeof found === 'number' ? found : (found.places[0]?.address ?? EAI.noName);
  }

  env.getaddrinfo = (node: number, service: number, hints: number, out: number): number => {
    const module = python();
    if (module === undefined) return EAI.again;
    const flags = hints === 0 ? 0 : readI32(module, hints + HINTS.flags);
    const family = hints === 0 ? AF_UNSPEC : readI32(module, hints + HINTS.family);
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
          if (flags & AI.numericService) return EAI.noName;
          const port = portOf(nameFiles(module, hostname()), name);
          if (port === undefined) return EAI.service;
          service = string(port);
        }
      }
      if (node !== 0) {
        const name = module.UTF8ToString(node);
        if (family === AF_INET6) return EAI.noName;
        const address = addressOf(module, name, flags & AI.numericHost);
        if (typeof address === 'number') return address;
        node = string(address);
      }
      return getaddrinfo(node, service, hints, out);
    } finally {
      for (const pointer of temporary) module._free(pointer);
    }
  };

  /** For gethostbyname: an IPv4 address in network byte order; 0 when there is none. */
  env._emscripten_lookup_name = (pointer: number): number => {
    const module = python();
    if (module === undefined) return 0;
    const address = addressOf(module, module.UTF8ToString(pointer), 0);
    const bytes = Uint8Array.from((typeof address === 'string' ? address : '0.0.0.0').split('.').map(Number));
    return new DataView(bytes.buffer).getInt32(0, true);
  };
}

const NO_INTERFACES = { interfaceNamed: () => undefined, configured: { ipv4: true, ipv6: true } };
