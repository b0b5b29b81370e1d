const CHUNK = 1 << 20;
/** So many chunks at most are kept for records to come: those that are spare, and those that may become so. */
const MOST_KEPT = 128;

const NOTHING = new Uint8Array(0);

/** Chunks that nobody can see any more. */
const spare: Uint8Array[] = [];
/** How many chunks are spare or in an `unseen`: a program that never rests never hears that a record has gone. */
let kept = 0;

/** Records that are gone, and were not closed, leave behind the chunks that nobody was ever shown. */
const users = new FinalizationRegistry<Map<number, Uint8Array>>((unseen) => {
  spare.push(...unseen.values());
});

/**
 * Where a record keeps the bytes of frames, one behind the other.
 *
 * Memory that was never touched is dear: the kernel has to find and clear each page, which takes longer than everything
 * else that is done for a frame. So what one record has written and nobody has looked at is written again by the next. A
 * chunk of which a view was handed out is never used again: it goes the way of all memory, after its last view.
 */
export class RecordMemory {
  #chunks: Uint8Array[] = [];
  readonly #unseen = new Map<number, Uint8Array>();
  #chunk: Uint8Array = NOTHING;
  #used = 0;

  constructor() {
    users.register(this, this.#unseen, this);
  }

  /** Which chunk was written last. */
  get last(): number {
    return this.#chunks.length - 1;
  }

  /** Copies bytes. @returns where in the chunk `last`. */
  keep(bytes: Uint8Array): number {
    const { length } = bytes;
    if (this.#used + length > this.#chunk.length) this.#next(length);
    const at = this.#used;
    this.#chunk.set(bytes, at);
    this.#used = at + length;
    return at;
  }

  /** A view of bytes that were kept; it stays as it is. */
  show(chunk: number, at: number, length: number): Uint8Array {
    if (this.#unseen.delete(chunk)) kept--;
    const bytes = this.#chunks[chunk];
    if (bytes === undefined) throw new RangeError(`the record has no chunk ${chunk}`);
    return bytes.subarray(at, at + length);
  }

  /** Gives the chunks that nobody was ever shown to records to come. What was kept is not here any more. */
  giveBack(): void {
    users.unregister(this);
    spare.push(...this.#unseen.values());
    this.#unseen.clear();
    this.#chunks = [];
    this.#chunk = NOTHING;
    this.#used = 0;
  }

  #next(room: number): void {
    const old = room <= CHUNK ? spare.pop() : undefined;
    if (old !== undefined) kept--;
    this.#chunk = old ?? new Uint8Array(Math.max(CHUNK, room));
    const number = this.#chunks.push(this.#chunk) - 1;
    if (this.#chunk.length === CHUNK && kept < MOST_KEPT) {
      this.#unseen.set(number, this.#chunk);
      kept++;
    }
    this.#used = 0;
  }
}
