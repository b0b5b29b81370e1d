import { ERRNO } from '@netarium/osi/trace';
import { MSG_DONTWAIT, MSG_ERRQUEUE, POLLERR, POLLIN, SIGNALS, SOCK_DGRAM } from '../kernel/constants.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';
import type { ReceivedMessage } from '../system-calls.ts';
import { OptionText, routeOption, TIMESTAMP_KINDS, timeOption } from './ping/options.ts';
import { PingStatistics, roundTripText } from './ping/statistics.ts';
import { findTarget, printedAddress, type Target } from './ping/target.ts';
import { VERSION4, VERSION6 } from './ping/version.ts';
import { because, complain, parseOptions, print } from './support.ts';

const ICMP_HEADER = 8;
/** Options of sockets (ip(7)). */
const IP_OPTIONS = 4;
const IP_RECVOPTS = 6;
/** Data bytes when -s does not say otherwise (ping(8)). */
const DEFAULT_SIZE = 56;
const LARGEST_SIZE = 65_507;
/** A `struct timeval` begins the data when there is room for it. */
const TIME_SIZE = 16;
const SECOND = 1_000_000_000;
/** How long replies are waited for after the last request, when none has come at all. */
const LINGER = 10 * SECOND;
/** The shortest interval of an ordinary user, in seconds (ping(8)). */
const LEAST_USER_INTERVAL = 0.002;

interface Settings {
  readonly host: string;
  readonly target: Target;
  /** Requests to send; 0 without end. */
  readonly count: number;
  readonly interval: number;
  readonly size: number;
  readonly ttl: number | null;
  /** -W in nanoseconds. */
  readonly linger: number;
  /** -w in nanoseconds, 0 for none. */
  readonly deadline: number;
  readonly quiet: boolean;
  /** What -R or -T asks the stations on the way for: options of the IPv4 header. */
  readonly options: Uint8Array | null;
}

const HELP =
  'Usage: ping [-4 | -6] [-c COUNT] [-i SECONDS] [-s BYTES] [-t TTL] [-W SECONDS] [-w SECONDS] [-q] [-n] [-R | -T tsonly|tsandaddr] HOST\n';

/** ping(8) of iputils, over a "ping socket" (icmp(7)). */
export const ping: Main = async (sys, argv) => {
  const settings = await readSettings(sys, argv.slice(1));
  if (typeof settings === 'number') return settings;
  return new Pinger(sys, settings).run();
};

async function readSettings(sys: AsyncSystemCalls, words: readonly string[]): Promise<Settings | number> {
  const { given, operands, wrong } = parseOptions(words, 'c:i:s:t:W:w:T:Rqn46');
  if (given.has('help')) {
    await print(sys, HELP);
    return 0;
  }
  const refuse = async (line: string, status = 2): Promise<number> => {
    await complain(sys, `ping: ${line}`);
    return status;
  };
  if (wrong !== null) return refuse(wrong);
  if (given.has('4') && given.has('6')) return refuse('only one -4 or -6 option may be specified');
  if (operands.length === 0) return refuse('usage error: Destination address required', 1);
  const number = (letter: string, otherwise: number): number => {
    const text = given.get(letter);
    return text === undefined ? otherwise : text.trim() === '' ? Number.NaN : Number(text);
  };
  const limits: readonly (readonly [letter: string, least: number, most: number, whole: boolean])[] = [
    ['c', 1, Number.MAX_SAFE_INTEGER, true],
    ['s', 0, LARGEST_SIZE, true],
    ['t', 0, 255, true],
    ['i', 0, 86_400, false],
    ['W', 0, 86_400, false],
    ['w', 1, 86_400, true],
  ];
  for (const [letter, least, most, whole] of limits) {
    const value = number(letter, least);
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) continue;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} <= value <= ${most}`;
    return refuse(`invalid argument: '${given.get(letter)}': out of range: ${range}`, 1);
  }
  const interval = number('i', 1);
  if (interval < LEAST_USER_INTERVAL && (await sys.getuid()) !== 0) {
    return refuse(`cannot flood; minimal interval allowed for user is ${LEAST_USER_INTERVAL * 1000}ms`);
  }
  const kind = given.get('T');
  const flags = TIMESTAMP_KINDS.get(kind ?? 'tsonly');
  if (flags === undefined) return refuse(`invalid timestamp type: ${kind}`);
  if (kind !== undefined && given.has('R')) return refuse('only one of -T or -R may be used');
  const options = given.has('R') ? routeOption() : kind === undefined ? null : timeOption(flags);
  const host = operands[0] as string;
  // They are options of the IPv4 header.
  const only = given.has('6') ? VERSION6 : given.has('4') || options !== null ? VERSION4 : null;
  if (only === VERSION6 && options !== null) return refuse('-R and -T are for IPv4 alone');
  const target = await findTarget(sys, host, only);
  if (typeof target === 'string') return refuse(`${host}: ${target}`);
  return {
    host,
    target,
    count: given.has('c') ? number('c', 0) : 0,
    interval: Math.max(interval * SECOND, 1_000_000),
    size: number('s', DEFAULT_SIZE),
    ttl: given.has('t') ? number('t', 0) : null,
    linger: given.has('W') ? number('W', 0) * SECOND : LINGER,
    deadline: given.has('w') ? number('w', 0) * SECOND : 0,
    quiet: given.has('q'),
    options,
  };
}

class Pinger {
  readonly #sys: AsyncSystemCalls;
  readonly #settings: Settings;
  readonly #statistics = new PingStatistics();
  /** When each request was sent. */
  readonly #sentAt = new Map<number, number>();
  readonly #answered = new Set<number>();
  readonly #optionText = new OptionText();
  #lastSent = 0;
  #fd = -1;

  constructor(sys: AsyncSystemCalls, settings: Settings) {
    this.#sys = sys;
    this.#settings = settings;
  }

  async run(): Promise<number> {
    const sys = this.#sys;
    const { host, target, size, options } = this.#settings;
    if (!(await this.#open())) return 2;
    await sys.rt_sigaction(SIGNALS.SIGINT, 'handler');
    await print(sys, target.version.begin(host, target.text, size, options?.length ?? 0));
    const start = await sys.clock_gettime(1);
    await this.#exchange(start);
    await print(sys, this.#statistics.text(host, this.#lastSent - start));
    return this.#statistics.received > 0 ? 0 : 1;
  }

  async #open(): Promise<boolean> {
    const sys = this.#sys;
    const { target, ttl, options } = this.#settings;
    const { version } = target;
    // As ping(8) does: a UDP socket that is connected shows whether there is a way at all.
    const probe = await sys.socket(version.family, SOCK_DGRAM, 0);
    const way = await sys.connect(probe, target.at(1025));
    await sys.close(probe);
    if (way < 0) {
      const broadcast = way === -ERRNO.EACCES;
      await complain(
        sys,
        broadcast ? 'ping: pinging a broadcast address is not built yet' : `ping: connect: ${because(way)}`,
      );
      return false;
    }
    this.#fd = await sys.socket(version.family, SOCK_DGRAM, version.protocol);
    if (this.#fd < 0) {
      await complain(sys, `ping: socket: ${because(this.#fd)}`);
      return false;
    }
    await sys.setsockopt(this.#fd, version.level, version.receiveErrors, int(1));
    await sys.setsockopt(this.#fd, version.level, version.receiveTtl, int(1));
    if (options !== null) {
      await sys.setsockopt(this.#fd, version.level, IP_OPTIONS, options);
      await sys.setsockopt(this.#fd, version.level, IP_RECVOPTS, int(1));
    }
    if (ttl === null) return true;
    for (const name of version.ttl) {
      const set = await sys.setsockopt(this.#fd, version.level, name, int(ttl));
      if (set >= 0) continue;
      await complain(sys, `ping: can't set ${version.ttlName}: ${because(set)}`);
      return false;
    }
    return true;
  }

  /** Sends and receives until everything has come, time is over, or Ctrl-C is pressed. */
  async #exchange(start: number): Promise<void> {
    const sys = this.#sys;
    const { count, interval, deadline } = this.#settings;
    const statistics = this.#statistics;
    const end = deadline === 0 ? Number.POSITIVE_INFINITY : start + deadline;
    let next = start;
    let now = start;
    for (;;) {
      if (now >= end) return;
      if (now >= next && (count === 0 || statistics.transmitted < count)) {
        await this.#send(statistics.transmitted + 1, now);
        next += interval;
        if (statistics.transmitted === count) next = now + this.#patience();
      } else if (now >= next) {
        return;
      }
      const until = Math.min(next, end);
      const ready = await sys.poll([{ fd: this.#fd, events: POLLIN }], Math.max(until - now, 0));
      if (ready === -ERRNO.EINTR) return;
      const events = typeof ready === 'number' ? 0 : (ready[0] ?? 0);
      if ((events & POLLERR) !== 0) await this.#takeErrors();
      if ((events & POLLIN) !== 0) await this.#takeReplies();
      if (count !== 0 && statistics.received + statistics.errors >= count) return;
      now = await sys.clock_gettime(1);
    }
  }

  /** How long the last replies are waited for: twice the longest round trip, at least an interval; -W when none has come. */
  #patience(): number {
    const { interval, linger } = this.#settings;
    return this.#statistics.received === 0 ? linger : Math.max(2 * this.#statistics.longest, interval);
  }

  async #send(sequence: number, now: number): Promise<void> {
    const sys = this.#sys;
    const { size, target } = this.#settings;
    const message = new Uint8Array(ICMP_HEADER + size);
    const view = new DataView(message.buffer);
    view.setUint8(0, target.version.echoRequest);
    view.setUint16(6, sequence & 0xffff);
    for (let i = 0; i < size; i++) message[ICMP_HEADER + i] = i & 0xff;
    if (size >= TIME_SIZE) {
      const microseconds = Math.floor((await sys.clock_gettime(0)) / 1000);
      view.setBigInt64(ICMP_HEADER, BigInt(Math.floor(microseconds / 1e6)), true);
      view.setBigInt64(ICMP_HEADER + 8, BigInt(microseconds % 1e6), true);
    }
    this.#sentAt.set(sequence & 0xffff, now);
    this.#lastSent = now;
    this.#answered.delete(sequence & 0xffff);
    this.#statistics.transmitted++;
    let result = await sys.sendto(this.#fd, message, 0, target.at(0));
    if (result < 0) {
      // An error of an earlier request is told first; this one still has to go.
      if ((await this.#takeErrors()) > 0) {
        result = await sys.sendto(this.#fd, message, 0, target.at(0));
      }
      if (result < 0) {
        await complain(sys, `ping: sendmsg: ${because(result)}`);
        this.#statistics.errors++;
      }
    }
    this.#statistics.noteOutstanding(sequence);
  }

  async #takeReplies(): Promise<void> {
    const sys = this.#sys;
    for (;;) {
      const reply = await sys.recvfrom(this.#fd, LARGEST_SIZE + ICMP_HEADER, MSG_DONTWAIT);
      if (typeof reply === 'number') return;
      const now = await sys.clock_gettime(1);
      await this.#takeReply(reply, now);
    }
  }

  async #takeReply({ data, address, ttl, options }: ReceivedMessage, now: number): Promise<void> {
    const sequence = sequenceOf(data);
    const sentAt = this.#sentAt.get(sequence);
    if (sentAt === undefined) return;
    const duplicate = this.#answered.has(sequence);
    this.#answered.add(sequence);
    const took = now - sentAt;
    this.#statistics.noteReply(sequence, took, duplicate);
    if (this.#settings.quiet) return;
    const time = this.#settings.size >= TIME_SIZE ? ` time=${roundTripText(took)} ms` : '';
    const from = address !== null && 'address' in address ? await printedAddress(this.#sys, address) : '?';
    const hops = ttl === undefined ? '' : ` ttl=${ttl}`;
    const told = options === undefined ? '' : this.#optionText.of(options);
    await print(
      this.#sys,
      `${data.length} bytes from ${from}: icmp_seq=${sequence}${hops}${time}${duplicate ? ' (DUP!)' : ''}${told}\n`,
    );
  }

  /** Reads what ICMP reported about our requests (MSG_ERRQUEUE). @returns how many reports there were. */
  async #takeErrors(): Promise<number> {
    for (let reports = 0; ; reports++) {
      const report = await this.#sys.recvfrom(
        this.#fd,
        LARGEST_SIZE + ICMP_HEADER,
        MSG_ERRQUEUE | MSG_DONTWAIT,
      );
      if (typeof report === 'number' || report.error === undefined) return reports;
      const { origin, errno, type, code, info, offender } = report.error;
      this.#statistics.errors++;
      if (this.#settings.quiet) continue;
      const { version } = this.#settings.target;
      if (origin === version.origin) {
        const sequence = sequenceOf(report.data);
        await print(
          this.#sys,
          `From ${offender} icmp_seq=${sequence} ${version.errorText(type, code, info)}\n`,
        );
      } else {
        const what = errno === ERRNO.EMSGSIZE ? `message too long, mtu=${info}` : because(-errno);
        await complain(this.#sys, `ping: local error: ${what}`);
      }
    }
  }
}

/** The sequence number of an echo message. */
const sequenceOf = (message: Uint8Array): number => ((message[6] ?? 0) << 8) | (message[7] ?? 0);

function int(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
