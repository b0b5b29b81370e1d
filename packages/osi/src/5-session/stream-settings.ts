import type { SendOptions } from '../3-network/index.ts';
import type { TcpConnection, TcpOptions, TcpState } from '../4-transport/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import { IPPROTO_TCP, SOCK_STREAM } from './constants.ts';
import { InternetSocket } from './internet-socket.ts';
import type { OptionTable } from './option-table.ts';
import { TCP_OPTIONS } from './tcp-options.ts';

/** The options of a stream socket: most of them are those of its connection, or of what it will begin with. */
export abstract class StreamSettings extends InternetSocket {
  abstract readonly options: TcpOptions;
  abstract readonly connection: TcpConnection | null;
  abstract readonly state: TcpState;

  get multicast6(): null {
    return null;
  }

  get memberships6(): null {
    return null;
  }

  get type(): number {
    return SOCK_STREAM;
  }

  get protocol(): number {
    return IPPROTO_TCP;
  }

  /** Sets options: of the connection or listener, or of what it will be. */
  abstract change(changes: Partial<TcpOptions>): void;

  get ip(): Readonly<SendOptions> {
    return this.options.ip;
  }

  changeIp(changes: SendOptions): void {
    this.change({ ip: { ...this.options.ip, ...changes } });
  }

  get keepAlive(): boolean {
    return this.options.keepAlive;
  }

  set keepAlive(on: boolean) {
    this.change({ keepAlive: on });
  }

  get urgentInline(): boolean {
    return this.options.urgentInline;
  }

  set urgentInline(on: boolean) {
    this.change({ urgentInline: on });
  }

  get linger(): Nanoseconds | null {
    return this.options.linger;
  }

  set linger(duration: Nanoseconds | null) {
    this.change({ linger: duration });
  }

  get maxPacingRate(): number {
    return this.options.maxPacingRate;
  }

  set maxPacingRate(rate: number) {
    this.change({ maxPacingRate: rate });
  }

  get sendBuffer(): number {
    return (this.connection ?? this.options).sendBuffer;
  }

  set sendBuffer(bytes: number) {
    this.change({ sendBuffer: bytes, sendBufferLocked: true });
  }

  get receiveBuffer(): number {
    return (this.connection ?? this.options).receiveBuffer;
  }

  set receiveBuffer(bytes: number) {
    this.change({ receiveBuffer: bytes, receiveBufferLocked: true });
  }

  protected transportOptions(level: number): OptionTable<this> | null {
    return level === IPPROTO_TCP ? TCP_OPTIONS : null;
  }
}
