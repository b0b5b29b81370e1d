import type { TraceEvent } from '@netarium/osi/trace';

/** How long a TCP socket was in one of its states. */
export interface Stretch {
  /** The event that began it. */
  readonly id: number;
  readonly node: string;
  readonly state: string;
  readonly from: number;
  /** Null while it lasts. */
  to: number | null;
}

/** The states of all TCP sockets in the order in which they began. Grows with the record. */
export class SocketStates {
  readonly all: Stretch[] = [];
  readonly #open = new Map<string, Stretch>();

  add(event: TraceEvent): void {
    if (event.kind !== 'socket-state' || !event.socket.startsWith('tcp')) return;
    const socket = `${event.node} ${event.socket}`;
    const before = this.#open.get(socket);
    if (before !== undefined) before.to = event.time;
    if (event.to === 'CLOSED') {
      this.#open.delete(socket);
      return;
    }
    const stretch: Stretch = { id: event.id, node: event.node, state: event.to, from: event.time, to: null };
    this.#open.set(socket, stretch);
    this.all.push(stretch);
  }
}
