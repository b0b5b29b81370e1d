const FIRST_CHUNK = 4096;
const LARGEST_CHUNK = 256 * 1024;
/** Numbers up to here are written as varints; others as they are in memory. */
const LARGEST_VARINT = 2 ** 50;
/** Those below stay 32-bit integers on the way. */
const LARGEST_SMALL = 2 ** 29;

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
    const length = Math.min(Math.max(FIRST_CHUNK, 2 * this.#into.length), LARGEST_CHUNK);
    this.#into = new Uint8Array(Math.max(length, room));
    this.#chunks.push(this.#into);
    this.#used = 0;
  }

  /** Goes to the next record; there must be one. */
  next(): void {
    if (this.#read < this.#from.length && this.#from[this.#read] !== 0) return;
    this.#from = this.#chunks.shift() ?? this.#from;
    this.#read = 0;
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
    if (small === n && small > 0 && small < LARGEST_SMALL) {
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
