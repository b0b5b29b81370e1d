import type { Sysctl } from '../3-network/index.ts';
import type { FastOpenOptions, TcpOptions, TcpService, TcpState } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { integer, type Option } from './option-table.ts';

/** What the options of TCP Fast Open are kept in. */
export interface FastOpenSettings {
  readonly options: TcpOptions;
  change(changes: Partial<TcpOptions>): void;
  readonly state: TcpState;
  readonly parts: {
    readonly sysctl: Sysctl;
    readonly tcp: TcpService;
  };
}

/** Bytes of one key (TCP_FASTOPEN_KEY_LENGTH); two are for a change of keys. */
const KEY = 16;

const NONE: FastOpenOptions = { queue: 0, key: null, withoutCookie: false, onConnect: false };

const of = ({ options }: FastOpenSettings): FastOpenOptions => options.fastOpen ?? NONE;

function change(socket: FastOpenSettings, changes: Partial<FastOpenOptions>): number {
  socket.change({ fastOpen: { ...of(socket), ...changes } });
  return 0;
}

const isFlag = (value: number): boolean => value === 0 || value === 1;

/** Options of level IPPROTO_TCP for Fast Open, with the checks of `do_tcp_setsockopt`. */
export const FAST_OPEN_OPTIONS: readonly [number, Option<FastOpenSettings>][] = [
  [
    linux.TCP_FASTOPEN,
    integer(
      (socket) => of(socket).queue,
      (socket, value) => {
        const { state, parts } = socket;
        if (value < 0 || (state !== 'CLOSED' && state !== 'LISTEN')) return -ERRNO.EINVAL;
        return change(socket, { queue: Math.min(value, parts.sysctl.values['net.core.somaxconn']) });
      },
    ),
  ],
  [
    linux.TCP_FASTOPEN_CONNECT,
    integer(
      (socket) => (of(socket).onConnect ? 1 : 0),
      (socket, value) => {
        if (!isFlag(value)) return -ERRNO.EINVAL;
        if (!socket.parts.tcp.fastOpen.forClients) return -ERRNO.EOPNOTSUPP;
        if (socket.state !== 'CLOSED') return -ERRNO.EINVAL;
        return change(socket, { onConnect: value === 1 });
      },
    ),
  ],
  [
    linux.TCP_FASTOPEN_NO_COOKIE,
    integer(
      (socket) => (of(socket).withoutCookie ? 1 : 0),
      (socket, value) => {
        const { state } = socket;
        if (!isFlag(value) || (state !== 'CLOSED' && state !== 'LISTEN')) return -ERRNO.EINVAL;
        return change(socket, { withoutCookie: value === 1 });
      },
    ),
  ],
  [
    linux.TCP_FASTOPEN_KEY,
    {
      read: (socket, length) =>
        (of(socket).key ?? socket.parts.tcp.fastOpen.keys.bytes).slice(0, Math.max(0, length)),
      write: (socket, value) =>
        value.length === KEY || value.length === 2 * KEY
          ? change(socket, { key: value.slice() })
          : -ERRNO.EINVAL,
    },
  ],
];
