import type { AsyncSystemCalls } from '../../program.ts';
import { type Names, readNames } from '../hosts.ts';
import { print, readTable, readText, userNames } from '../support.ts';

/** The states by their numbers in `/proc/net/tcp` (net/tcp_states.h). */
const STATES = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];
const TIMERS = ['off', 'on', 'keepalive', 'timewait', 'probe'];
/** Columns of an address with its port. */
const ADDRESS = 23;

interface Row {
  readonly protocol: 'tcp' | 'udp';
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  readonly server: boolean;
  readonly uid: number;
  readonly inode: number;
  readonly timer: string;
}

/** `netstat` without -r, -i, -s. @param has whether an option was given. */
export async function showConnections(
  sys: AsyncSystemCalls,
  has: (letter: string) => boolean,
): Promise<void> {
  const every = !has('t') && !has('u');
  const names = has('n') ? null : await readNames(sys);
  const rows: Row[] = [];
  if (every || has('t')) rows.push(...(await readRows(sys, 'tcp', names)));
  if (every || has('u')) rows.push(...(await readRows(sys, 'udp', names)));
  const shown = rows.filter(({ server }) => has('a') || server === has('l'));
  const users = has('e') ? await userNames(sys) : new Map<number, string>();
  const programs = has('p') ? await readPrograms(sys) : new Map<number, string>();
  const which = has('a') ? 'servers and established' : has('l') ? 'only servers' : 'w/o servers';
  let text = `Active Internet connections (${which})\n`;
  text += 'Proto Recv-Q Send-Q Local Address           Foreign Address         State      ';
  if (has('e')) text += ' User       Inode     ';
  if (has('p')) text += ' PID/Program name    ';
  if (has('o')) text += ' Timer';
  text += '\n';
  for (const row of shown) {
    text += `${row.protocol.padEnd(5)} ${String(row.receiveQueue).padStart(6)} ${String(row.sendQueue).padStart(6)} `;
    text += `${row.local.padEnd(ADDRESS)} ${row.remote.padEnd(ADDRESS)} ${row.state.padEnd(11)}`;
    if (has('e'))
      text += ` ${(users.get(row.uid) ?? String(row.uid)).padEnd(10)} ${String(row.inode).padEnd(10)}`;
    if (has('p')) text += ` ${(programs.get(row.inode) ?? '-').slice(0, 19).padEnd(20)}`;
    if (has('o')) text += ` ${row.timer}`;
    text += '\n';
  }
  if (every) {
    text += `Active UNIX domain sockets (${which})\n`;
    text += 'Proto RefCnt Flags       Type       State         I-Node   ';
    text += `${has('p') ? 'PID/Program name     ' : ''}Path\n`;
  }
  await print(sys, text);
}

async function readRows(sys: AsyncSystemCalls, protocol: 'tcp' | 'udp', names: Names | null): Promise<Row[]> {
  const rows: Row[] = [];
  for (const fields of (await readTable(sys, `/proc/net/${protocol}`)).slice(1)) {
    const [
      ,
      local = '',
      remote = '',
      st = '',
      queues = '',
      timer = '',
      retransmits = '',
      uid = '',
      ,
      inode = '',
    ] = fields;
    const [sendQueue = '', receiveQueue = ''] = queues.split(':');
    const state = STATES[Number.parseInt(st, 16)] ?? 'UNKNOWN';
    const connected = protocol === 'tcp' ? state !== 'LISTEN' : state === 'ESTABLISHED';
    rows.push({
      protocol,
      receiveQueue: Number.parseInt(receiveQueue, 16),
      sendQueue: Number.parseInt(sendQueue, 16),
      local: place(local, protocol, names),
      remote: place(remote, protocol, names),
      // An UDP socket without a peer has no state to show.
      state: protocol === 'udp' && !connected ? '' : state,
      server: !connected,
      uid: Number(uid),
      inode: Number(inode),
      timer: timerText(timer, retransmits),
    });
  }
  return rows;
}

/** `0100007F:1F90` → `127.0.0.1:8080`, or with names; cut to its column as net-tools does. */
function place(text: string, protocol: string, names: Names | null): string {
  const [hexAddress = '', hexPort = ''] = text.split(':');
  const number = Number.parseInt(hexAddress, 16);
  const address = [number & 255, (number >> 8) & 255, (number >> 16) & 255, (number >> 24) & 255].join('.');
  const port = Number.parseInt(hexPort, 16);
  const service = port === 0 ? '*' : (names?.services.get(`${port}/${protocol}`) ?? String(port));
  const host = names?.hosts.get(address) ?? address;
  return `${host.slice(0, ADDRESS - 1 - service.length)}:${service}`;
}

/** `01:00000014` → `on (0.20/0/0)`. */
function timerText(field: string, retransmits: string): string {
  const [kind = '0', left = '0'] = field.split(':');
  const seconds = Number.parseInt(left, 16) / 100;
  return `${TIMERS[Number.parseInt(kind, 16)] ?? 'unkn'} (${seconds.toFixed(2)}/${Number.parseInt(retransmits, 16)}/0)`;
}

/** `pid/program` by socket inode, of the processes one may look into. */
async function readPrograms(sys: AsyncSystemCalls): Promise<Map<number, string>> {
  const programs = new Map<number, string>();
  for (const pid of await listDirectory(sys, '/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readText(sys, `/proc/${pid}/cmdline`);
    const name = typeof command === 'number' ? '' : (command.split('\0')[0] ?? '');
    for (const fd of await listDirectory(sys, `/proc/${pid}/fd`)) {
      const link = await sys.readlink(`/proc/${pid}/fd/${fd}`);
      const inode = /^socket:\[(\d+)\]$/.exec(typeof link === 'string' ? link : '')?.[1];
      if (inode !== undefined) programs.set(Number(inode), `${pid}/${name.slice(name.lastIndexOf('/') + 1)}`);
    }
  }
  return programs;
}

async function listDirectory(sys: AsyncSystemCalls, path: string): Promise<string[]> {
  const fd = await sys.open(path, 0o200000, 0);
  if (fd < 0) return [];
  const entries = await sys.getdents(fd);
  await sys.close(fd);
  return typeof entries === 'number' ? [] : entries.map(({ name }) => name);
}
