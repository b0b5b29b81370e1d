import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** RFCs of layers 2 to 4 that the document must have a chapter about. */
const REQUIRED = [
  1122, 1191, 2018, 2883, 3042, 3168, 3376, 3810, 4443, 4821, 4861, 4862, 4987, 5482, 5682, 5961, 6056, 6191,
  6528, 6937, 7413, 8200, 8201, 8985, 9438,
];

interface Row {
  readonly line: number;
  readonly chapter: string;
  readonly cells: readonly string[];
}

function rowsOf(markdown: string): Row[] {
  const rows: Row[] = [];
  let chapter = '';
  for (const [index, text] of markdown.split('\n').entries()) {
    if (text.startsWith('## ')) chapter = text.slice(3);
    else if (/^\|(?!---)(?! section)/.test(text)) {
      const cells = text.split('|').slice(1, -1);
      rows.push({ line: index + 1, chapter, cells: cells.map((cell) => cell.trim()) });
    }
  }
  return rows;
}

const testFiles = globSync(
  ['packages/*/{src,test}/**/*.test.ts', 'labs/**/*.test.ts', 'tools/**/*.test.ts'],
  {
    cwd: root,
    exclude: ['**/node_modules/**'],
  },
);
const scripts = new Set(
  globSync('packages/osi/test/packetdrill/scripts/**/*.pkt', { cwd: root }).map((path) =>
    path.replace(/.*\//, ''),
  ),
);
const sources = new Map<string, string>();

function sourceOf(path: string): string {
  let source = sources.get(path);
  if (source === undefined) {
    source = readFileSync(`${root}/${path}`, 'utf8');
    sources.set(path, source);
  }
  return source;
}

/** What is wrong with a reference, or null. */
function fault(reference: string): string | null {
  if (reference.endsWith('.pkt')) return scripts.has(reference) ? null : 'there is no such script';
  const [place = '', title = ''] = reference.split(' › ');
  const files = testFiles.filter((path) => `/${path}`.endsWith(`/${place}.test.ts`));
  if (files.length === 0) return 'there is no such test file';
  const found = files.filter((path) => {
    const source = sourceOf(path);
    return ["'", '"', '`'].some((quote) => source.includes(quote + title + quote));
  });
  if (found.length === 0) return `not in ${files.join(', nor in ')}`;
  return found.length === 1 ? null : `could be in ${found.join(' or ')}`;
}

const references = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '').filter((text) => / › |\.pkt$/.test(text));

describe('docs/conformance.md', () => {
  const rows = rowsOf(readFileSync(`${root}/docs/conformance.md`, 'utf8'));

  test('has a chapter for each RFC that the stack is made from', () => {
    const chapters = new Set(rows.map(({ chapter }) => chapter));
    const missing = REQUIRED.filter(
      (number) => ![...chapters].some((chapter) => chapter.includes(`RFC ${number}`)),
    );
    expect(missing).toEqual([]);
  });

  test('names tests that there are', () => {
    const faults = rows.flatMap(({ line, cells }) =>
      references(cells[2] ?? '').flatMap((reference) => {
        const what = fault(reference);
        return what === null ? [] : [`line ${line}: ${reference}: ${what}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('shows each requirement by a test, or says why not', () => {
    const bare = rows.filter(
      ({ cells }) =>
        cells.length !== 3 || !(references(cells[2] ?? '').length > 0 || /^Not\b.{20}/.test(cells[2] ?? '')),
    );
    expect(bare.map(({ line, cells }) => `line ${line}: ${cells.join(' | ')}`)).toEqual([]);
  });
});
