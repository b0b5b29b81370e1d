import { RLIM_INFINITY } from '../kernel/limits.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';
import { RESOURCES, type Resource } from './resources.ts';
import { because, complain, print } from './support.ts';

const USAGE = 'ulimit: usage: ulimit [-SHacdefilmnpqrstuvxR] [limit]';
/** PIPE_BUF, which bash shows among the limits; nobody can set it. */
const PIPE = { letter: 'p', title: 'pipe size', unit: '512 bytes', value: '8' } as const;

interface Asked {
  readonly letter: string;
  /** What the limit is to be; null asks what it is. */
  readonly value: string | null;
}

interface Request {
  readonly hard: boolean;
  readonly soft: boolean;
  readonly all: boolean;
  readonly asked: readonly Asked[];
}

/**
 * ulimit of bash(1): shows and sets the limits of the process that runs it. That is a shell's; alone it shows what it was
 * given, and has nobody to set anything for.
 */
export const ulimit: Main = async (sys, argv) => {
  const request = parse(argv.slice(1));
  if (typeof request === 'string') {
    await complain(sys, `ulimit: ${request}: invalid option\n${USAGE}`);
    return 2;
  }
  const { hard, all, asked } = request;
  if (all) {
    for (const resource of [...RESOURCES.slice(0, PIPE_PLACE), PIPE, ...RESOURCES.slice(PIPE_PLACE)])
      await print(sys, label(resource) + (await shown(sys, resource, hard)));
    return 0;
  }
  for (const { letter, value } of asked) {
    const resource = letter === PIPE.letter ? PIPE : RESOURCES.find((each) => each.letter === letter);
    if (resource === undefined) continue;
    if (value === null) {
      await print(
        sys,
        (asked.length > 1 ? label(resource) : '') + (await shown(sys, resource, hard && !request.soft)),
      );
      continue;
    }
    const wrong = await set(sys, resource, value, request);
    if (wrong !== null) {
      await complain(sys, `ulimit: ${wrong}`);
      return 1;
    }
    await complain(
      sys,
      `ulimit: ends now, and its limit with it: prlimit --nofile=64 COMMAND runs a command with one`,
    );
  }
  return 0;
};

/** Where bash has the pipe among the others. */
const PIPE_PLACE = RESOURCES.findIndex(({ letter }) => letter === 'q');

/** @returns the option that there is not. */
function parse(words: readonly string[]): Request | string {
  let [hard, soft, all] = [false, false, false];
  const asked: Asked[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!/^-./.test(word)) break;
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? '';
      if (letter === 'H') hard = true;
      else if (letter === 'S') soft = true;
      else if (letter === 'a') all = true;
      else if (letter === PIPE.letter || RESOURCES.some((each) => each.letter === letter)) {
        // Its value is the rest of the word, or the next one when that is no option.
        const rest = word.slice(i + 1);
        const next = words[at + 1];
        const value = rest !== '' ? rest : next === undefined || next.startsWith('-') ? null : next;
        if (rest === '' && value !== null) at++;
        asked.push({ letter, value });
        break;
      } else return `-${letter}`;
    }
  }
  if (asked.length === 0) asked.push({ letter: 'f', value: words[at] ?? null });
  return { hard, soft, all, asked };
}

function label({ title, unit, letter }: Resource | typeof PIPE): string {
  const units = unit === '' ? `(-${letter}) ` : `(${unit}, -${letter}) `;
  return `${title.padEnd(20)} ${units.padStart(20)}`;
}

async function shown(
  sys: AsyncSystemCalls,
  resource: Resource | typeof PIPE,
  hard: boolean,
): Promise<string> {
  if ('value' in resource) return `${resource.value}\n`;
  const limit = await sys.prlimit64(0, resource.number, null);
  if (typeof limit === 'number') return `${because(limit)}\n`;
  const value = hard ? limit.hard : limit.soft;
  return value === RLIM_INFINITY ? 'unlimited\n' : `${value / resource.factor}\n`;
}

/** @returns what is wrong. */
async function set(
  sys: AsyncSystemCalls,
  resource: Resource | typeof PIPE,
  text: string,
  { hard, soft }: Request,
): Promise<string | null> {
  const failed = (error: number) => `${resource.title}: cannot modify limit: ${because(error)}`;
  if ('value' in resource) return failed(-22);
  const before = await sys.prlimit64(0, resource.number, null);
  if (typeof before === 'number') return failed(before);
  const words: Record<string, bigint> = { hard: before.hard, soft: before.soft, unlimited: RLIM_INFINITY };
  const value = words[text] ?? (/^\d+$/.test(text) ? BigInt(text) * resource.factor : null);
  if (value === null) return `${text}: invalid number`;
  if (value > RLIM_INFINITY) return `${text}: limit out of range`;
  const both = hard === soft;
  const limit = {
    soft: both || soft ? value : before.soft,
    hard: both || hard ? value : before.hard,
  };
  const result = await sys.prlimit64(0, resource.number, limit);
  return typeof result === 'number' ? failed(result) : null;
}
