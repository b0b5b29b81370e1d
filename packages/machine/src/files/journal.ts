import type { FileChange } from './changes.ts';
import type { RegularFile } from './inode.ts';

/** A file's bytes have changed, from byte `from` on. */
interface Wrote {
  readonly op: 'wrote';
  readonly file: RegularFile;
  from: number;
}

interface Note {
  /** The process that did it; 0 for someone outside. */
  readonly pid: number;
  readonly change: FileChange | Wrote;
}

/**
 * What happened to the files since a reader last asked, in order; for the replicas that processes have.
 *
 * Writes of one process to one file that follow each other are one change, so appending is not quadratic.
 */
export class Journal {
  #notes: Note[] = [];
  /** The position of the first note in #notes, counted from the beginning of time. */
  #first = 0;
  readonly #readers = new Set<JournalReader>();

  /** Begins to read here. @param pid whose own changes are left out. */
  reader(pid: number): JournalReader {
    const reader = new JournalReader(this, pid, this.#first + this.#notes.length);
    this.#readers.add(reader);
    return reader;
  }

  note(change: FileChange, pid: number): void {
    if (this.#readers.size > 0) this.#notes.push({ pid, change });
  }

  /** To be called before a name is taken away or moved: what was written under it until now stays under it. */
  fix(): void {
    this.#notes = this.#notes.map((note) => {
      const change = note.change.op === 'wrote' ? written(note.change) : null;
      return change === null ? note : { pid: note.pid, change };
    });
  }

  /** The file's bytes changed from byte `from` on: they will be asked for when someone reads on. */
  wrote(file: RegularFile, pid: number, from: number): void {
    if (this.#readers.size === 0) return;
    const last = this.#notes.at(-1);
    const position = this.#first + this.#notes.length - 1;
    if (last?.change.op === 'wrote' && last.change.file === file && last.pid === pid) {
      // Whoever has read that note already needs a new one.
      if ([...this.#readers].every((reader) => reader.position <= position)) {
        last.change.from = Math.min(last.change.from, from);
        return;
      }
    }
    this.#notes.push({ pid, change: { op: 'wrote', file, from } });
  }

  /** @internal */
  since(position: number): readonly Note[] {
    return this.#notes.slice(position - this.#first);
  }

  /** @internal A reader moved on or left: what everyone has read is forgotten. */
  trim(left?: JournalReader): void {
    if (left !== undefined) this.#readers.delete(left);
    const end = this.#first + this.#notes.length;
    const least = Math.min(end, ...[...this.#readers].map((reader) => reader.position));
    this.#notes.splice(0, least - this.#first);
    this.#first = least;
  }

  get end(): number {
    return this.#first + this.#notes.length;
  }
}

/** What is in a file now, as a change; null when it has no name any more. */
function written({ file, from }: Wrote): FileChange | null {
  if (file.parent === null) return null;
  if (from > 0) return { op: 'patch', path: file.path, at: from, data: file.data.slice(from) };
  return { op: 'write', path: file.path, data: file.data.slice(), mode: file.mode & 0o7777 };
}

export class JournalReader {
  /** @internal */
  position: number;
  readonly #journal: Journal;
  readonly #pid: number;

  constructor(journal: Journal, pid: number, position: number) {
    this.#journal = journal;
    this.#pid = pid;
    this.position = position;
  }

  /** What others changed since the last time. */
  read(): FileChange[] {
    if (this.position === this.#journal.end) return [];
    const changes: FileChange[] = [];
    for (const { pid, change } of this.#journal.since(this.position)) {
      if (pid === this.#pid) continue;
      if (change.op !== 'wrote') changes.push(change);
      else {
        const now = written(change);
        if (now !== null) changes.push(now);
      }
    }
    this.position = this.#journal.end;
    this.#journal.trim();
    return changes;
  }

  close(): void {
    this.#journal.trim(this);
  }
}
