import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceLocation } from '@netarium/osi/trace';

const HERE = dirname(fileURLToPath(import.meta.url)) + sep;
/** `    at name (file:///lab/client.ts:12:5)`, with or without a name. */
const LINE = /\(?((?:file:\/\/)?[^\s()]+):(\d+):\d+\)?$/;

/** The line of the program that has led here: not one of this folder, and not one of Node's own. */
export function callerOutside(): SourceLocation | undefined {
  const stack = new Error().stack ?? '';
  for (const line of stack.split('\n').slice(1)) {
    const found = LINE.exec(line);
    if (found === null) continue;
    const [, url = '', number = ''] = found;
    if (url.startsWith('node:')) continue;
    const file = url.startsWith('file://') ? fileURLToPath(url) : url;
    if (file.startsWith(HERE) && !file.endsWith('.test.ts')) continue;
    return { file, line: Number(number) };
  }
  return undefined;
}
