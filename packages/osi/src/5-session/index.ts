/**
 * Layer 5: the socket interface: how a program begins, uses and ends a conversation, with BSD's semantics as
 * Linux has them.
 */
export type * from './socket-types.ts';
