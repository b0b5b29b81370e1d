import { errnoMessage } from '@netarium/osi/trace';
import { bytesOfText } from '../byte-names/index.ts';
import type { AsyncSystemCalls } from '../program.ts';

/** What the commands share: writing, reading whole files, options. All of it over system calls. */

/** Writes text to descriptor 1. */
export async function print(sys: AsyncSystemCalls, text: string): Promise<void> {
  if (text !== '') await sys.write(1, bytesOfText(text));
}

/** Writes a line to descriptor 2. */
export async function complain(sys: AsyncSystemCalls, line: string): Promise<void> {
  await sys.write(2, bytesOfText(`${line}\n`));
}

/** What `strerror` says of a negated errno. */
export const because = (result: number): string => errnoMessage(-result);

/** Reads a descriptor to its end. @returns the bytes, or a negated errno. */
export async function readToEnd(sys: AsyncSystemCalls, fd: number): Promise<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const part = await sys.read(fd, 65_536);
    if (typeof part === 'number') return part;
    if (part.length === 0) break;
    parts.push(part);
    size += part.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads a text file. @returns a negated errno when it cannot be read. */
export async function readText(sys: AsyncSystemCalls, path: string): Promise<string | number> {
  const fd = await sys.open(path, 0, 0);
  if (fd < 0) return fd;
  const content = await readToEnd(sys, fd);
  await sys.close(fd);
  return typeof content === 'number' ? content : new TextDecoder().decode(content);
}

/** The lines of a text file split at blanks; none when it cannot be read. */
export async function readTable(sys: AsyncSystemCalls, path: string): Promise<string[][]> {
  const text = await readText(sys, path);
  if (typeof text === 'number') return [];
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
}

export interface Options {
  /** By letter; '' for options without a value, the last value otherwise. */
  readonly given: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** What is wrong, as getopt(3) says it: `invalid option -- 'x'`. */
  readonly wrong: string | null;
}

/**
 * Takes options out of a command's words as getopt_long(3) does.
 *
 * @param letters as in getopt: `ac:` is -a, and -c with a value. @param long names for letters.
 */
export function parseOptions(
  words: readonly string[],
  letters: string,
  long: Readonly<Record<string, string>> = {},
): Options {
  const given = new Map<string, string>();
  const operands: string[] = [];
  let wrong: string | null = null;
  for (let i = 0; i < words.length && wrong === null; i++) {
    const word = words[i] as string;
    if (word === '--') {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=', 2);
      const letter = name === 'help' ? 'help' : long[name];
      if (letter === undefined) wrong = `unrecognized option '--${name}'`;
      else given.set(letter, value ?? '');
    } else if (word.startsWith('-') && word !== '-') {
      for (let k = 1; k < word.length && wrong === null; k++) {
        const letter = word[k] as string;
        const place = letter === ':' ? -1 : letters.indexOf(letter);
        if (place < 0) {
          wrong = `invalid option -- '${letter}'`;
        } else if (letters[place + 1] === ':') {
          const value = word.slice(k + 1) || words[++i];
          if (value === undefined) wrong = `option requires an argument -- '${letter}'`;
          else given.set(letter, value);
          break;
        } else {
          given.set(letter, '');
        }
      }
    } else {
      operands.push(word);
    }
  }
  return { given, operands, wrong };
}

/** Names by numbers from `/etc/passwd`. */
export async function userNames(sys: AsyncSystemCalls): Promise<ReadonlyMap<number, string>> {
  return names(sys, '/etc/passwd');
}

export async function groupNames(sys: AsyncSystemCalls): Promise<ReadonlyMap<number, string>> {
  return names(sys, '/etc/group');
}

async function names(sys: AsyncSystemCalls, path: string): Promise<ReadonlyMap<number, string>> {
  const text = await readText(sys, path);
  if (typeof text === 'number') return new Map();
  const lines = text.split('\n').map((line) => line.split(':'));
  return new Map(lines.flatMap(([name, , id]) => (name && id ? [[Number(id), name] as const] : [])));
}
