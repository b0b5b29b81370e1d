import { WaitQueue } from './wait-queue.ts';

/** Options of a socket that are on or off, each a bit of one number: most of them are off, in every socket. And those who wait for it. */
export abstract class SocketFlags extends WaitQueue {
  #bits = 0;

  /** SO_REUSEADDR. */
  get reuseAddress(): boolean {
    return (this.#bits & 0x1) !== 0;
  }

  set reuseAddress(on: boolean) {
    this.#bits = on ? this.#bits | 0x1 : this.#bits & ~0x1;
  }

  /** SO_REUSEPORT. */
  get reusePort(): boolean {
    return (this.#bits & 0x2) !== 0;
  }

  set reusePort(on: boolean) {
    this.#bits = on ? this.#bits | 0x2 : this.#bits & ~0x2;
  }

  /** SO_ZEROCOPY: MSG_ZEROCOPY means something. */
  get zeroCopy(): boolean {
    return (this.#bits & 0x4) !== 0;
  }

  set zeroCopy(on: boolean) {
    this.#bits = on ? this.#bits | 0x4 : this.#bits & ~0x4;
  }

  /** IP_RECVTTL, IPV6_RECVHOPLIMIT. */
  get receiveTtl(): boolean {
    return (this.#bits & 0x8) !== 0;
  }

  set receiveTtl(on: boolean) {
    this.#bits = on ? this.#bits | 0x8 : this.#bits & ~0x8;
  }

  /** IP_RECVTOS, IPV6_RECVTCLASS. */
  get receiveClass(): boolean {
    return (this.#bits & 0x10) !== 0;
  }

  set receiveClass(on: boolean) {
    this.#bits = on ? this.#bits | 0x10 : this.#bits & ~0x10;
  }

  /** IP_PKTINFO, IPV6_RECVPKTINFO. */
  get receiveInfo(): boolean {
    return (this.#bits & 0x20) !== 0;
  }

  set receiveInfo(on: boolean) {
    this.#bits = on ? this.#bits | 0x20 : this.#bits & ~0x20;
  }

  /** IPV6_V6ONLY. */
  get v6Only(): boolean {
    return (this.#bits & 0x40) !== 0;
  }

  set v6Only(on: boolean) {
    this.#bits = on ? this.#bits | 0x40 : this.#bits & ~0x40;
  }

  /** TCP_INQ: what a call that receives leaves is told with it. */
  get tellsInQueue(): boolean {
    return (this.#bits & 0x80) !== 0;
  }

  set tellsInQueue(on: boolean) {
    this.#bits = on ? this.#bits | 0x80 : this.#bits & ~0x80;
  }

  /** SO_BROADCAST. */
  get broadcast(): boolean {
    return (this.#bits & 0x100) !== 0;
  }

  set broadcast(on: boolean) {
    this.#bits = on ? this.#bits | 0x100 : this.#bits & ~0x100;
  }

  /** IP_RECVERR, IPV6_RECVERR. */
  get receiveErrors(): boolean {
    return (this.#bits & 0x200) !== 0;
  }

  set receiveErrors(on: boolean) {
    this.#bits = on ? this.#bits | 0x200 : this.#bits & ~0x200;
  }

  /** IPV6_DONTFRAG. */
  get dontFragment6(): boolean {
    return (this.#bits & 0x400) !== 0;
  }

  set dontFragment6(on: boolean) {
    this.#bits = on ? this.#bits | 0x400 : this.#bits & ~0x400;
  }

  /** IPV6_RECVPATHMTU. */
  get receivePathMtu(): boolean {
    return (this.#bits & 0x800) !== 0;
  }

  set receivePathMtu(on: boolean) {
    this.#bits = on ? this.#bits | 0x800 : this.#bits & ~0x800;
  }
}
