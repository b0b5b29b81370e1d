const FIRST_CHUNK = 4096;
const LARGEST_CHUNK = 256 * 1024;
/** Numbers up to here are written as varints; others as they are in memory. */
const LARGEST_VARINT = 2 ** 50;
/** Those below stay 32-bit integers on the way. */
const LARGEST_SMALL = 2 ** 29;

/** So many chunks at most are kept for logs to come. */
const MOST_KEPT = 64;

/** Chunks that nobody writes to or reads any more: memory that was touched before is cheaper than new one (`RecordMemory`). */
const spare: Uint8Array[] = [];

function giveUp(chunk: Uint8Array): void {
  if (chunk.length === LARGEST_CHUNK && spare.length < MOST_KEPT) spare.push(chunk);
}

/**
 * Numbers, written one behind the other in as few bytes as they take, and read again in that order. Memory that has been
 * read is given up.
 *
 * Written in records: `begin` says that up to `room` bytes follow, which stay together, and none begins with a 0.
 */
export class ByteLog {
  readonly #chunks: Uint8Array[] = [];
  #into: Uint8Array = new Uint8Array(0);
  #used = 0;
  #from: Uint8Array = new Uint8Array(0);
  #read = 0;

  begin(room: number): void {
    if (this.#used + room <= this.#into.length) return;
    // Where the record ends that is written last: whoever reads must not take what was there before for another one.
    if (this.#used < this.#into.length) this.#into[this.#used] = 0;
    const length = Math.min(Math.max(FIRST_CHUNK, 2 * this.#into.length), LARGEST_CHUNK);
    const old = length === LARGEST_CHUNK ? spare.pop() : undefined;
    this.#into = old ?? new Uint8Array(Math.max(length, room));
    this.#chunks.push(this.#into);
    this.#used = 0;
  }

  /** Goes to the next record; there must be one. */
  next(): void {
    if (this.#read < this.#from.length && this.#from[this.#read] !== 0) return;
    giveUp(this.#from);
    this.#from = this.#chunks.shift() ?? this.#from;
    this.#read = 0;
  }

  /** Gives up all that was not read. Nothing can be written or read any more. */
  close(): void {
    for (const chunk of this.#chunks.splice(0)) giveUp(chunk);
    this.#into = new Uint8Array(0);
    this.#used = 0;
  }

  /** Writes an integer from 0 to 2^50: at most 8 bytes (LEB128). */
  put(n: number): void {
    if (n < 0x80) this.#into[this.#used++] = n;
    else this.#putLong(n);
  }

  #putLong(n: number): void {
    const into = this.#into;
    while (n > 0x7fff_ffff) {
      into[this.#used++] = (n % 128) | 0x80;
      n = Math.floor(n / 128);
    }
    while (n > 0x7f) {
      into[this.#used++] = (n & 0x7f) | 0x80;
      n >>>= 7;
    }
    into[this.#used++] = n;
  }

  get(): number {
    const from = this.#from;
    let n = 0;
    let unit = 1;
    for (;;) {
      const byte = from[this.#read++] as number;
      n += (byte & 0x7f) * unit;
      if (byte < 0x80) return n;
      unit *= 128;
    }
  }

  /** Writes any number at all: at most 9 bytes. */
  putAny(n: number): void {
    const small = n | 0;
    if (small === n && small < LARGEST_SMALL && (small > 0 || (small === 0 && 1 / n > 0))) {
      this.put(small << 2);
      return;
    }
    if (Number.isInteger(n) && n > -LARGEST_VARINT / 4 && n < LARGEST_VARINT / 4 && !Object.is(n, -0)) {
      this.put(n >= 0 ? 4 * n : -4 * n + 2);
      return;
    }
    this.put(1);
    new DataView(this.#into.buffer, this.#into.byteOffset).setFloat64(this.#used, n);
    this.#used += 8;
  }

  getAny(): number {
    const n = this.get();
    if (n === 1) {
      this.#read += 8;
      return new DataView(this.#from.buffer, this.#from.byteOffset).getFloat64(this.#read - 8);
    }
    return n % 4 === 0 ? n / 4 : -(n - 2) / 4;
  }
}
