import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runScript } from './run-script.ts';

const folder = fileURLToPath(new URL('scripts', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.pkt'));

/** The comment that a script begins with, as a title. */
const title = (source: string): string =>
  /^((?:\/\/ .*\n)+)/
    .exec(source)?.[1]
    ?.replaceAll(/^\/\/ /gm, '')
    .replaceAll('\n', ' ')
    .trim() ?? '';

describe('our packetdrill scripts, strictly', () => {
  test('there are some, and each says what it shows', () => {
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) expect(title(readFileSync(`${folder}/${name}`, 'utf8')), name).not.toBe('');
  });

  test.each(names)('%s', (name) => {
    const { result, reason, line, expected, actual, history, notes } = runScript(
      readFileSync(`${folder}/${name}`, 'utf8'),
    );
    const why = `line ${line}: ${reason}\nexpected ${expected}\nactual   ${actual}\n${history.join('\n')}`;
    expect(result, why).toBe('pass');
    expect(notes).toEqual([]);
  });
});
