import type { FileChange, ProcessEvents, Program, RunningProcess, SystemCallName } from '@netarium/machine';
import { ERRNO, type SourceLocation } from '@netarium/osi/trace';

/**
 * A network of machines with just enough kernel to run a Python process on its own: bytes go from socket to socket
 * without a stack between. What it answers is Linux's. Time is virtual: each system call takes a microsecond.
 */

const S_IFCHR = 0o020620;
const S_IFIFO = 0o010600;
const O_NONBLOCK = 0o4000;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const POLL = { in: 1, out: 4, err: 8, hup: 16, nval: 32 };
const BUFFER = 128 * 1024;
const SECOND = 1e9;

type Address = { family: 2; address: string; port: number };
/** The result of a call, or undefined while it has to wait. */
type Attempt = () => unknown;

export interface RecordedCall {
  readonly time: number;
  readonly name: SystemCallName;
  readonly args: readonly unknown[];
  readonly where: SourceLocation | undefined;
}

class FakeSocket {
  readonly machine: FakeMachine;
  readonly type: number;
  flags = 0;
  local: Address = { family: 2, address: '0.0.0.0', port: 0 };
  remote: Address | null = null;
  peer: FakeSocket | null = null;
  backlog: FakeSocket[] | null = null;
  readonly received: { data: Uint8Array; from: Address }[] = [];
  ended = false;
  reset = false;
  shut = false;
  connecting = false;
  readonly options = new Map<string, number>();

  constructor(machine: FakeMachine, type: number) {
    this.machine = machine;
    this.type = type;
  }

  get queued(): number {
    return this.received.reduce((sum, { data }) => sum + data.length, 0);
  }

  poll(): number {
    if (this.backlog !== null) return this.backlog.length > 0 ? POLL.in : 0;
    let ready = this.received.length > 0 || this.ended ? POLL.in : 0;
    if (this.type === 2) return ready | POLL.out;
    if (this.reset) ready |= POLL.err | POLL.in;
    if (this.connecting) return 0;
    if (this.peer === null && !this.ended) return ready | POLL.hup | POLL.out;
    if (this.peer !== null && this.peer.queued < BUFFER) ready |= POLL.out;
    return ready;
  }
}

export class FakeNetwork {
  time = 0;
  readonly machines: FakeMachine[] = [];
  readonly processes: FakeProcess[] = [];
  readonly #timers: { time: number; run: () => void }[] = [];
  readonly #resume: (() => void)[] = [];

  machine(name: string, address: string): FakeMachine {
    const machine = new FakeMachine(this, name, address);
    this.machines.push(machine);
    return machine;
  }

  at(time: number, run: () => void): void {
    this.#timers.push({ time, run });
    this.#timers.sort((a, b) => a.time - b.time);
  }

  later(duration: number, run: () => void): void {
    this.at(this.time + duration, run);
  }

  /** A process goes on when all others rest. */
  resume(run: () => void): void {
    this.#resume.push(run);
  }

  /** Runs until every process waits for something that only the outside can bring, or until `done()`. */
  async run(done: () => boolean = () => false): Promise<void> {
    for (;;) {
      await Promise.all(this.processes.map((process) => process.atRest));
      if (done()) return;
      const next = this.#resume.shift();
      if (next !== undefined) {
        next();
        continue;
      }
      const timer = this.#timers.shift();
      if (timer === undefined) return;
      this.time = Math.max(this.time, timer.time);
      timer.run();
    }
  }

  /** Something changed: calls that wait look again. */
  changed(): void {
    for (const process of this.processes) process.retry();
  }

  find(address: string): FakeMachine | undefined {
    return this.machines.find((machine) => machine.address === address);
  }
}

export class FakeMachine {
  readonly network: FakeNetwork;
  readonly name: string;
  readonly address: string;
  readonly files = new Map<string, Uint8Array>();
  readonly sockets: FakeSocket[] = [];
  #ports = 32768;
  #pids = 100;

  constructor(network: FakeNetwork, name: string, address: string) {
    this.network = network;
    this.name = name;
    this.address = address;
    this.write('/etc/hosts', '127.0.0.1 localhost\n10.0.0.1 server server.example\n10.0.0.2 client\n');
  }

  write(path: string, text: string | Uint8Array): this {
    this.files.set(path, typeof text === 'string' ? new TextEncoder().encode(text) : text);
    return this;
  }

  read(path: string): string | undefined {
    const data = this.files.get(path);
    return data && new TextDecoder().decode(data);
  }

  spawn(program: Program, argv: string[], options: SpawnOptions = {}): FakeProcess {
    const process = new FakeProcess(this, this.nextPid(), argv, options);
    this.network.processes.push(process);
    process.begin();
    program.start(process);
    return process;
  }

  nextPid(): number {
    return ++this.#pids;
  }

  owns(address: string): boolean {
    return address === this.address || address === '0.0.0.0' || address.startsWith('127.');
  }

  port(): number {
    return ++this.#ports;
  }

  bound(type: number, port: number): FakeSocket | undefined {
    return this.sockets.find(
      (socket) => socket.type === type && socket.local.port === port && socket.remote === null,
    );
  }
}

export interface SpawnOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly seed?: number;
  readonly terminal?: boolean;
}

export class FakeProcess implements RunningProcess {
  readonly machine: FakeMachine;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly hostname: string;
  readonly user = { uid: 1000, gid: 1000 };
  readonly parent = null;
  readonly seed: number;
  readonly terminal: boolean;
  readonly limits = { all: [] };
  events: ProcessEvents = {};
  /** Everything written to standard output and standard error. */
  output = '';
  errors = '';
  status: number | undefined;
  readonly calls: RecordedCall[] = [];
  atRest: Promise<void> = Promise.resolve();
  #rest: () => void = () => undefined;
  readonly #descriptors = new Map<number, FakeSocket>();
  readonly #waiting = new Map<number, { attempt: Attempt; finish: (result: unknown) => void }>();
  readonly #sleeping = new Map<number, () => void>();
  #numbers = 0;
  #input: Uint8Array[] = [];
  #inputEnded = false;
  readonly #decoders = [new TextDecoder(), new TextDecoder()];

  constructor(machine: FakeMachine, pid: number, argv: string[], options: SpawnOptions) {
    this.machine = machine;
    this.pid = pid;
    this.argv = argv;
    this.env = options.env ?? { HOME: '/home/student', PATH: '/usr/bin', LANG: 'C.UTF-8' };
    this.cwd = options.cwd ?? '/home/student';
    this.hostname = machine.name;
    this.seed = options.seed ?? 1;
    this.terminal = options.terminal ?? true;
  }

  begin(): void {
    this.atRest = new Promise((resolve) => {
      this.#rest = resolve;
    });
  }

  quiescent(): void {
    this.#rest();
  }

  inherited(): [] {
    return [];
  }

  keepTime(): void {}

  computed(): void {}

  endedBy(signal: number): void {
    this.exited(128 + signal);
  }

  exited(status: number): void {
    this.status = status;
    for (const fd of [...this.#descriptors.keys()]) this.#close(fd);
    this.#waiting.clear();
    this.#rest();
  }

  files(): FileChange[] {
    const changes: FileChange[] = [{ op: 'mkdir', path: '/home/student', mode: 0o755 }];
    for (const [path, data] of this.machine.files) changes.push({ op: 'write', path, data, mode: 0o644 });
    return changes;
  }

  filesChanged(changes: readonly FileChange[]): void {
    const { files, network } = this.machine;
    for (const change of changes) {
      if (change.op === 'write') files.set(change.path, change.data);
      else if (change.op === 'patch') {
        const before = files.get(change.path) ?? new Uint8Array(0);
        const after = new Uint8Array(Math.max(before.length, change.at + change.data.length));
        after.set(before);
        after.set(change.data, change.at);
        files.set(change.path, after);
      } else if (change.op === 'unlink') files.delete(change.path);
      else if (change.op === 'rename') {
        const data = files.get(change.from);
        files.delete(change.from);
        if (data) files.set(change.to, data);
      }
    }
    for (const process of network.processes)
      if (process !== this && process.machine === this.machine && process.status === undefined)
        process.events.filesChanged?.(changes);
  }

  /** A line typed at the terminal; null is Ctrl-D. */
  type(text: string | null): void {
    if (text === null) this.#inputEnded = true;
    else this.#input.push(new TextEncoder().encode(text));
    this.machine.network.changed();
  }

  signal(signal: number): void {
    this.begin();
    this.events.signal?.(signal);
  }

  kill(): void {
    this.events.killed?.();
    this.exited(137);
  }

  /** The call that the process waits in. */
  get waitsIn(): string | undefined {
    return this.#waiting.size > 0 ? this.calls.at(-1)?.name : undefined;
  }

  call(
    _tid: number,
    name: SystemCallName,
    args: readonly unknown[],
    where: SourceLocation | undefined,
    done: (result: never) => void,
  ): number {
    const number = ++this.#numbers;
    const { network } = this.machine;
    this.calls.push({ time: network.time, name, args, where });
    const finish = (result: unknown) => {
      this.#waiting.delete(number);
      network.later(1000, () => {
        if (this.status !== undefined) return;
        network.resume(() => {
          if (this.status !== undefined) return;
          this.begin();
          done(result as never);
        });
      });
    };
    const handler = (this as unknown as Record<string, (...args: never[]) => unknown>)[`do_${name}`];
    const result = handler ? handler.apply(this, args as never[]) : -ERRNO.ENOSYS;
    if (typeof result !== 'function') finish(result);
    else {
      this.#waiting.set(number, { attempt: result as Attempt, finish });
      this.retry();
    }
    return number;
  }

  borrow(): void {}

  interrupt(call: number): boolean {
    const waiting = this.#waiting.get(call);
    waiting?.finish(-ERRNO.EINTR);
    return waiting !== undefined;
  }

  retry(): void {
    for (const { attempt, finish } of [...this.#waiting.values()]) {
      const result = attempt();
      if (result !== undefined) finish(result);
    }
  }

  // ---- system calls: a result, or an attempt that is made again until it has one ----------------

  do_fstat(fd: number) {
    return fd > 2
      ? -ERRNO.EBADF
      : { ino: fd, mode: this.terminal ? S_IFCHR : S_IFIFO, uid: 0, gid: 0, size: 0, mtime: 0 };
  }

  do_ioctl(fd: number, request: number) {
    if (!this.terminal || fd > 2) return -ERRNO.ENOTTY;
    return request === 0x5401
      ? { iflag: 0o400, oflag: 5, cflag: 0o277, lflag: 0o13, cc: [3, 28, 127] }
      : { rows: 24, columns: 80 };
  }

  do_clock_gettime(clock: number) {
    return this.machine.network.time + (clock === 0 ? 1_700_000_000 * SECOND : 0);
  }

  do_nanosleep(duration: number): Attempt {
    const until = this.machine.network.time + duration;
    this.machine.network.at(until, () => this.machine.network.changed());
    return () => (this.machine.network.time >= until ? 0 : undefined);
  }

  do_clone(): number {
    return this.machine.nextPid();
  }

  do_exit(): number {
    return 0;
  }

  /** Waits (128), or wakes the one who waits there. */
  do_futex(address: number, operation: number): unknown {
    if (operation !== 128) {
      this.#sleeping.get(address)?.();
      this.machine.network.changed();
      return 1;
    }
    let woken = false;
    this.#sleeping.set(address, () => {
      woken = true;
    });
    return () => (woken ? 0 : undefined);
  }

  do_uname() {
    return { sysname: 'Linux', nodename: this.hostname, release: '6.12.0', version: '#1', machine: 'x86_64' };
  }

  do_write(fd: number, data: Uint8Array): unknown {
    if (this.#descriptors.has(fd)) return this.do_sendto(fd, data, 0, null);
    const text = this.#decoders[fd - 1]?.decode(data, { stream: true });
    if (text === undefined) return -ERRNO.EBADF;
    if (fd === 1) this.output += text;
    else this.errors += text;
    return data.length;
  }

  do_read(fd: number, length: number): unknown {
    if (this.#descriptors.has(fd)) {
      const attempt = this.do_recvfrom(fd, length, 0);
      return typeof attempt === 'function' ? () => dataOf(attempt()) : dataOf(attempt);
    }
    return () => {
      const line = this.#input.shift();
      if (line === undefined) return this.#inputEnded ? new Uint8Array() : undefined;
      if (line.length > length) this.#input.unshift(line.subarray(length));
      return line.subarray(0, length);
    };
  }

  do_socket(domain: number, type: number): number {
    if (domain !== 2) return -ERRNO.EAFNOSUPPORT;
    const socket = new FakeSocket(this.machine, type & 0xf);
    if (type & O_NONBLOCK) socket.flags = O_NONBLOCK;
    return this.#open(socket);
  }

  do_fcntl(fd: number, command: number, argument: number): number {
    const socket = this.#descriptors.get(fd);
    if (!socket) return -ERRNO.EBADF;
    if (command !== 4) return socket.flags;
    socket.flags = argument;
    return 0;
  }

  do_bind(fd: number, address: Address): number {
    const socket = this.#socket(fd);
    if (!this.machine.owns(address.address)) return -ERRNO.EADDRNOTAVAIL;
    if (address.port !== 0 && address.port < 1024) return -ERRNO.EACCES;
    if (this.machine.bound(socket.type, address.port)) return -ERRNO.EADDRINUSE;
    socket.local = { ...address, port: address.port || this.machine.port() };
    this.machine.sockets.push(socket);
    return 0;
  }

  do_listen(fd: number): number {
    this.#socket(fd).backlog ??= [];
    return 0;
  }

  do_accept4(fd: number, flags: number): unknown {
    const socket = this.#socket(fd);
    const attempt = () => {
      const accepted = socket.backlog?.shift();
      if (accepted === undefined) return undefined;
      accepted.flags = flags & O_NONBLOCK;
      return { fd: this.#open(accepted), address: accepted.remote };
    };
    return this.#orAgain(socket, attempt, 0);
  }

  do_connect(fd: number, address: Address): unknown {
    const socket = this.#socket(fd);
    if (socket.type === 2) {
      socket.remote = address;
      return 0;
    }
    const { network } = this.machine;
    const target = address.address.startsWith('127.') ? this.machine : network.find(address.address);
    const attempted = socket.options.get('outcome');
    if (attempted !== undefined) return attempted === 0 ? -ERRNO.EISCONN : -attempted;
    socket.connecting = true;
    const conclude = (errno: number) => {
      socket.connecting = false;
      socket.options.set('outcome', errno);
      socket.options.set('1/4', errno);
      socket.reset = errno !== 0;
      network.changed();
    };
    if (target === undefined) network.later(127 * SECOND, () => conclude(ERRNO.ETIMEDOUT));
    else
      network.later(1e6, () => {
        const listener = target.bound(1, address.port);
        if (!listener?.backlog) return conclude(ERRNO.ECONNREFUSED);
        const accepted = new FakeSocket(target, 1);
        socket.local = { family: 2, address: this.machine.address, port: this.machine.port() };
        socket.remote = address;
        accepted.local = { family: 2, address: target.address, port: address.port };
        accepted.remote = socket.local;
        accepted.peer = socket;
        socket.peer = accepted;
        listener.backlog.push(accepted);
        conclude(0);
      });
    if (socket.flags & O_NONBLOCK) return -ERRNO.EINPROGRESS;
    return () => {
      const outcome = socket.options.get('outcome');
      return outcome === undefined ? undefined : -outcome;
    };
  }

  do_sendto(fd: number, data: Uint8Array, flags: number, address: Address | null): unknown {
    const socket = this.#socket(fd);
    if (socket.type === 2) return this.#sendDatagram(socket, data, address ?? socket.remote);
    let sent = 0;
    return this.#orAgain(
      socket,
      () => {
        if (socket.reset) return -ERRNO.ECONNRESET;
        if (socket.shut || (socket.remote && socket.peer === null)) return -ERRNO.EPIPE;
        const { peer } = socket;
        if (peer === null) return -ERRNO.ENOTCONN;
        const room = Math.min(BUFFER - peer.queued, data.length - sent);
        if (room > 0) {
          peer.received.push({ data: data.slice(sent, sent + room), from: socket.local });
          sent += room;
          queueMicrotask(() => this.machine.network.changed());
        }
        if (sent === data.length) return sent;
        return socket.flags & O_NONBLOCK && sent > 0 ? sent : undefined;
      },
      flags,
    );
  }

  do_sendmsg(fd: number, data: Uint8Array, flags: number, address: Address | null): unknown {
    return this.do_sendto(fd, data, flags, address);
  }

  do_recvmsg(fd: number, length: number, flags: number): unknown {
    return this.do_recvfrom(fd, length, flags);
  }

  do_recvfrom(fd: number, length: number, flags: number): unknown {
    const socket = this.#socket(fd);
    return this.#orAgain(
      socket,
      () => {
        if (socket.reset) return -ERRNO.ECONNRESET;
        const first = socket.received[0];
        if (socket.type === 2) {
          if (first === undefined) return undefined;
          if ((flags & MSG_PEEK) === 0) socket.received.shift();
          const truncated = first.data.length > length;
          return { data: first.data.subarray(0, length), address: first.from, truncated };
        }
        if (first === undefined) {
          if (socket.ended) return { data: new Uint8Array(), address: null, truncated: false };
          return socket.peer === null ? -ERRNO.ENOTCONN : undefined;
        }
        const data = first.data.subarray(0, length);
        if ((flags & MSG_PEEK) === 0) {
          if (data.length === first.data.length) socket.received.shift();
          else first.data = first.data.subarray(length);
          queueMicrotask(() => this.machine.network.changed());
        }
        return { data: data.slice(), address: null, truncated: false };
      },
      flags,
    );
  }

  do_shutdown(fd: number, how: number): number {
    const socket = this.#socket(fd);
    if (socket.peer === null) return -ERRNO.ENOTCONN;
    if (how > 0) this.#end(socket);
    return 0;
  }

  do_getsockname(fd: number) {
    return this.#socket(fd).local;
  }

  do_getpeername(fd: number) {
    return this.#socket(fd).remote ?? -ERRNO.ENOTCONN;
  }

  do_getsockopt(fd: number, level: number, name: number) {
    const { options } = this.#socket(fd);
    const value = options.get(`${level}/${name}`) ?? 0;
    if (level === 1 && name === 4) options.delete('1/4');
    return new Uint8Array(Int32Array.of(value).buffer);
  }

  do_setsockopt(fd: number, level: number, name: number, value: Uint8Array): number {
    if (level === 99) return -ERRNO.ENOPROTOOPT;
    this.#socket(fd).options.set(`${level}/${name}`, new DataView(value.buffer).getInt32(0, true));
    return 0;
  }

  do_poll(entries: { fd: number; events: number }[], timeout: number): unknown {
    const { network } = this.machine;
    const until = network.time + timeout;
    if (timeout > 0) network.at(until, () => network.changed());
    return () => {
      const found = entries.map(({ fd, events }) => {
        const socket = this.#descriptors.get(fd);
        const ready = socket
          ? socket.poll()
          : fd > 2
            ? POLL.nval
            : this.#input.length > 0
              ? POLL.in
              : POLL.out;
        return ready & (events | POLL.err | POLL.hup | POLL.nval);
      });
      return found.some(Boolean) || (timeout >= 0 && network.time >= until) ? found : undefined;
    };
  }

  do_close(fd: number): number {
    return this.#close(fd) ? 0 : -ERRNO.EBADF;
  }

  // ---- ------------------------------------------------------------------------------------------

  #open(socket: FakeSocket): number {
    let fd = 3;
    while (this.#descriptors.has(fd)) fd++;
    this.#descriptors.set(fd, socket);
    return fd;
  }

  #socket(fd: number): FakeSocket {
    const socket = this.#descriptors.get(fd);
    if (socket === undefined) throw new Error(`${fd} is no socket`);
    return socket;
  }

  #orAgain(socket: FakeSocket, attempt: Attempt, flags: number): unknown {
    const result = attempt();
    if (result !== undefined) return result;
    return socket.flags & O_NONBLOCK || flags & MSG_DONTWAIT ? -ERRNO.EAGAIN : attempt;
  }

  #sendDatagram(socket: FakeSocket, data: Uint8Array, to: Address | null): number {
    if (to === null) return -ERRNO.EDESTADDRREQ;
    if (data.length > 65507) return -ERRNO.EMSGSIZE;
    if (socket.local.port === 0) this.do_bindEphemeral(socket);
    const { network } = this.machine;
    const target = to.address.startsWith('127.') ? this.machine : network.find(to.address);
    target
      ?.bound(2, to.port)
      ?.received.push({ data, from: { ...socket.local, address: this.machine.address } });
    queueMicrotask(() => network.changed());
    return data.length;
  }

  do_bindEphemeral(socket: FakeSocket): void {
    socket.local = { family: 2, address: '0.0.0.0', port: this.machine.port() };
    this.machine.sockets.push(socket);
  }

  #end(socket: FakeSocket): void {
    socket.shut = true;
    if (socket.peer) socket.peer.ended = true;
    queueMicrotask(() => this.machine.network.changed());
  }

  #close(fd: number): boolean {
    const socket = this.#descriptors.get(fd);
    if (socket === undefined) return false;
    this.#descriptors.delete(fd);
    const { sockets } = this.machine;
    if (sockets.includes(socket)) sockets.splice(sockets.indexOf(socket), 1);
    if (socket.peer) {
      this.#end(socket);
      socket.peer.peer = null;
    }
    return true;
  }
}

function dataOf(result: unknown): unknown {
  return typeof result === 'object' && result !== null ? (result as { data: Uint8Array }).data : result;
}
