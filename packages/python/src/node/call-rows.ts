import type { SystemCallName } from '@netarium/machine';
import type { SourceLocation } from '@netarium/osi/trace';
import type { CallMessage, FromWorker, ToWorker } from '../protocol.ts';
import { given } from '../runtime/given.ts';
import type { Codec } from './doorbell.ts';

/** Numbers for texts that both sides have seen in a message: names of system calls, files, functions. */
class Texts {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Takes note of the texts of a call that goes through the port. */
  learn({ name, where }: CallMessage): void {
    for (const text of [name, where?.file, where?.function]) {
      if (text === undefined || this.#numbers.has(text)) continue;
      this.#numbers.set(text, this.#texts.length);
      this.#texts.push(text);
    }
  }

  /** @returns -1 for no text, undefined for one that the other side does not know. */
  number(text: string | undefined): number | undefined {
    return text === undefined ? -1 : this.#numbers.get(text);
  }

  text(number: unknown): string | undefined {
    return this.#texts[number as number];
  }
}

/** How many messages an end has received and posted through the port. */
interface Counts {
  readonly received: number;
  readonly posted: number;
}

/**
 * The worker's side: a call for which the whole process waits becomes a row, if the answer to the one before has come.
 */
export function workerRows(counts: () => Counts): Codec<FromWorker, ToWorker> {
  const texts = new Texts();
  /** The call in the row: what it holds is the kernel's until that has returned. */
  let open = 0;
  return {
    values(message) {
      if (message.type !== 'call' || open !== 0) return undefined;
      if (!message.quiescent || message.forgotten || message.interrupted) return undefined;
      const { id, tid, received, where } = message;
      const [name, file, function_] = [message.name, where?.file, where?.function].map((text) =>
        texts.number(text),
      );
      if (name === undefined || file === undefined || function_ === undefined) return undefined;
      open = id;
      const line = where?.line ?? 0;
      return [counts().received, id, tid, received, name, file, line, function_, ...message.arguments];
    },
    posted(message) {
      if (message.type === 'call') {
        // It did not become a row after all.
        if (message.id === open) open = 0;
        texts.learn(message);
      }
      return given(message);
    },
    message([id, result, ...more]) {
      open = 0;
      const received =
        more.length === 0
          ? result
          : { data: result, address: null, truncated: more[0] === 1, whole: more[1] };
      return { type: 'result', id: id as number, result: received };
    },
    received(message) {
      if (message.type === 'result' && message.id === open) open = 0;
    },
  };
}

/** The machines' side: the result of a call that came as a row becomes one, while the worker still waits for just that. */
export function machineRows(counts: () => Counts): Codec<ToWorker, FromWorker> {
  const texts = new Texts();
  let id: unknown;
  /** How many messages the worker had received when it made that call. */
  let received: unknown;
  return {
    values(message) {
      if (message.type !== 'result' || message.id !== id || received !== counts().posted) return undefined;
      const { result } = message;
      if (!isMessage(result)) return [id, result];
      if (result.address !== null || Object.keys(result).length !== 4) return undefined;
      return [id, result.data, result.truncated ? 1 : 0, result.whole];
    },
    message(values) {
      [received, id] = values;
      const [, , tid, seen, name, file, line, function_, ...args] = values;
      const inFile = texts.text(file);
      const inFunction = texts.text(function_);
      const where: SourceLocation | undefined =
        inFile === undefined
          ? undefined
          : {
              file: inFile,
              line: line as number,
              ...(inFunction === undefined ? {} : { function: inFunction }),
            };
      return {
        type: 'call',
        id: id as number,
        tid: tid as number,
        name: texts.text(name) as SystemCallName,
        arguments: args,
        where,
        quiescent: true,
        received: seen as number,
        forgotten: false,
        interrupted: false,
      };
    },
    posted: (message) => ({ message, transfer: [] }),
    received(message) {
      if (message.type === 'call') texts.learn(message);
    },
  };
}

interface Message {
  readonly data: Uint8Array;
  readonly address: unknown;
  readonly truncated: boolean;
  readonly whole: number;
}

/** Whether a result is what recvfrom gives. */
const isMessage = (result: unknown): result is Message =>
  typeof result === 'object' && result !== null && 'data' in result && 'whole' in result;
