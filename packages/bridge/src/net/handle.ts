import type { AddressInfo } from 'node:net';
import type { SocketAddress, Socket as StackSocket } from '@netarium/osi/5-session';
import * as linux from './constants.ts';

/** A new stream socket of a machine. @returns a negated errno for a family that the stack does not have. */
export function openStream(
  stack: { socket(domain: number, type: number, protocol: number): StackSocket | number },
  family: number,
): StackSocket | number {
  return stack.socket(family === 6 ? linux.AF_INET6 : linux.AF_INET, linux.SOCK_STREAM, 0);
}

/** An address for the stack. @param family 4 or 6. */
export const addressFor = (address: string, port: number, family: number): SocketAddress =>
  ({ family: family === 6 ? linux.AF_INET6 : linux.AF_INET, address, port }) as SocketAddress;

/** An address as `net` shows it. */
export const shown = ({ address, port, family }: SocketAddress): AddressInfo => ({
  address,
  family: (family as number) === linux.AF_INET6 ? 'IPv6' : 'IPv4',
  port,
});

const int = new Int32Array(1);
const bytesOfInt = new Uint8Array(int.buffer);

/** Sets an option that is a C `int`. */
export function setInt(socket: StackSocket, level: number, name: number, value: number): void {
  int[0] = value;
  socket.setOption(level, name, bytesOfInt);
}

/** SO_ERROR: positive, or 0; asking takes it away. @param ready what `poll` has said: without POLLERR there is none. */
export function errorOf(socket: StackSocket, ready: number): number {
  if ((ready & linux.POLLERR) === 0) return 0;
  const value = socket.getOption(linux.SOL_SOCKET, linux.SO_ERROR, 4);
  return typeof value === 'number' ? 0 : new DataView(value.buffer, value.byteOffset).getInt32(0, true);
}
