import type { NetlinkAnswer } from '@netarium/machine';
import {
  type AddressQuestion,
  AF_INET,
  AF_INET6,
  AI,
  EAI,
  findAddresses,
  type Place,
  type Surroundings,
} from './address-info.ts';
import { type Destination, inOrder } from './address-order.ts';
import type { Emscripten } from './emscripten.ts';
import type { HandlerContext, Outcome } from './hooks.ts';
import { readI32, writeI32 } from './memory.ts';
import { hostAt, hostOfIpv4, type NameFiles, serviceAt } from './name-files.ts';
import type { SystemCallPort } from './system-calls.ts';

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_UDP = 17;
const EAI_MEMORY = -10;
/** Where our Python code's buffer has the length of what is asked, how much room there is for an answer, and the text. */
const BUFFER = { length: 0, room: 4, text: 8 } as const;

type Question =
  | ({ readonly ask: 'addresses' } & AddressQuestion)
  | { readonly ask: 'host'; readonly address: string }
  | { readonly ask: 'name'; readonly name: string }
  | { readonly ask: 'service'; readonly place: string };

/** The machine's files about names, in the replica that the process has of them. */
export function nameFiles(python: Emscripten, hostname: string): NameFiles {
  const text = (path: string) =>
    python.FS.analyzePath(path).exists ? new TextDecoder().decode(python.FS.readFile(path)) : '';
  return { hosts: text('/etc/hosts'), services: text('/etc/services'), hostname };
}

/**
 * What our Python code asks about names (`netarium_names.py`): getaddrinfo(3) of both versions of IP, the host of an
 * address, the service of a port. Questions and answers are JSON.
 */
export class NameRequests {
  readonly #context: HandlerContext;
  readonly #calls: SystemCallPort;
  readonly #hostname: string;

  constructor(context: HandlerContext, calls: SystemCallPort, hostname: string) {
    this.#context = context;
    this.#calls = calls;
    this.#hostname = hostname;
  }

  /** @returns how long the answer is, or a negative EAI_* number in the place of the length. */
  answer(pointer: number): Outcome {
    const { python } = this.#context;
    const at = pointer + BUFFER.text;
    const text = new TextDecoder().decode(
      python.HEAPU8.slice(at, at + readI32(python, pointer + BUFFER.length)),
    );
    const finish = (answer: object | number): number => {
      const bytes = typeof answer === 'number' ? undefined : new TextEncoder().encode(JSON.stringify(answer));
      const fits = bytes === undefined || bytes.length <= readI32(python, pointer + BUFFER.room);
      if (bytes !== undefined && fits) python.HEAPU8.set(bytes, at);
      const length = typeof answer === 'number' ? answer : (bytes?.length ?? 0);
      writeI32(python, pointer + BUFFER.length, fits ? length : EAI_MEMORY);
      return 0;
    };
    const question = JSON.parse(text) as Question;
    const files = nameFiles(python, this.#hostname);
    switch (question.ask) {
      case 'host':
        return finish(hostAt(files, question.address) ?? EAI.noName);
      case 'name':
        return finish(hostOfIpv4(files, question.name));
      case 'service':
        return finish({ name: serviceAt(files, question.place) ?? null });
      case 'addresses': {
        const pending = this.#addresses(question, files);
        return pending instanceof Promise ? pending.then((answer) => () => finish(answer)) : finish(pending);
      }
    }
  }

  #addresses(question: AddressQuestion, files: NameFiles): object | number | Promise<object | number> {
    const asksMachine = question.node?.includes('%') === true || (question.flags & AI.configured) !== 0;
    if (asksMachine && this.#context.canWait())
      return this.#surroundings().then((found) => this.#sorted(question, files, found));
    return this.#sorted(question, files, NOWHERE);
  }

  #sorted(question: AddressQuestion, files: NameFiles, surroundings: Surroundings) {
    const found = findAddresses(question, files, surroundings);
    if (typeof found === 'number' || found.places.length < 2 || !this.#context.canWait()) return found;
    return this.#withSources(found.places).then((destinations) => ({
      ...found,
      places: inOrder(destinations).map(({ place }) => place),
    }));
  }

  /** As glibc finds out from where the machine would send: a socket of UDP is connected, and asked. */
  async #withSources(places: readonly Place[]): Promise<Destination[]> {
    const lines = [...(await this.#list('getaddr')), ...(await this.#list('getaddr6'))];
    const destinations: Destination[] = [];
    for (const place of places) {
      const source = await this.#sourceTo(place);
      destinations.push({ place, source, ...(source !== null && detailsOf(source, lines)) });
    }
    return destinations;
  }

  async #list(type: 'getlink' | 'getaddr' | 'getaddr6'): Promise<readonly NetlinkAnswer[]> {
    const answers = await this.#calls.call(this.#context.thread(), 'netlink', { type });
    return typeof answers === 'number' ? [] : answers;
  }

  async #sourceTo({ family, address, scopeId }: Place): Promise<Place | null> {
    const tid = this.#context.thread();
    const calls = this.#calls;
    const fd = await calls.call(tid, 'socket', family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0) return null;
    const to =
      family === AF_INET
        ? ({ family, address, port: 0 } as const)
        : ({ family, address, port: 0, flowInfo: 0, scopeId } as const);
    const connected = await calls.call(tid, 'connect', fd, to);
    const own = connected < 0 ? connected : await calls.call(tid, 'getsockname', fd);
    await calls.call(tid, 'close', fd);
    if (typeof own === 'number' || (own.family !== AF_INET && own.family !== AF_INET6)) return null;
    return { family: own.family, address: own.address, scopeId: 0 };
  }

  async #surroundings(): Promise<Surroundings> {
    const numbers = new Map<string, number>();
    for (const link of await this.#list('getlink'))
      if (link.type === 'link') numbers.set(link.name, link.index);
    const [fours, sixes] = [await this.#list('getaddr'), await this.#list('getaddr6')];
    return {
      interfaceNamed: (name) => numbers.get(name),
      configured: {
        ipv4: fours.some((each) => each.type === 'addr' && !each.prefix.startsWith('127.')),
        ipv6: sixes.some((each) => each.type === 'addr6' && each.scope !== 'host'),
      },
    };
  }
}

/** What the machine says of an address of its own (`__check_pf` of glibc). */
function detailsOf(
  { address }: Place,
  lines: readonly NetlinkAnswer[],
): { length: number; deprecated: boolean } {
  for (const line of lines) {
    if (line.type === 'addr' && line.prefix.startsWith(`${address}/`)) {
      return { length: Number(line.prefix.slice(address.length + 1)), deprecated: false };
    }
    if (line.type === 'addr6' && line.address.replace(/%.*/, '') === address) {
      return { length: line.length, deprecated: (line.flags & IFA_F_DEPRECATED) !== 0 };
    }
  }
  return { length: 32, deprecated: false };
}
/** linux/if_addr.h */
const IFA_F_DEPRECATED = 0x20;

const NOWHERE: Surroundings = { interfaceNamed: () => undefined, configured: { ipv4: true, ipv6: true } };
