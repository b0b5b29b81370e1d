/**
 * Layer 5: the socket interface: how a program begins, uses and ends a conversation, with BSD's semantics as
 * Linux has them; and `Stack`, which puts the layers of one machine together.
 *
 * Promise upward: each call answers as Linux's would, and never waits; whoever wants to wait subscribes, or uses
 * the promises of `AsyncSocket`. Needs the transports below.
 */
export type { AsyncAddress } from './async-base.ts';
export { type AsyncDatagram, AsyncDatagramSocket } from './async-datagram-socket.ts';
export { AsyncListener, AsyncSocket, type ConnectOptions, type ListenOptions } from './async-socket.ts';
export { type AsyncTurns, drive, turnsOf } from './async-turns.ts';
export * from './constants.ts';
export type { ControlMessage } from './control-message.ts';
export type { Credentials } from './credentials.ts';
export { ints, readInt } from './option-table.ts';
export { PacketSocket } from './packet-socket.ts';
export type { RouteRequest } from './route-request.ts';
export type * from './socket-types.ts';
export { Stack, type StackOptions } from './stack.ts';
export { type ErrorPlace, SystemError } from './system-error.ts';
