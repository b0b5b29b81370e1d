import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Bell } from './bell.ts';
import { Row } from './row.ts';

/**
 * Words of the shared memory, behind the bell of the machines' thread: each is written by one side only, at its index plus 0
 * for the machines, 1 for the worker.
 */
const POSTED = 16;
/** 1 while a row waits to be read: set by who wrote it, taken away by who has read it. */
const WRITTEN = 18;
/** How many messages through the port were received, or posted, before the row was written. */
const AFTER = 20;
/** 1 while the machines' thread waits for the worker. */
const WAITING = 22;
const HEADER = 2 * Bell.size;

/** Makes a row of a message, and a message of a row. */
export interface Codec<Out, In> {
  /** @returns the values, or undefined for a message that goes through the port. */
  values(message: Out): readonly unknown[] | undefined;
  message(values: readonly unknown[]): In;
  /** @returns what goes through the port for a message that did not become a row, and what is given away with it. */
  posted(message: Out): { message: Out; transfer: ArrayBuffer[] };
  /** One of theirs has come through the port. */
  received(message: In): void;
}

interface DoorbellOptions<Out, In> {
  readonly port: MessagePort;
  /** `Doorbell.size` bytes, all 0. */
  readonly memory: SharedArrayBuffer;
  /** 0 for the machines' thread, 1 for the worker. */
  readonly side: 0 | 1;
  readonly codec: Codec<Out, In>;
  /** What this thread waits for, and what the other does. */
  readonly bell: Bell;
  readonly theirs: Bell;
  /** Whom to leave it to wake the other (see `Bell.ring`). */
  readonly leaving?: () => Bell | undefined;
}

/** What goes through the port when a row was written for someone who does not wait for it. */
const LOOK = 'look';

/**
 * One end of a port whose other end can be waited for without the event loop, which takes several times as long to
 * hand a message over as the kernel of this computer takes to wake a thread: each message is followed by a ring. What
 * is simple enough is written into shared memory and is no message at all. The order is that of posting.
 */
export class Doorbell<Out, In> {
  static readonly size = HEADER + 2 * Row.size;
  readonly #port: MessagePort;
  readonly #words: Int32Array;
  readonly #me: 0 | 1;
  readonly #they: 0 | 1;
  readonly #ours: Row;
  readonly #theirs: Row;
  readonly #codec: Codec<Out, In>;
  readonly #bell: Bell;
  readonly #theirBell: Bell;
  readonly #leaving: (() => Bell | undefined) | undefined;
  #receive: (message: In) => void = () => undefined;
  #posted = 0;
  #received = 0;

  constructor({ port, memory, side, codec, bell, theirs, leaving }: DoorbellOptions<Out, In>) {
    this.#bell = bell;
    this.#theirBell = theirs;
    this.#leaving = leaving;
    this.#port = port;
    this.#words = new Int32Array(memory, 0, HEADER / 4);
    this.#me = side;
    this.#they = side === 0 ? 1 : 0;
    this.#ours = new Row(memory, HEADER + side * Row.size);
    this.#theirs = new Row(memory, HEADER + this.#they * Row.size);
    this.#codec = codec;
  }

  /** How many messages have come through the port. */
  get received(): number {
    return this.#received;
  }

  /** How many messages went through the port. */
  get posted(): number {
    return this.#posted;
  }

  /** Calls `receive` with each message that is not waited for. */
  listen(receive: (message: In) => void): void {
    this.#port.removeAllListeners('message');
    this.#receive = receive;
    this.#port.on('message', (message: In | typeof LOOK) => {
      // A row that was written before this message comes first, one that was written after it next.
      this.#look();
      this.#received++;
      if (message !== LOOK) {
        this.#codec.received(message);
        receive(message);
      }
      this.#look();
    });
  }

  post(message: Out): void {
    const words = this.#words;
    const values = words[WRITTEN + this.#me] === 0 ? this.#codec.values(message) : undefined;
    if (values !== undefined && this.#ours.write(values)) {
      words[AFTER + this.#me] = this.#posted;
      Atomics.store(words, WRITTEN + this.#me, 1);
      if (this.#me === 1 && Atomics.load(words, WAITING) === 0) this.#post(LOOK);
    } else {
      const given = this.#codec.posted(message);
      this.#post(given.message, given.transfer);
    }
    this.#theirBell.ring(this.#leaving?.());
  }

  /** Waits for the next message, at most `milliseconds`. @returns undefined when none came. */
  wait(milliseconds = Number.POSITIVE_INFINITY): In | undefined {
    const words = this.#words;
    if (this.#me === 0) Atomics.store(words, WAITING, 1);
    let message = this.#next();
    while (message === undefined) {
      const rung = this.#bell.rung;
      message = this.#next();
      if (message !== undefined) break;
      if (this.#bell.lookOut(rung)) continue;
      this.#theirBell.rouse();
      if (!this.#bell.sleep(rung, milliseconds)) break;
    }
    if (this.#me === 0) {
      Atomics.store(words, WAITING, 0);
      // Written just before the worker could see that nobody waits any more.
      message ??= this.#next();
      // And what was written behind this message: unless somebody waits again, nobody would look.
      if (message !== undefined && Atomics.load(words, WRITTEN + this.#they) !== 0) {
        setImmediate(() => this.#look());
      }
    }
    return message;
  }

  /** Takes a row that is there. */
  #look(): void {
    const row = this.#row();
    if (row !== undefined) this.#receive(row);
  }

  #post(message: Out | typeof LOOK, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
    Atomics.store(this.#words, POSTED + this.#me, ++this.#posted);
  }

  #next(): In | undefined {
    const row = this.#row();
    if (row !== undefined) return row;
    while (Atomics.load(this.#words, POSTED + this.#they) !== this.#received) {
      const received = receiveMessageOnPort(this.#port) as { message: In | typeof LOOK } | undefined;
      // The port was closed meanwhile.
      if (received === undefined) return undefined;
      this.#received++;
      const { message } = received;
      if (message === LOOK) continue;
      this.#codec.received(message);
      return message;
    }
    return this.#row();
  }

  /** The message of a row, if one is there and what was posted before it has come. */
  #row(): In | undefined {
    const words = this.#words;
    if (Atomics.load(words, WRITTEN + this.#they) === 0) return undefined;
    if ((words[AFTER + this.#they] ?? 0) > this.#received) return undefined;
    const message = this.#codec.message(this.#theirs.read());
    Atomics.store(words, WRITTEN + this.#they, 0);
    return message;
  }
}
