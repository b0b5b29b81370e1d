import { AF_INET, SOCK_STREAM, type Socket, type Stack } from '@netarium/osi/5-session';
import { microseconds, type Simulation, seconds } from '@netarium/osi/time';
import { ERRNO, type FrameSent, type TraceRecord } from '@netarium/osi/trace';
import { describe, expect, test } from 'vitest';
import { twoStacks } from './two-stacks.ts';

const IPPROTO_IP = 0;
const IP_OPTIONS = 4;
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
/** A route with room for nine stations, which is all that there is room for in a header. */
const ROUTE = Uint8Array.from([7, 39, 4, ...new Array<number>(36).fill(0)]);
/** A router alert: nothing answers it. */
const ALERT = Uint8Array.from([148, 4, 0, 0]);
const SIZE = 20_000;
const DATA = new Uint8Array(SIZE).map((_, i) => i & 255);

/** The packets of TCP that a machine has sent. */
const packets = (record: TraceRecord, node: string): Uint8Array[] =>
  record.events
    .filter((event): event is FrameSent => event.kind === 'frame-sent' && event.node === node)
    .map((event) => record.bytes(event))
    .filter((bytes) => bytes[12] === 8 && bytes[13] === 0 && bytes[23] === 6)
    .map((bytes) => bytes.subarray(14));

/** How many bytes of options their headers have. */
const optionLengths = (record: TraceRecord, node: string): number[] => [
  ...new Set(packets(record, node).map((packet) => ((packet[0] ?? 0) & 15) * 4 - 20)),
];

const longest = (record: TraceRecord, node: string): number =>
  Math.max(...packets(record, node).map((packet) => ((packet[2] ?? 0) << 8) | (packet[3] ?? 0)));

const maxSegment = (socket: Socket): number => {
  const value = socket.getOption(IPPROTO_TCP, TCP_MAXSEG, 4);
  return typeof value === 'number' ? value : new DataView(value.buffer, value.byteOffset).getInt32(0, true);
};

function stream(stack: Stack): Socket {
  const socket = stack.socket(AF_INET, SOCK_STREAM, 0);
  if (typeof socket === 'number') throw new Error(`socket: ${socket}`);
  return socket;
}

const at = (address: string) => ({ family: AF_INET, address, port: 80 }) as const;

/** A listener of the server, and a connection of the client that has set options before. */
function connected(options: Uint8Array, listening: Uint8Array | null = null, offload = false) {
  const { sim, client, server, record } = twoStacks(1, { delay: microseconds(50), offload });
  const listener = stream(server);
  listener.bind(at('0.0.0.0'), { privileged: true });
  if (listening !== null) expect(listener.setOption(IPPROTO_IP, IP_OPTIONS, listening)).toBe(0);
  listener.listen(5);
  const socket = stream(client);
  expect(socket.setOption(IPPROTO_IP, IP_OPTIONS, options)).toBe(0);
  expect(socket.connect(at('10.0.0.2'))).toBe(-ERRNO.EINPROGRESS);
  sim.run(sim.now + seconds(0.1));
  const accepted = listener.accept();
  if (typeof accepted === 'number') throw new Error(`accept: ${accepted}`);
  return { sim, record, client, socket, accepted };
}

/** Sends all the data one way. @returns whether it came out at the other end. */
function carry(sim: Simulation, from: Socket, to: Socket): boolean {
  const got: number[] = [];
  const into = new Uint8Array(SIZE);
  for (let sent = 0, rounds = 0; got.length < SIZE && rounds < 100; rounds++) {
    if (sent < SIZE) sent += Math.max(0, from.send(DATA.subarray(sent), 0, null, 0));
    sim.run(sim.now + seconds(0.1));
    const received = to.receive(into, 0);
    if (typeof received !== 'number') got.push(...into.subarray(0, received.length));
  }
  return Buffer.compare(Buffer.from(got), DATA) === 0;
}

describe('a stream with IP_OPTIONS', () => {
  test('has them in every segment, and smaller segments for them', () => {
    const { sim, record, socket, accepted } = connected(ALERT);
    expect([maxSegment(socket), maxSegment(accepted)]).toEqual([1444, 1448]);
    expect(carry(sim, socket, accepted)).toBe(true);
    socket.close();
    sim.run(sim.now + seconds(0.1));
    expect(optionLengths(record, 'client')).toEqual([4]);
    expect(optionLengths(record, 'server')).toEqual([0]);
    expect(longest(record, 'client')).toBe(1500);
  });

  test('is answered with the route so far, in every segment, too (RFC 1122 section 4.2.3.8)', () => {
    const { sim, record, socket, accepted } = connected(ROUTE);
    expect([maxSegment(socket), maxSegment(accepted)]).toEqual([1408, 1408]);
    const answer = accepted.getOption(IPPROTO_IP, IP_OPTIONS, 40);
    // The client, and the server, where it arrived.
    expect(answer).toEqual(
      Uint8Array.from([7, 39, 12, 10, 0, 0, 1, 10, 0, 0, 2, ...new Array<number>(29).fill(0)]),
    );
    expect([carry(sim, socket, accepted), carry(sim, accepted, socket)]).toEqual([true, true]);
    expect([optionLengths(record, 'client'), optionLengths(record, 'server')]).toEqual([[40], [40]]);
    expect([longest(record, 'client'), longest(record, 'server')]).toEqual([1500, 1500]);
  });

  test('is not answered with those of the listener', () => {
    const { record, accepted } = connected(new Uint8Array(0), ALERT);
    expect(accepted.getOption(IPPROTO_IP, IP_OPTIONS, 40)).toEqual(new Uint8Array(0));
    expect(optionLengths(record, 'server')).toEqual([0]);
  });

  test('may get them, and lose them, while it is open', () => {
    const { sim, record, socket, accepted } = connected(new Uint8Array(0));
    expect(maxSegment(socket)).toBe(1448);
    expect(socket.setOption(IPPROTO_IP, IP_OPTIONS, ROUTE)).toBe(0);
    expect(maxSegment(socket)).toBe(1408);
    expect(carry(sim, socket, accepted)).toBe(true);
    expect(longest(record, 'client')).toBe(1500);
    expect(socket.setOption(IPPROTO_IP, IP_OPTIONS, new Uint8Array(0))).toBe(0);
    expect(maxSegment(socket)).toBe(1448);
    expect(carry(sim, accepted, socket)).toBe(true);
    expect(optionLengths(record, 'client')).toEqual([0, 40]);
  });

  test('makes its own segments on a cable with offload', () => {
    const { sim, record, socket, accepted } = connected(ALERT, null, true);
    expect(carry(sim, socket, accepted)).toBe(true);
    expect(longest(record, 'client')).toBe(1500);
  });

  test('is reset with them where nobody listens', () => {
    const { sim, client, record } = twoStacks(1, { delay: microseconds(50) });
    const socket = stream(client);
    socket.setOption(IPPROTO_IP, IP_OPTIONS, ROUTE);
    socket.connect(at('10.0.0.2'));
    sim.run(sim.now + seconds(0.1));
    expect(socket.connect(at('10.0.0.2'))).toBe(-ERRNO.ECONNREFUSED);
    expect(optionLengths(record, 'server')).toEqual([40]);
  });
});
