import type { Nanoseconds } from '@netarium/osi/time';
import type { EventId, SystemCall, TcpVariables, TraceEvent, TraceRecord } from '@netarium/osi/trace';

/** A process as the record shows it at one moment. */
export interface ProcessState {
  readonly node: string;
  readonly pid: number;
  readonly argv: readonly string[];
  /** As the person named it; the kernel's word for it comes with its first system call. */
  program: string;
  /** Exit status; null while it runs. */
  status: number | null;
  /** Its latest call that came from a line of the person's program. */
  last: SystemCall | null;
  /** Calls that have not returned, by event. */
  readonly open: Map<EventId, SystemCall>;
}

interface SocketInfo {
  readonly socket: string;
  local: string;
  remote: string;
  state: string;
  variables: TcpVariables | null;
}

export interface NodeState {
  readonly processes: Map<number, ProcessState>;
  readonly sockets: Map<string, SocketInfo>;
  /** `arp`, `mac`, `route`, `address`, `link`: key → value. */
  readonly tables: Map<string, Map<string, string>>;
}

const NO_NODE: NodeState = { processes: new Map(), sockets: new Map(), tables: new Map() };

/** The state of every machine at one moment, read from the record up to there. */
export class Moment {
  /** How many events have been read. */
  read = 0;
  time: Nanoseconds = 0;
  readonly #nodes = new Map<string, NodeState>();

  node(name: string): NodeState {
    return this.#nodes.get(name) ?? NO_NODE;
  }

  get processes(): ProcessState[] {
    return [...this.#nodes.values()].flatMap((node) => [...node.processes.values()]);
  }

  /** Reads on up to and including event number `limit`. */
  advance(record: TraceRecord, limit = record.size): void {
    const { events } = record;
    for (; this.read < limit; this.read++) {
      const event = events[this.read];
      if (event === undefined) return;
      this.#apply(event);
    }
  }

  #state(name: string): NodeState {
    let state = this.#nodes.get(name);
    if (state === undefined) {
      state = { processes: new Map(), sockets: new Map(), tables: new Map() };
      this.#nodes.set(name, state);
    }
    return state;
  }

  #apply(event: TraceEvent): void {
    this.time = event.time;
    switch (event.kind) {
      case 'process': {
        const { processes } = this.#state(event.node);
        const known = processes.get(event.pid);
        if (event.change === 'start' || known === undefined) {
          processes.set(event.pid, {
            node: event.node,
            pid: event.pid,
            argv: event.argv,
            program: event.argv.at(-1) ?? '',
            status: null,
            last: null,
            open: new Map(),
          });
        } else {
          known.status = event.status ?? 0;
          known.open.clear();
        }
        return;
      }
      case 'system-call': {
        const process = this.#state(event.node).processes.get(event.pid);
        if (process === undefined) return;
        process.program = event.program;
        process.open.set(event.id, event);
        if (event.where !== undefined) process.last = event;
        return;
      }
      case 'system-call-returned':
        for (const process of this.#state(event.node).processes.values()) process.open.delete(event.call);
        return;
      case 'socket-state': {
        const { sockets } = this.#state(event.node);
        const { socket, local, remote, to: state } = event;
        const variables = sockets.get(socket)?.variables ?? null;
        if (state === 'CLOSED') sockets.delete(socket);
        else sockets.set(socket, { socket, local, remote, state, variables });
        return;
      }
      case 'tcp-variables': {
        const socket = this.#state(event.node).sockets.get(event.socket);
        if (socket !== undefined) socket.variables = event;
        return;
      }
      case 'table': {
        const { tables } = this.#state(event.node);
        const table = tables.get(event.table) ?? new Map<string, string>();
        tables.set(event.table, table);
        if (event.change === 'remove') table.delete(event.key);
        else table.set(event.key, event.value);
        return;
      }
      default:
    }
  }
}
