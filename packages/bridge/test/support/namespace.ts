import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a command of the kernel's side has come to. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program that runs in a namespace. */
export class KernelProgram {
  readonly #child: ChildProcess;
  #out = '';
  #err = '';
  readonly #listeners = new Set<() => void>();
  /** Fulfilled when it has ended. */
  readonly done: Promise<Outcome>;
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#out += text;
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#err += text;
      this.#changed();
    });
    this.done = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => {
        this.#over = true;
        this.#changed();
        resolve({ status, out: this.#out, err: this.#err });
      });
    });
  }

  /** Waits until its output (both streams) holds something. @throws Error when it ends without. */
  says(wanted: string | RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = (this.#out + this.#err).match(wanted);
        if (found === null && !this.#over) return;
        this.#listeners.delete(look);
        if (found !== null) resolve(found);
        else reject(new Error(`it ended without saying ${wanted}:\n${this.#out}${this.#err}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Gives it a line on its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Counters of proc_net(5)'s `snmp` that stay 0 while every packet is right. */
const COMPLAINTS = new Set([
  'InHdrErrors',
  'InAddrErrors',
  'InUnknownProtos',
  'ReasmFails',
  'InErrors',
  'InErrs',
  'InCsumErrors',
]);

/** A line of /proc/net/snmp6: `Icmp6InCsumErrors 0`. */
const COUNTER6 = /^([A-Z][A-Za-z]*6)(\w+)\s+(\d+)$/gm;

let made = 0;

/** Bad segments. */
const TCP_ERRORS = 'Tcp InErrs';

/** A network namespace of this computer's kernel, with a name of its own; nothing outside it is touched. */
export class Namespace {
  readonly name: string;

  constructor() {
    this.name = `netarium-${process.pid}-${++made}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    this.sysctl('net.ipv6.conf.all.disable_ipv6', 1);
    this.ip('link set lo up');
  }

  /** ip(8), words parted by spaces. @throws Error with what it says. */
  ip(command: string): string {
    return execFileSync('ip', ['-n', this.name, ...command.split(' ')], { encoding: 'utf8', stdio: 'pipe' });
  }

  sysctl(name: string, value: number | string): void {
    this.run('sh', '-c', `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`);
  }

  /** Runs a command to its end: only what sends nothing to the lab, which stands still meanwhile. */
  run(...argv: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, ...argv], { encoding: 'utf8', stdio: 'pipe' });
  }

  start(...argv: readonly string[]): KernelProgram {
    return new KernelProgram(spawn('ip', ['netns', 'exec', this.name, ...argv]));
  }

  /** A command that is run to its end while the lab goes on. */
  command(...argv: readonly string[]): Promise<Outcome> {
    return this.start(...argv).done;
  }

  /**
   * Sends echo requests until as many were answered. Without a deadline ping(8) gives up the last answer after the
   * interval alone, or twice the longest round trip, in which a busy lab may stand still. @returns the numbers of those answered.
   */
  async ping(count: number, ...argv: readonly string[]): Promise<{ out: string; answered: number[] }> {
    const { out } = await this.command('ping', '-n', '-c', `${count}`, '-i', '0.1', '-w', '50', ...argv);
    return { out, answered: [...out.matchAll(/bytes from .* icmp_seq=(\d+) /g)].map(([, n]) => Number(n)) };
  }

  /** A Python program over the kernel's own sockets. */
  python(program: string, ...argv: readonly string[]): KernelProgram {
    return this.start('/usr/bin/python3', '-uc', PRELUDE + program, ...argv);
  }

  /** The counters of proc_net(5)'s `snmp` and `netstat`, by their names: `Tcp InCsumErrors`. */
  counters(): Record<string, number> {
    const lines = this.run('cat', '/proc/net/snmp', '/proc/net/netstat').trimEnd().split('\n');
    const found: Record<string, number> = {};
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [layer = '', ...names] = (lines[i] ?? '').split(' ');
      const values = (lines[i + 1] ?? '').split(' ').slice(1).map(Number);
      names.forEach((name, k) => {
        found[`${layer.replace(':', '')} ${name}`] = values[k] ?? 0;
      });
    }
    return found;
  }

  /** What the kernel found wrong with packets that came, by the names of its counters: `Tcp InCsumErrors`. */
  complaints(): Record<string, number> {
    const counted = this.counters();
    const found = Object.fromEntries(
      Object.entries(counted).filter(
        ([name, value]) => COMPLAINTS.has(name.split(' ')[1] ?? '') && value !== 0,
      ),
    );
    const challenges = counted['TcpExt TCPSYNChallenge'] ?? 0;
    // A SYN that a cable delivers twice meets a connection, which counts it as an error, too (`tcp_validate_incoming`).
    if ((found[TCP_ERRORS] ?? 0) <= challenges) delete found[TCP_ERRORS];
    const lines6 = existsSync('/proc/net/snmp6') ? this.run('cat', '/proc/net/snmp6') : '';
    for (const [, layer, name = '', value] of lines6.matchAll(COUNTER6)) {
      if (COMPLAINTS.has(name) && value !== '0') found[`${layer} ${name}`] = Number(value);
    }
    return found;
  }

  /** Ends what still runs in it, and removes it. */
  close(): void {
    const pids = execFileSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' });
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

/** What the Python programs below use. */
const PRELUDE = `
import errno, fcntl, hashlib, os, select, socket, struct, sys, time
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
def stream(family=socket.AF_INET): return socket.socket(family, TCP)
def listener(port, receive_buffer=None, family=socket.AF_INET):
    s = stream(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.bind(('', port)); s.listen(); print('listening'); return s
def read_all(s):
    got = bytearray()
    while True:
        data = s.recv(65536)
        if not data: return bytes(got)
        got += data
def digest(data): return hashlib.sha256(data).hexdigest()
def info(s): return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
def attempt(work):
    try: work(); print('no error')
    except OSError as e: print(errno.errorcode[e.errno])
`;

/** Where programs are that ordinary users do not call. */
const SYSTEM = '/usr/sbin:/sbin';

const isThere = (program: string): boolean =>
  `${process.env.PATH ?? ''}:${SYSTEM}`.split(':').some((folder) => existsSync(join(folder, program)));

/**
 * Why tests with a real kernel cannot run here; null where they can. Tests say it in their title.
 * @param programs what they need; where everything has to be tested (CI) one that is missing is an error.
 */
export function whyNoKernel(programs: readonly string[]): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  // CapEff of proc(5): making namespaces and devices takes CAP_SYS_ADMIN (21) and CAP_NET_ADMIN (12).
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const capabilities = BigInt(`0x${effective}`);
  if (((capabilities >> 21n) & (capabilities >> 12n) & 1n) === 0n) return 'it takes root';
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length > 0) {
    if (process.env.CI) throw new Error(`not installed: ${missing.join(', ')}`);
    return `not installed: ${missing.join(', ')}`;
  }
  const name = `netarium-${process.pid}-0`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
  } catch (error) {
    return `network namespaces are refused: ${String((error as { stderr?: Buffer }).stderr).trim()}`;
  }
  return null;
}
