import { formatIp, Ipv6Address, isMapped, unmapped } from '@netarium/osi/3-network';
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

type Protocol = 'tcp' | 'tcp6' | 'udp' | 'udp6';

interface Row {
  readonly protocol: Protocol;
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
  const both = !has('4') && !has('6');
  const protocols: Protocol[] = [];
  for (const protocol of ['tcp', 'udp'] as const) {
    if (!every && !has(protocol.charAt(0))) continue;
    if (both || has('4')) protocols.push(protocol);
    if (both || has('6')) protocols.push(`${protocol}6`);
  }
  for (const protocol of protocols) rows.push(...(await readRows(sys, protocol, names)));
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

async function readRows(sys: AsyncSystemCalls, protocol: Protocol, names: Names | null): Promise<Row[]> {
  const transport = protocol.slice(0, 3);
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
    const connected = transport === 'tcp' ? state !== 'LISTEN' : state === 'ESTABLISHED';
    rows.push({
      protocol,
      receiveQueue: Number.parseInt(receiveQueue, 16),
      sendQueue: Number.parseInt(sendQueue, 16),
      local: place(local, transport, names),
      remote: place(remote, transport, names),
      // An UDP socket without a peer has no state to show.
      state: transport === 'udp' && !connected ? '' : state,
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
  const address = addressText(hexAddress);
  const port = Number.parseInt(hexPort, 16);
  const service = port === 0 ? '*' : (names?.services.get(`${port}/${protocol}`) ?? String(port));
  const host = names?.hosts.get(address) ?? address;
  return `${host.slice(0, ADDRESS - 1 - service.length)}:${service}`;
}

/** An address that a little-endian machine printed by words; mapped ones as those of IPv4 that they stand for. */
function addressText(text: string): string {
  const words = [0, 8, 16, 24].map((at) => swapped(text.slice(at, at + 8)));
  if (text.length <= 8) return formatIp(unmapped(new Ipv6Address(0, 0, 0xffff, words[0] ?? 0)));
  const [a = 0, b = 0, c = 0, d = 0] = words;
  const address = new Ipv6Address(a, b, c, d);
  return formatIp(isMapped(address) ? unmapped(address) : address);
}

/** `0100007F` → 0x7F000001, as a signed number. */
function swapped(text: string): number {
  const number = Number.parseInt(text, 16) || 0;
  return (number << 24) | ((number & 0xff00) << 8) | ((number >>> 8) & 0xff00) | (number >>> 24);
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
