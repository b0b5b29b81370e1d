import { type AsyncListener, type AsyncSocket, type Stack, SystemError } from '@netarium/osi/5-session';

/** The states that the two sides of iperf3 tell each other over the control connection, one byte each. */
const STATE = {
  testStart: 1,
  testRunning: 2,
  testEnd: 4,
  paramExchange: 9,
  createStreams: 10,
  exchangeResults: 13,
  displayResults: 14,
  done: 16,
} as const;

const COOKIE = 37;
const BLOCK = new Uint8Array(128 * 1024).fill(0x55);

/** What one side says at the end of the bytes of each stream. */
interface Results {
  readonly streams: readonly { readonly id: number; readonly bytes: number }[];
}

/** What a test came to: bytes over all streams. */
export interface Totals {
  readonly sent: number;
  readonly received: number;
}

/** As a server of iperf3: one test over TCP, in the direction that the client asks for. */
export async function iperf3Server(listener: AsyncListener): Promise<Totals> {
  const control = await listener.accept();
  const cookie = await exactly(control, COOKIE);
  await tell(control, STATE.paramExchange);
  const parameters = (await readJson(control)) as { parallel?: number; reverse?: boolean };
  await tell(control, STATE.createStreams);
  const streams: AsyncSocket[] = [];
  for (let i = 0; i < (parameters.parallel ?? 1); i++) {
    const stream = await listener.accept();
    if (text(await exactly(stream, COOKIE)) !== text(cookie)) throw new Error('a stream of another test');
    streams.push(stream);
  }
  await tell(control, STATE.testStart);
  await tell(control, STATE.testRunning);
  const reverse = parameters.reverse === true;
  const counts = streams.map(() => 0);
  const traffic = streams.map((stream, i) =>
    reverse ? sendOn(stream, counts, i) : receive(stream, counts, i),
  );
  await expectState(control, STATE.testEnd);
  await tell(control, STATE.exchangeResults);
  const theirs = (await readJson(control)) as Results;
  await writeJson(control, results(counts));
  await tell(control, STATE.displayResults);
  await expectState(control, STATE.done);
  control.close();
  // The client closes its streams, whatever is still on the way.
  await Promise.all(traffic);
  for (const stream of streams) stream.close();
  const other = sum(theirs.streams.map((stream) => stream.bytes));
  return reverse ? { sent: sum(counts), received: other } : { sent: other, received: sum(counts) };
}

export interface ClientOptions {
  readonly address: string;
  readonly port: number;
  readonly streams: number;
  /** How many bytes over all streams. */
  readonly bytes: number;
  /** The server sends. */
  readonly reverse: boolean;
}

/** As a client of iperf3: one test over TCP. */
export async function iperf3Client(stack: Stack, options: ClientOptions): Promise<Totals> {
  const { address, port, reverse } = options;
  const cookie = new TextEncoder().encode(`${'netarium'.repeat(5).slice(0, COOKIE - 1)}\0`);
  const control = await stack.connect({ address, port });
  await control.write(cookie);
  await expectState(control, STATE.paramExchange);
  await writeJson(control, {
    tcp: true,
    omit: 0,
    num: options.bytes,
    parallel: options.streams,
    len: BLOCK.length,
    pacing_timer: 1000,
    client_version: '3.12',
    ...(reverse && { reverse: true }),
  });
  await expectState(control, STATE.createStreams);
  const streams: AsyncSocket[] = [];
  for (let i = 0; i < options.streams; i++) {
    const stream = await stack.connect({ address, port });
    await stream.write(cookie);
    streams.push(stream);
  }
  await expectState(control, STATE.testStart);
  await expectState(control, STATE.testRunning);
  const counts = streams.map(() => 0);
  let rest: Promise<void>[] = [];
  if (reverse) {
    await new Promise<void>((resolve, reject) => {
      const enough = () => {
        if (sum(counts) >= options.bytes) resolve();
      };
      // What the server sends on after that has to be taken, or it never comes to the end.
      rest = streams.map((stream, i) => receive(stream, counts, i, enough));
      Promise.all(rest).then(() => resolve(), reject);
    });
  } else {
    const share = Math.ceil(options.bytes / streams.length);
    await Promise.all(streams.map((stream, i) => sendSome(stream, counts, i, share)));
  }
  await tell(control, STATE.testEnd);
  await expectState(control, STATE.exchangeResults);
  await writeJson(control, results(counts));
  const theirs = (await readJson(control)) as Results;
  await expectState(control, STATE.displayResults);
  await tell(control, STATE.done);
  if (reverse) for (const stream of streams) stream.end();
  await Promise.all(rest);
  for (const stream of streams) stream.close();
  control.close();
  const other = sum(theirs.streams.map((stream) => stream.bytes));
  return reverse ? { sent: other, received: sum(counts) } : { sent: sum(counts), received: other };
}

/** Counts what comes until the stream ends; `arrived` is told of each chunk. */
async function receive(
  stream: AsyncSocket,
  counts: number[],
  i: number,
  arrived?: () => void,
): Promise<void> {
  const into = new Uint8Array(BLOCK.length);
  for (let count = await stream.readInto(into); count !== null; count = await stream.readInto(into)) {
    counts[i] = (counts[i] ?? 0) + count;
    arrived?.();
  }
}

async function sendSome(stream: AsyncSocket, counts: number[], i: number, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= BLOCK.length)
    await stream.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK);
  counts[i] = bytes;
}

/** Sends until the other side closes the stream. */
async function sendOn(stream: AsyncSocket, counts: number[], i: number): Promise<void> {
  try {
    for (;;) {
      await stream.write(BLOCK);
      counts[i] = (counts[i] ?? 0) + BLOCK.length;
    }
  } catch (error) {
    if (!(error instanceof SystemError) || !['ECONNRESET', 'EPIPE'].includes(error.code)) throw error;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** iperf3 numbers its streams 1, 3, 4, 5 … */
const results = (bytes: readonly number[]) => ({
  cpu_util_total: 0,
  cpu_util_user: 0,
  cpu_util_system: 0,
  sender_has_retransmits: 0,
  streams: bytes.map((count, i) => ({
    id: i === 0 ? 1 : i + 2,
    bytes: count,
    retransmits: 0,
    jitter: 0,
    errors: 0,
    packets: 0,
    start_time: 0,
    end_time: 1,
  })),
});

async function exactly(socket: AsyncSocket, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const chunk = await socket.read(length - at);
    if (chunk === null) throw new Error(`the connection ended ${length - at} bytes early`);
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const tell = (control: AsyncSocket, state: number): Promise<void> => control.write(new Uint8Array([state]));

async function expectState(control: AsyncSocket, wanted: number): Promise<void> {
  const [state] = await exactly(control, 1);
  if (state !== wanted) throw new Error(`iperf3 went to state ${state}, expected ${wanted}`);
}

/** JSON behind its length in four bytes. */
async function readJson(control: AsyncSocket): Promise<unknown> {
  const length = new DataView((await exactly(control, 4)).buffer).getUint32(0);
  return JSON.parse(text(await exactly(control, length)));
}

async function writeJson(control: AsyncSocket, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length);
  whole.set(bytes, 4);
  await control.write(whole);
}
