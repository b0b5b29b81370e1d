const VALUES = 64;
/** Bytes of a row that a larger array of bytes does not fit into: what programs send and receive at a time. */
const BYTES = 65_536;
const HEADER = 4 * (VALUES + 1) + 4;

const TAG = { number: 0, null: 1, undefined: 2, bytes: 3, list: 4, entries: 5 } as const;

/** An entry of poll(2), the only kind of object that a row takes. */
interface Entry {
  readonly fd: number;
  readonly events: number;
}

/**
 * A row of values in memory that two threads share: what most system calls and results consist of, handed over
 * without making a message of it. Numbers, `null`, `undefined`, one array of bytes, lists of numbers or of poll(2)'s entries.
 */
export class Row {
  static readonly size = HEADER + 8 * VALUES + BYTES;
  /** For each value what it is, after the number of values. */
  readonly #tags: Int32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Uint8Array;

  /** @param offset a multiple of 8. */
  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#tags = new Int32Array(memory, offset, VALUES + 2);
    this.#numbers = new Float64Array(memory, offset + HEADER, VALUES);
    this.#bytes = new Uint8Array(memory, offset + HEADER + 8 * VALUES, BYTES);
  }

  /** @returns false when there is something that a row cannot hold; then what it holds is nothing. */
  write(values: readonly unknown[]): boolean {
    let at = 0;
    let bytes = false;
    for (let index = 0; index < values.length; index++) {
      if (index >= VALUES || at >= VALUES) return false;
      const value = values[index];
      let tag: number;
      if (typeof value === 'number') {
        tag = TAG.number;
        this.#numbers[at++] = value;
      } else if (value === null) tag = TAG.null;
      else if (value === undefined) tag = TAG.undefined;
      else if (value instanceof Uint8Array) {
        if (bytes || value.length > BYTES) return false;
        bytes = true;
        tag = TAG.bytes;
        this.#numbers[at++] = value.length;
        this.#bytes.set(value);
      } else if (Array.isArray(value)) {
        const entries = typeof value[0] === 'object';
        if (at + 1 + (entries ? 2 : 1) * value.length > VALUES) return false;
        tag = entries ? TAG.entries : TAG.list;
        this.#numbers[at++] = value.length;
        for (const element of value as readonly unknown[]) {
          if (typeof element === 'number') this.#numbers[at++] = element;
          else if (!isEntry(element)) return false;
          else {
            this.#numbers[at++] = element.fd;
            this.#numbers[at++] = element.events;
          }
        }
      } else return false;
      this.#tags[index + 1] = tag;
    }
    this.#tags[0] = values.length;
    return true;
  }

  /** @returns the values; the array of bytes is the row's own, good until the next is written. */
  read(): unknown[] {
    const values: unknown[] = new Array(this.#tags[0] ?? 0);
    let at = 0;
    const next = () => this.#numbers[at++] ?? 0;
    for (let index = 0; index < values.length; index++) {
      switch (this.#tags[index + 1]) {
        case TAG.number:
          values[index] = next();
          break;
        case TAG.null:
          values[index] = null;
          break;
        case TAG.bytes:
          values[index] = this.#bytes.subarray(0, next());
          break;
        case TAG.list:
          values[index] = Array.from({ length: next() }, next);
          break;
        case TAG.entries:
          values[index] = Array.from({ length: next() }, (): Entry => ({ fd: next(), events: next() }));
      }
    }
    return values;
  }
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && 'fd' in value && 'events' in value;
