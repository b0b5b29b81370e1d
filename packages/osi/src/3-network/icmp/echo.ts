import { type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Random, Simulation } from '../../time/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { ANY, type Ipv4Address } from '../address.ts';
import type { IcmpCounters } from '../counters.ts';
import {
  type IcmpError,
  type IpService,
  PROTOCOL_ICMP,
  type ReceivedPacket,
  type SendOptions,
} from '../ip-service.ts';
import {
  ICMP_ECHO_REQUEST,
  ICMP_HEADER,
  readCode,
  readType,
  writeIcmpChecksum,
  writeIdentifier,
} from './codec.ts';

/** The largest echo message: an IPv4 packet's payload. */
const LARGEST_MESSAGE = 65_515;

/** What a "ping" socket is told. Called inside the stack: do not block, do not throw. */
export interface EchoUser {
  /** An echo reply for its identifier: the whole ICMP message, valid until this returns. `packet` too. */
  received(message: Uint8Array, packet: ReceivedPacket): void;
  /** An ICMP error about one of its requests, of which `original` has the first bytes from `at` to its end. */
  failed(error: IcmpError, original: DataView, at: number): void;
}

/** A claim on an echo identifier: socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) of icmp(7), whose port it is. */
export interface EchoChannel {
  readonly identifier: number;
  /**
   * Sends an echo request: 8 bytes of ICMP header, then data. Identifier and checksum are filled in.
   * @param source `ANY` leaves it to the routes. @param origin the system call.
   * @returns the message's length, or -EINVAL (too short, or no echo request), -EMSGSIZE, -ENETUNREACH …
   */
  send(
    message: Uint8Array,
    source: Ipv4Address,
    destination: Ipv4Address,
    origin: EventId,
    options?: SendOptions,
  ): number;
  close(): void;
}

/** The echo identifiers of one machine, and who uses them. */
export class EchoChannels {
  readonly #users = new Map<number, EchoUser>();
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #ip: IpService;
  readonly #counters: IcmpCounters;
  #random: Random | null = null;
  #next = 0;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, ip: IpService, counters: IcmpCounters) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#ip = ip;
    this.#counters = counters;
  }

  find(identifier: number): EchoUser | undefined {
    return this.#users.get(identifier);
  }

  /** @param wanted 0 takes any that is free. @returns -EADDRINUSE when another has it, -EAGAIN when none is free. */
  open(wanted: number, user: EchoUser): EchoChannel | number {
    const identifier = wanted === 0 ? this.#choose() : wanted;
    if (identifier === 0) return -ERRNO.EAGAIN;
    if (this.#users.has(identifier)) return -ERRNO.EADDRINUSE;
    this.#users.set(identifier, user);
    return {
      identifier,
      send: (message, source, destination, origin, options) =>
        this.#send(identifier, message, source, destination, origin, options),
      close: () => {
        this.#users.delete(identifier);
      },
    };
  }

  #send(
    identifier: number,
    message: Uint8Array,
    source: Ipv4Address,
    destination: Ipv4Address,
    origin: EventId,
    options: SendOptions = {},
  ): number {
    if (message.length > LARGEST_MESSAGE) return -ERRNO.EMSGSIZE;
    if (message.length < ICMP_HEADER) return -ERRNO.EINVAL;
    const from = source === ANY ? this.#ip.sourceFor(destination) : source;
    if (from === null) return -ERRNO.ENETUNREACH;
    const frame = this.#pool.take(message.length);
    frame.bytes.set(message, HEADROOM);
    frame.end = HEADROOM + message.length;
    if (readType(frame.view, HEADROOM) !== ICMP_ECHO_REQUEST || readCode(frame.view, HEADROOM) !== 0) {
      frame.release();
      return -ERRNO.EINVAL;
    }
    writeIdentifier(frame.view, HEADROOM, identifier);
    writeIcmpChecksum(frame.view, HEADROOM, frame.end);
    frame.reason = 'icmp.echo-request';
    if (origin !== 0) frame.origins = [origin];
    const error = this.#ip.send(frame, from, destination, PROTOCOL_ICMP, options);
    if (error !== 0) return error;
    this.#counters.OutMsgs++;
    this.#counters.OutEchos++;
    return message.length;
  }

  /** Identifiers follow one another from a random one (`ping_port_rover` in Linux). */
  #choose(): number {
    this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/icmp.identifier`);
    if (this.#next === 0) this.#next = 1 + this.#random.below(0xffff);
    for (let tries = 0; tries < 0xffff; tries++) {
      const identifier = this.#next;
      this.#next = identifier === 0xffff ? 1 : identifier + 1;
      if (!this.#users.has(identifier)) return identifier;
    }
    return 0;
  }
}
