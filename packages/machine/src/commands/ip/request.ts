import type { AsyncSystemCalls } from '../../program.ts';
import type { NetlinkAnswer, NetlinkRequest } from '../../system-calls.ts';
import { because, complain } from '../support.ts';

/** The words of a command after its object, taken one by one. */
export class Words {
  readonly #words: string[];

  constructor(words: readonly string[]) {
    this.#words = [...words];
  }

  next(): string | undefined {
    return this.#words.shift();
  }
}

/** A wrong command line: what to say, and the exit status. */
export class Refusal {
  readonly line: string;
  readonly status: number;

  constructor(line: string, status = 255) {
    this.line = line;
    this.status = status;
  }
}

/** What `-4` and `-6` choose; null for both. */
export type IpFamily = 'inet' | 'inet6' | null;

/** How links and addresses are shown: `-brief`, `-oneline`. */
export type IpForm = 'full' | 'brief' | 'oneline';

export interface Context {
  readonly form: IpForm;
  readonly sys: AsyncSystemCalls;
  readonly family: IpFamily;
  readonly words: Words;
  readonly statistics: boolean;
}

export const isShow = (command: string): boolean =>
  ['show', 'list', 'lst'].some((name) => name.startsWith(command));

export const unknownCommand = (command: string, object: string): Refusal =>
  new Refusal(`Command "${command}" is unknown, try "ip ${object} help".`);

export async function answers<T extends NetlinkAnswer['type']>(
  sys: AsyncSystemCalls,
  request: NetlinkRequest,
  type: T,
): Promise<Extract<NetlinkAnswer, { type: T }>[]> {
  const all = await sys.netlink(request);
  if (typeof all === 'number') throw new Refusal(`RTNETLINK answers: ${because(all)}`, 2);
  return all.filter((answer): answer is Extract<NetlinkAnswer, { type: T }> => answer.type === type);
}

export async function change(sys: AsyncSystemCalls, request: NetlinkRequest): Promise<number> {
  return told(sys, await sys.netlink(request));
}

export async function told(sys: AsyncSystemCalls, result: number | NetlinkAnswer[]): Promise<number> {
  if (typeof result === 'number' && result < 0) {
    await complain(sys, `RTNETLINK answers: ${because(result)}`);
    return 2;
  }
  return 0;
}
