import type { TcpUser } from '../4-transport/index.ts';
import { WaitQueue } from './wait-queue.ts';

/** What TCP tells the socket: those who wait are woken, an error is kept until the program asks. */
export class StreamEvents extends WaitQueue implements TcpUser {
  /** SO_ERROR: positive, or 0. */
  error = 0;
  /** The connection is over. */
  over = false;

  connected(): void {
    this.wake();
  }
  readable(): void {
    this.wake();
  }
  writable(): void {
    this.wake();
  }
  failed(errno: number): void {
    this.error = errno;
    this.over = true;
    this.wake();
  }
}
