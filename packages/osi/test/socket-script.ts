import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import * as session from '@netarium/osi/5-session';
import { type Socket, Stack } from '@netarium/osi/5-session';
import { Simulation, seconds } from '@netarium/osi/time';
import { errnoName } from '@netarium/osi/trace';

/**
 * Little scripts of socket calls, each with the answer that is expected, that run against our stack and against
 * the kernel of the machine the tests run on (through Python's `socket`), on 127.0.0.1 and without blocking.
 *
 *     l = stream
 *     bind l 127.0.0.1:0       -> 0
 *     connect c 127.0.0.1:@l   -> EINPROGRESS        @l: the port of l
 *     settle                                         what is under way arrives
 *     poll c                   -> OUT
 */
export interface Step {
  readonly line: string;
  readonly words: readonly string[];
  readonly expected: string | null;
}

export function parseScript(text: string): Step[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [call = '', expected] = line.split('->').map((part) => part.trim());
      return { line: call, words: call.split(/\s+/), expected: expected ?? null };
    });
}

/** The script with answers, as far as an answer was expected. */
export const annotated = (script: readonly Step[], answers: readonly string[]): string[] =>
  script.map(({ line, expected }, i) => (expected === null ? line : `${line} -> ${answers[i]}`));

/** The script with the answers that are expected. */
export const expectedOf = (script: readonly Step[]): string[] =>
  script.map(({ line, expected }) => (expected === null ? line : `${line} -> ${expected}`));

const FLAGS: Record<string, number> = {
  oob: session.MSG_OOB,
  peek: session.MSG_PEEK,
  trunc: session.MSG_TRUNC,
  dontwait: session.MSG_DONTWAIT,
  errqueue: session.MSG_ERRQUEUE,
};
const HOW: Record<string, number> = { read: 0, write: 1, both: 2, nonsense: 3 };
const POLL_BITS: [number, string][] = [
  [1, 'IN'],
  [2, 'PRI'],
  [4, 'OUT'],
  [8, 'ERR'],
  [16, 'HUP'],
  [0x2000, 'RDHUP'],
];

const flagsOf = (words: readonly string[]): number =>
  words.reduce((all, word) => all | (FLAGS[word] ?? 0), 0);

function pollText(mask: number): string {
  const names = POLL_BITS.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name);
  return names.join('|') || 'nothing';
}

/** `SO_ERROR` → level and number, for both sides. */
function optionNumbers(name: string): [level: number, number: number] {
  const numbers = session as unknown as Record<string, number>;
  const plain = /^(\d+)\.(\d+)$/.exec(name);
  if (plain !== null) return [Number(plain[1]), Number(plain[2])];
  const level = name.startsWith('SO_') ? session.SOL_SOCKET : name.startsWith('IP_') ? 0 : 6;
  return [level, numbers[name]!];
}

const optionValue = (text: string): Uint8Array =>
  text.startsWith('x') ? new Uint8Array(Buffer.from(text.slice(1), 'hex')) : session.ints(Number(text));

const valueText = (value: Uint8Array): string =>
  value.length === 4 ? String(session.readInt(value, 0)) : `x${Buffer.from(value).toString('hex')}`;

const addressText = ({ address, port }: session.SocketAddress): string =>
  `${address}:${port === 0 ? 0 : 'N'}`;

/** A program on a stack of ours, which makes one call after the other. @returns what answers the words of a step. */
export function caller(stack: Stack): (words: readonly string[]) => string {
  const { sim } = stack;
  const sockets = new Map<string, Socket>();
  const get = (name: string): Socket => sockets.get(name)!;
  const endpoint = (text: string): session.SocketAddress => {
    const [address = '', port = '0'] = text.split(':');
    const number = port.startsWith('@') ? get(port.slice(1)).localAddress().port : Number(port);
    return { family: 2, address, port: number };
  };
  const open = (type: number): Socket => stack.socket(2, type, 0) as Socket;
  const answer = (result: number): string => (result < 0 ? errnoName(-result) : String(result));

  return (words) => {
    if (words[1] === '=') {
      const [name = '', , what = '', from = ''] = words;
      if (what === 'accept') {
        const accepted = get(from).accept();
        if (typeof accepted === 'number') return answer(accepted);
        sockets.set(name, accepted);
        return '0';
      }
      sockets.set(name, open(what === 'stream' ? 1 : 2));
      return '0';
    }
    const [call = '', name = '', ...rest] = words;
    const socket = get(name);
    const first = rest[0] ?? '';
    switch (call) {
      case 'settle':
        sim.run(sim.now + seconds(1));
        return '';
      case 'bind':
        return answer(socket.bind(endpoint(first), { privileged: true }));
      case 'listen':
        return answer(socket.listen(Number(first)));
      case 'connect':
        return answer(socket.connect(first === 'unspecified' ? { family: 0 } : endpoint(first)));
      case 'send':
        return answer(socket.send(bytesOf(first), flagsOf(rest.slice(1)), null, 0));
      case 'sendto':
        return answer(socket.send(bytesOf(first), 0, endpoint(rest[1] ?? ''), 0));
      case 'recv': {
        const into = new Uint8Array(Number(first));
        const received = socket.receive(into, flagsOf(rest.slice(1)));
        if (typeof received === 'number') return answer(received);
        if (socket.type === 1 && rest.includes('trunc')) return `${received.length} thrown away`;
        const data = `'${Buffer.from(into.subarray(0, received.length)).toString()}'`;
        const { error } = received;
        if (error !== undefined) {
          return `${data} ${errnoName(error.errno)} ${error.origin} ${error.type} ${error.code} ${error.offender}`;
        }
        return received.truncated ? `${data}…` : data;
      }
      case 'shutdown':
        return answer(socket.shutdown(HOW[first]!));
      case 'close':
        socket.close();
        return '0';
      case 'mark':
        return socket.atMark ? '1' : '0';
      case 'inq':
        return String(socket.readable);
      case 'poll':
        return pollText(socket.poll());
      case 'name':
        return addressText(socket.localAddress());
      case 'peer': {
        const peer = socket.remoteAddress();
        return typeof peer === 'number' ? answer(peer) : addressText(peer);
      }
      case 'get': {
        const value = socket.getOption(...optionNumbers(first), Number(rest[1] ?? 4));
        return typeof value === 'number' ? answer(value) : valueText(value);
      }
      case 'set':
        return answer(socket.setOption(...optionNumbers(first), optionValue(rest[1] ?? '0')));
      default:
        throw new Error(`no such step: ${words.join(' ')}`);
    }
  };
}

/** Runs a script on a stack of ours. @returns an answer for each step. */
export function runHere(script: readonly Step[]): string[] {
  const call = caller(new Stack({ sim: new Simulation(1), name: 'judge' }));
  return script.map(({ words }) => call(words));
}

/** `hello`, or `1000*` for a thousand bytes. */
function bytesOf(text: string): Uint8Array {
  const many = /^(\d+)\*$/.exec(text);
  return many === null ? new Uint8Array(Buffer.from(text)) : new Uint8Array(Number(many[1])).fill(120);
}

/** The same calls in Python: `caller(options)` answers the words of a step. */
export const PYTHON_CALLER = `
import ctypes, errno, fcntl, json, os, select, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
FLAGS = {'oob': 1, 'peek': 2, 'trunc': 0x20, 'dontwait': 0x40, 'errqueue': 0x2000}
HOW = {'read': 0, 'write': 1, 'both': 2, 'nonsense': 3}
BITS = [(1, 'IN'), (2, 'PRI'), (4, 'OUT'), (8, 'ERR'), (16, 'HUP'), (0x2000, 'RDHUP')]

def caller(options, pause):
    socks = {}
    def endpoint(text):
        host, port = text.split(':')
        return (host, socks[port[1:]].getsockname()[1] if port.startswith('@') else int(port))
    def data(text):
        return b'x' * int(text[:-1]) if text[:-1].isdigit() and text.endswith('*') else text.encode()
    def flags(words):
        return sum(FLAGS[w] for w in words)
    def value(text):
        return bytes.fromhex(text[1:]) if text.startswith('x') else struct.pack('<i', int(text))
    def address(a):
        return a[0] + ':' + ('N' if a[1] else '0')
    def check(result):
        if result < 0:
            raise OSError(ctypes.get_errno(), '')
        return str(result)
    def step(words):
        if words[1:2] == ['=']:
            if words[2] == 'accept':
                s, _ = socks[words[3]].accept()
            else:
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if words[2] == 'stream' else socket.SOCK_DGRAM)
            s.setblocking(False)
            socks[words[0]] = s
            return '0'
        call, rest = words[0], words[2:]
        if call == 'settle':
            time.sleep(pause)
            return ''
        s = socks[words[1]]
        if call == 'bind':
            s.bind(endpoint(rest[0])); return '0'
        if call == 'listen':
            return check(libc.listen(s.fileno(), int(rest[0])))
        if call == 'connect':
            if rest[0] == 'unspecified':
                return check(libc.connect(s.fileno(), bytes(16), 16))
            host, port = endpoint(rest[0])
            raw = struct.pack('<H', 2) + struct.pack('>H', port) + socket.inet_aton(host) + bytes(8)
            return check(libc.connect(s.fileno(), raw, 16))
        if call == 'send':
            return str(s.send(data(rest[0]), flags(rest[1:])))
        if call == 'sendto':
            return str(s.sendto(data(rest[0]), endpoint(rest[1])))
        if call == 'recv':
            got, ancillary, got_flags, _ = s.recvmsg(int(rest[0]), 512, flags(rest[1:]) & ~0x20 if s.type != 1 else flags(rest[1:]))
            if s.type == 1 and 'trunc' in rest:
                return f'{len(got)} thrown away'
            text = "'" + got.decode() + "'"
            if got_flags & 0x2000:
                number, origin, kind, code = struct.unpack('<IBBB', ancillary[0][2][:7])
                return f"{text} {errno.errorcode[number]} {origin} {kind} {code} {socket.inet_ntoa(ancillary[0][2][20:24])}"
            return text + ('…' if got_flags & 0x20 and s.type != 1 else '')
        if call == 'shutdown':
            return check(libc.shutdown(s.fileno(), HOW[rest[0]]))
        if call == 'close':
            s.close(); return '0'
        if call == 'mark' or call == 'inq':
            number = 0x8905 if call == 'mark' else 0x541b
            return str(struct.unpack('<i', fcntl.ioctl(s, number, bytes(4)))[0])
        if call == 'poll':
            p = select.poll()
            p.register(s, 0x2007)
            mask = sum(m for _, m in p.poll(0))
            return '|'.join(n for b, n in BITS if mask & b) or 'nothing'
        if call == 'name':
            return address(s.getsockname())
        if call == 'peer':
            return address(s.getpeername())
        level, number = options.get(words[2]) or (None, None)
        if call == 'get':
            got = s.getsockopt(level, number, int(rest[1]) if len(rest) > 1 else 4)
            return str(struct.unpack('<i', got)[0]) if len(got) == 4 else 'x' + got.hex()
        if call == 'set':
            raw = value(rest[1])
            return check(libc.setsockopt(s.fileno(), level, number, raw, len(raw)))
        raise Exception(call)
    def answer(words):
        try:
            return step(words)
        except OSError as e:
            return 'EOPNOTSUPP' if e.errno == 95 else errno.errorcode[e.errno]
    return answer
`;

const JUDGE = `${PYTHON_CALLER}
def run(steps, options):
    answer = caller(options, float(sys.argv[1]))
    return [answer(words) for words in steps]

job = json.load(sys.stdin)
print(json.dumps([run(steps, job['options']) for steps in job['scripts']]))
`;

/** Tunables whose defaults show in the answers. */
const TUNABLES: Record<string, string> = {
  'net/core/rmem_default': '212992',
  'net/core/wmem_default': '212992',
  'net/ipv4/tcp_rmem': '4096 131072 ',
  'net/ipv4/tcp_wmem': '4096 16384 ',
};

/** Whether there is a kernel to ask, one with Linux's defaults, and a `python3` to ask it with. */
export function hasJudge(): boolean {
  if (process.platform !== 'linux' || Number.parseInt(release(), 10) < 6) return false;
  try {
    for (const [name, value] of Object.entries(TUNABLES)) {
      const found = readFileSync(`/proc/sys/${name}`, 'utf8').trim().replace(/\s+/g, ' ');
      if (!`${found} `.startsWith(value)) return false;
    }
  } catch {
    return false;
  }
  return spawnSync('python3', ['-c', 'import socket, ctypes']).status === 0;
}

/** Levels and numbers of the options that steps name. */
export function optionsIn(steps: readonly Step[]): Record<string, [level: number, number: number]> {
  const named = steps.filter(({ words }) => words[0] === 'get' || words[0] === 'set');
  return Object.fromEntries(named.map(({ words }) => [words[2]!, optionNumbers(words[2]!)]));
}

/** Runs scripts against the kernel. @param pause how long a `settle` waits, in seconds. */
export function runOnLinux(scripts: readonly (readonly Step[])[], pause: number): string[][] {
  const job = JSON.stringify({
    options: optionsIn(scripts.flat()),
    scripts: scripts.map((script) => script.map(({ words }) => words)),
  });
  const { stdout, stderr, status } = spawnSync('python3', ['-c', JUDGE, String(pause)], {
    input: job,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as string[][];
}
