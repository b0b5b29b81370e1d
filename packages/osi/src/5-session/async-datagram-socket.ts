import type { Nanoseconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import { type AsyncAddress, AsyncBase, check, MAYBE_READABLE, socketAddress } from './async-base.ts';
import * as linux from './constants.ts';
import type { SocketAddress } from './socket-types.ts';

/** A datagram with where it came from. */
export interface AsyncDatagram {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
}

/** A datagram socket. */
export class AsyncDatagramSocket extends AsyncBase {
  /** @returns how many bytes were sent. @throws SystemError: EMSGSIZE, ENETUNREACH, ECONNREFUSED … */
  send(data: Uint8Array | string, to?: Required<AsyncAddress>): number {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    const address = to === undefined ? null : socketAddress(to.address, to.port);
    return check('send', this.socket.send(bytes, linux.MSG_NOSIGNAL, address, 0), to);
  }

  /** Waits for a datagram. @param timeout in nanoseconds; default SO_RCVTIMEO, for ever. */
  receive(timeout: Nanoseconds = this.socket.receiveTimeout): Promise<AsyncDatagram> {
    return this.attempt<AsyncDatagram>('recvmsg', MAYBE_READABLE, timeout, ERRNO.EAGAIN, {}, () => {
      const into = new Uint8Array(this.socket.readable);
      const received = this.socket.receive(into, 0);
      if (typeof received === 'number') return received;
      return { data: into, from: received.address ?? NOWHERE };
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AsyncDatagram, void> {
    for (;;) yield await this.receive();
  }
}

const NOWHERE: SocketAddress = { family: linux.AF_INET, address: '0.0.0.0', port: 0 };
