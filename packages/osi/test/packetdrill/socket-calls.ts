import { icmpv6Codec, PROTOCOL_ICMP } from '../../src/3-network/index.ts';
import {
  AF_UNSPEC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_TRUNC,
  MSG_WAITALL,
  type Received,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
  type SocketAddress,
} from '../../src/5-session/index.ts';
import { ERRNO } from '../../src/trace/index.ts';
import type { Arguments, Call, SocketDescriptor } from './calls.ts';
import { type Control, controlDifference, controlMessages } from './control-messages.ts';
import { bracketed, field, integer, vectorLength } from './evaluate.ts';
import { getOption, setOption } from './option-calls.ts';
import { Mismatch, Unsupported } from './problems.ts';
import { domainOf, socketAddress } from './settings.ts';

const SOCK_NONBLOCK = 0o4000;
const O_NONBLOCK = 0o4000;
const O_RDWR = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FIONREAD = 0x541b;

type Prepare = (args: Arguments) => Call;

const now = (result: number): Call => ({ attempt: () => result });

const bindAddress = ({ program: { settings } }: Arguments): SocketAddress =>
  socketAddress(settings, settings.localAddress, settings.bindPort);

const peerAddress = ({ program: { settings } }: Arguments): SocketAddress =>
  socketAddress(settings, settings.remoteAddress, settings.connectPort);

function openSocket(args: Arguments): Call {
  const { program, line, expected } = args;
  const usual = domainOf(program.settings);
  const domain = args.at(0)?.kind === 'ellipsis' ? usual : args.integer(0);
  if (domain !== usual) throw new Unsupported(line, 'sockets of another family than the packets');
  const type = args.integer(1);
  const socket = program.stack.socket(domain, type, args.integer(2));
  if (typeof socket === 'number') return now(socket);
  const kind = type & SOCK_TYPE_MASK;
  const protocol =
    kind === SOCK_STREAM
      ? 'tcp'
      : socket.protocol === PROTOCOL_ICMP || socket.protocol === icmpv6Codec.PROTOCOL_ICMPV6
        ? 'icmp'
        : 'udp';
  const subject = program.begin(protocol, socket);
  enter(args, expected, { kind: 'socket', socket, subject, nonBlocking: (type & SOCK_NONBLOCK) !== 0 });
  return now(expected);
}

/** Makes a descriptor known under the number that the script gives it. */
function enter(args: Arguments, fd: number, descriptor: SocketDescriptor): void {
  if (args.program.descriptors.has(fd)) throw new Mismatch(args.line, `the descriptor ${fd} is open already`);
  if (fd >= 0) args.program.descriptors.set(fd, descriptor);
}

function bind(args: Arguments): Call {
  return now(args.socket(0).socket.bind(bindAddress(args), { privileged: true }));
}

function listen(args: Arguments): Call {
  const { socket, subject } = args.socket(0);
  subject.stage = 'listening';
  return now(socket.listen(args.integer(1)));
}

function accept(args: Arguments): Call {
  const { program, line, expected } = args;
  const { socket, nonBlocking } = args.socket(0);
  const attempt = () => {
    const accepted = socket.accept();
    if (typeof accepted === 'number') return accepted === -ERRNO.EAGAIN && !nonBlocking ? null : accepted;
    const peer = accepted.remoteAddress(true);
    const port = typeof peer === 'number' ? 0 : peer.port;
    const subject = program.subjects.find(
      ({ stage, remote }) => (stage === 'answered' || stage === 'open') && remote.port === port,
    );
    if (subject === undefined)
      throw new Mismatch(line, `accept() gave a connection that the script does not know, from port ${port}`);
    subject.socket = accepted;
    // As in packetdrill, a number that is still open stands for the newer one from now on.
    if (args.integer(0) !== expected) program.descriptors.delete(expected);
    enter(args, expected, { kind: 'socket', socket: accepted, subject, nonBlocking: false });
    return Math.max(0, expected);
  };
  return { attempt, watch: [socket], ...patience(socket.receiveTimeout) };
}

const patience = (duration: number): Pick<Call, 'patience' | 'late'> =>
  duration === 0 ? {} : { patience: duration, late: -ERRNO.EAGAIN };

function connect(args: Arguments): Call {
  const { socket, subject, nonBlocking } = args.socket(0);
  if (args.at(1)?.kind !== 'ellipsis') {
    if (args.integer(1) !== AF_UNSPEC) throw new Unsupported(args.line, 'connecting to other families');
    subject.stage = 'new';
    return now(socket.connect({ family: AF_UNSPEC }));
  }
  const address = peerAddress(args);
  if (subject.stage === 'new') subject.connecting();
  const attempt = () => {
    const result = socket.connect(address);
    const pending = result === -ERRNO.EINPROGRESS || result === -ERRNO.EALREADY;
    return pending && !nonBlocking ? null : result;
  };
  return { attempt, watch: [socket], ...patience(socket.sendTimeout), late: -ERRNO.EINPROGRESS };
}

interface Sending {
  readonly length: number;
  readonly flags: number;
  readonly to?: SocketAddress;
  /** NULL was given for the buffer. */
  readonly nowhere?: boolean;
}

function send(args: Arguments, { length, flags, to, nowhere }: Sending): Call {
  const { socket, subject, nonBlocking } = args.socket(0);
  if (to !== undefined && subject.stage === 'new') subject.connecting();
  const waits = !nonBlocking && (flags & MSG_DONTWAIT) === 0;
  const bytes = new Uint8Array(length);
  const how = waits ? flags : flags | MSG_DONTWAIT;
  let sent = 0;
  const attempt = () => {
    if (nowhere === true && length > 0) return -ERRNO.EFAULT;
    for (;;) {
      const rest = sent === 0 ? bytes : bytes.subarray(sent);
      // What follows the first piece is no new attempt to connect.
      const result = socket.send(rest, sent === 0 ? how : how & ~MSG_FASTOPEN, to ?? null, 0);
      if (result < 0) {
        if (result === -ERRNO.EAGAIN && waits) return null;
        return sent > 0 ? sent : result;
      }
      sent += result;
      if (sent >= length) return sent;
    }
  };
  return { attempt, watch: [socket], ...patience(socket.sendTimeout) };
}

interface Receiving {
  readonly length: number;
  readonly flags: number;
  readonly nowhere?: boolean;
}

function receive(
  args: Arguments,
  { length, flags, nowhere }: Receiving,
  took: (received: Received) => void = () => {},
): Call {
  const { socket, nonBlocking } = args.socket(0);
  const waits = !nonBlocking && (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) === 0;
  const into = new Uint8Array(length);
  let got = 0;
  const attempt = () => {
    if (nowhere === true && length > 0 && socket.readable > 0) return -ERRNO.EFAULT;
    for (;;) {
      const result = socket.receive(into.subarray(got), flags);
      if (typeof result === 'number') {
        if (result === -ERRNO.EAGAIN && waits) return null;
        return got > 0 ? got : result;
      }
      took(result);
      got += result.length;
      if (socket.type === SOCK_DGRAM && (flags & MSG_TRUNC) !== 0) return result.whole;
      if ((flags & MSG_WAITALL) === 0 || got >= length || result.length === 0) return got;
    }
  };
  return { attempt, watch: [socket], ...patience(socket.receiveTimeout) };
}

function sendMessage(args: Arguments): Call {
  const message = args.at(1);
  const control = field(message, 'msg_control');
  if (control?.kind === 'list' && control.items.length > 0)
    throw new Unsupported(args.line, 'control messages of sendmsg()');
  const length = vectorLength(field(message, 'msg_iov'), args.line);
  const named = field(message, 'msg_name')?.kind === 'ellipsis';
  return send(args, { length, flags: args.flags(2), ...(named && { to: peerAddress(args) }) });
}

function receiveMessage(args: Arguments): Call {
  const message = args.at(1);
  const length = vectorLength(field(message, 'msg_iov'), args.line);
  let flags = 0;
  let got: Control[] = [];
  const call = receive(args, { length, flags: args.flags(2) }, (received) => {
    flags |= (received.flags ?? 0) | (received.truncated ? MSG_TRUNC : 0);
    got = controlMessages(received, args.socket(0).socket.domain);
  });
  const check = () => {
    if (args.expected < 0) return null;
    const expected = integer(field(message, 'msg_flags'), args.line);
    if (flags !== expected)
      return `msg_flags: expected 0x${expected.toString(16)}, got 0x${flags.toString(16)}`;
    return controlDifference(field(message, 'msg_control'), got, args.line);
  };
  return { ...call, check };
}

/** `fcntl` knows whether calls may wait, and nothing else. */
function fcntl(args: Arguments): Call {
  const descriptor = args.socket(0);
  switch (args.integer(1)) {
    case F_GETFL:
      return now(O_RDWR | (descriptor.nonBlocking ? O_NONBLOCK : 0));
    case F_SETFL:
      descriptor.nonBlocking = (args.integer(2) & O_NONBLOCK) !== 0;
      return now(0);
    default:
      throw new Unsupported(args.line, 'other commands of fcntl() than F_GETFL and F_SETFL');
  }
}

function ioctl(args: Arguments): Call {
  const { socket } = args.socket(0);
  if (args.integer(1) !== FIONREAD)
    throw new Unsupported(args.line, 'other requests of ioctl() than SIOCINQ');
  const { readable } = socket;
  return {
    attempt: () => 0,
    check: () => {
      const expected = bracketed(args.at(2), args.line);
      return readable === expected ? null : `SIOCINQ: expected ${expected}, got ${readable}`;
    },
  };
}

function close(args: Arguments): Call {
  const fd = args.integer(0);
  const descriptor = args.descriptor(0);
  args.program.descriptors.delete(fd);
  if (descriptor.kind === 'socket') {
    for (const other of args.program.descriptors.values()) if (other.kind === 'epoll') other.remove(fd);
    descriptor.subject.socket = null;
    descriptor.socket.close();
  }
  return now(0);
}

const shutdown: Prepare = (args) => now(args.socket(0).socket.shutdown(args.integer(1)));

/** By packetdrill's names of them. */
export const SOCKET_CALLS: Record<string, Prepare> = {
  socket: openSocket,
  bind,
  listen,
  accept,
  connect,
  shutdown,
  close,
  fcntl,
  ioctl,
  getsockopt: getOption,
  setsockopt: setOption,
  write: (args) => send(args, { length: args.integer(2), flags: 0, nowhere: args.isNull(1) }),
  send: (args) => send(args, { length: args.integer(2), flags: args.flags(3), nowhere: args.isNull(1) }),
  sendto: (args) => {
    // Another family is written in place of the address, whose bytes then say nothing.
    const peer = peerAddress(args);
    const family = args.at(4)?.kind === 'ellipsis' ? peer.family : args.integer(4);
    const to = { ...peer, family } as SocketAddress;
    return send(args, { length: args.integer(2), flags: args.flags(3), to, nowhere: args.isNull(1) });
  },
  writev: (args) => send(args, { length: vectorLength(args.at(1), args.line), flags: 0 }),
  sendmsg: sendMessage,
  read: (args) => receive(args, { length: args.integer(2), flags: 0, nowhere: args.isNull(1) }),
  recv: (args) => receive(args, { length: args.integer(2), flags: args.flags(3), nowhere: args.isNull(1) }),
  recvfrom: (args) =>
    receive(args, { length: args.integer(2), flags: args.flags(3), nowhere: args.isNull(1) }),
  readv: (args) => receive(args, { length: vectorLength(args.at(1), args.line), flags: 0 }),
  recvmsg: receiveMessage,
};
