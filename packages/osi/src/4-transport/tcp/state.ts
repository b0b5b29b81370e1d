import type { TcpState } from '../services.ts';

/** What moves a connection from state to state (RFC 9293 section 3.3.2, figure 5). */
export type TcpEvent =
  /** The program connects: SYN goes out. */
  | 'open'
  /** A SYN came, to a listener or to one who has sent SYN itself. */
  | 'syn'
  /** The peer acknowledged our SYN with its own, or after it. */
  | 'established'
  /** The program has no more to send: FIN follows. */
  | 'finish'
  /** The peer's FIN came, and everything before it. */
  | 'fin'
  /** The peer acknowledged our FIN. */
  | 'fin-acknowledged'
  /** Reset, time-out, or the end of waiting. */
  | 'end';

type Row = Partial<Record<TcpEvent, TcpState>>;

/** The diagram as a table. What is not in it cannot happen. */
export const TRANSITIONS: Record<TcpState, Row> = {
  CLOSED: { open: 'SYN_SENT', end: 'CLOSED' },
  LISTEN: { syn: 'SYN_RECV', end: 'CLOSED' },
  SYN_SENT: { syn: 'SYN_RECV', established: 'ESTABLISHED', end: 'CLOSED' },
  SYN_RECV: { established: 'ESTABLISHED', finish: 'FIN_WAIT1', end: 'CLOSED' },
  ESTABLISHED: { finish: 'FIN_WAIT1', fin: 'CLOSE_WAIT', end: 'CLOSED' },
  FIN_WAIT1: { fin: 'CLOSING', 'fin-acknowledged': 'FIN_WAIT2', end: 'CLOSED' },
  FIN_WAIT2: { fin: 'TIME_WAIT', end: 'CLOSED' },
  CLOSE_WAIT: { finish: 'LAST_ACK', end: 'CLOSED' },
  CLOSING: { 'fin-acknowledged': 'TIME_WAIT', end: 'CLOSED' },
  LAST_ACK: { 'fin-acknowledged': 'CLOSED', end: 'CLOSED' },
  TIME_WAIT: { end: 'CLOSED' },
};

/** @throws Error when the diagram has no such arrow: a fault of the stack, never of the peer. */
export function nextState(state: TcpState, event: TcpEvent): TcpState {
  const next = TRANSITIONS[state][event];
  if (next === undefined) throw new Error(`TCP in ${state} cannot take '${event}'`);
  return next;
}

/** States in which the program may still send. */
export const maySend = (state: TcpState): boolean => state === 'ESTABLISHED' || state === 'CLOSE_WAIT';

/** States in which data of the peer is still taken. */
export const mayReceive = (state: TcpState): boolean =>
  state === 'ESTABLISHED' || state === 'FIN_WAIT1' || state === 'FIN_WAIT2';
