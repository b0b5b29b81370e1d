import { type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Random, Simulation } from '../../time/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { type IpAddress, isAnyIp } from '../ip-address.ts';
import type { IcmpError, IpService, ReceivedPacket, SendOptions } from '../ip-service.ts';
import { ICMP_HEADER, readCode, readType, writeIdentifier } from './codec.ts';

/** How one version of ICMP has echoes: the same for all machines. Identifier and sequence number stand in the same place in both. */
export interface EchoProtocol {
  readonly protocol: number;
  /** The type of a request. */
  readonly request: number;
  /** Why a request is sent, for the record. */
  readonly reason: string;
  /** The name of its stream of chance. */
  readonly random: string;
  /** The largest message, in bytes. */
  readonly largest: number;
  /** Fills in the checksum. */
  finish(frame: Frame, source: IpAddress, destination: IpAddress): void;
}

/** What a "ping" socket is told. Called inside the stack: do not block, do not throw. */
export interface EchoUser {
  /** An echo reply for its identifier, `frame.start` at the ICMP message; takes the frame over. `packet` is valid until this returns. */
  received(frame: Frame, packet: ReceivedPacket): void;
  /** An ICMP error about one of its requests, of which `original` has the first bytes from `at` to its end. */
  failed(error: IcmpError, original: DataView, at: number): void;
}

/**
 * The echo identifiers of one machine and version of IP, and who uses them: ping sockets of icmp(7), whose ports they are.
 * The base of what speaks ICMP, so that an echo meets one object.
 */
export abstract class EchoChannels<I extends IpService = IpService> {
  /** Mostly there is one at most: it needs no map. */
  #first: EchoUser | null = null;
  #firstIdentifier = 0;
  protected readonly ip: I;
  protected readonly pool: FramePool;
  readonly #how: EchoProtocol;
  #others: Map<number, EchoUser> | null = null;
  protected readonly tracer: Tracer;
  readonly #sim: Simulation;
  #random: Random | null = null;
  #next = 0;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, ip: I, how: EchoProtocol) {
    this.#sim = sim;
    this.tracer = tracer;
    this.pool = pool;
    this.ip = ip;
    this.#how = how;
  }

  /** Counts a request that was sent. */
  protected abstract requestSent(): void;

  findEcho(identifier: number): EchoUser | undefined {
    if (this.#first !== null && this.#firstIdentifier === identifier) return this.#first;
    return this.#others?.get(identifier);
  }

  /** Claims an identifier. @param wanted 0 takes any that is free. @returns it, -EADDRINUSE when another has it, -EAGAIN when none is free. */
  openEcho(wanted: number, user: EchoUser): number {
    const identifier = wanted === 0 ? this.#choose() : wanted;
    if (identifier === 0) return -ERRNO.EAGAIN;
    if (this.findEcho(identifier) !== undefined) return -ERRNO.EADDRINUSE;
    if (this.#first === null) {
      this.#first = user;
      this.#firstIdentifier = identifier;
    } else {
      this.#others ??= new Map();
      this.#others.set(identifier, user);
    }
    return identifier;
  }

  /** Gives an identifier back. */
  closeEcho(identifier: number): void {
    if (this.#first !== null && this.#firstIdentifier === identifier) this.#first = null;
    else this.#others?.delete(identifier);
    if (this.#others?.size === 0) this.#others = null;
  }

  /**
   * Sends an echo request: 8 bytes of ICMP header, then data. Identifier and checksum are filled in.
   * @param source `0.0.0.0` or `::` leaves it to the routes. @param origin the system call.
   * @returns the message's length, or -EINVAL (too short, or no echo request), -EMSGSIZE, -ENETUNREACH …
   */
  sendEcho(
    identifier: number,
    message: Uint8Array,
    source: IpAddress,
    destination: IpAddress,
    origin: EventId,
    options: SendOptions = {},
  ): number {
    if (message.length > this.#how.largest) return -ERRNO.EMSGSIZE;
    if (message.length < ICMP_HEADER) return -ERRNO.EINVAL;
    const from = isAnyIp(source) ? this.ip.sourceFor(destination, options.interface) : source;
    if (from === null) return -ERRNO.ENETUNREACH;
    const frame = this.pool.take(message.length);
    frame.bytes.set(message, HEADROOM);
    frame.end = HEADROOM + message.length;
    if (readType(frame.view, HEADROOM) !== this.#how.request || readCode(frame.view, HEADROOM) !== 0) {
      frame.release();
      return -ERRNO.EINVAL;
    }
    writeIdentifier(frame.view, HEADROOM, identifier);
    this.#how.finish(frame, from, destination);
    frame.reason = this.#how.reason;
    if (origin !== 0) frame.origins = [origin];
    const error = this.ip.send(frame, from, destination, this.#how.protocol, options);
    if (error !== 0) return error;
    this.requestSent();
    return message.length;
  }

  /** Identifiers follow one another from a random one (`ping_port_rover` in Linux). */
  #choose(): number {
    this.#random ??= this.#sim.randomFor(`${this.tracer.node}/${this.#how.random}`);
    if (this.#next === 0) this.#next = 1 + this.#random.below(0xffff);
    for (let tries = 0; tries < 0xffff; tries++) {
      const identifier = this.#next;
      this.#next = identifier === 0xffff ? 1 : identifier + 1;
      if (this.findEcho(identifier) === undefined) return identifier;
    }
    return 0;
  }
}
