import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';
import config from '../.dependency-cruiser.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Lays out a tree of files (path → what each imports) and returns the rules it breaks. */
async function brokenRules(tree: Record<string, string[]>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'netarium-imports-'));
  folders.push(folder);
  for (const [path, imports] of Object.entries(tree)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    const lines = imports.map((specifier, index) => `export * as i${index} from '${specifier}';`);
    writeFileSync(join(folder, path), `${lines.join('\n')}\nexport const here = 1;\n`);
  }
  const { tsConfig: _, ...options } = config.options ?? {};
  const { output } = await cruise(['packages'], {
    ...options,
    baseDir: folder,
    validate: true,
    ruleSet: { forbidden: config.forbidden ?? [] },
  });
  return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))].sort();
}

const osi = (path: string) => `packages/osi/src/${path}`;

describe('the import rules of the house', () => {
  it('accept imports that go down through index.ts', async () => {
    expect(
      await brokenRules({
        [osi('time/index.ts')]: [],
        [osi('trace/index.ts')]: ['../time/index.ts'],
        [osi('3-network/index.ts')]: ['./ipv4/codec.ts', './ipv4/dissect.ts'],
        [osi('3-network/ipv4/codec.ts')]: ['../../trace/index.ts'],
        [osi('3-network/ipv4/dissect.ts')]: ['./codec.ts', '../../dissect/tree.ts'],
        [osi('dissect/tree.ts')]: [],
        [osi('dissect/index.ts')]: ['./tree.ts', '../3-network/index.ts'],
        [osi('index.ts')]: ['./dissect/index.ts'],
        'packages/machine/src/index.ts': ['../../osi/src/index.ts', '../../osi/src/time/index.ts'],
        'packages/lab/src/index.ts': ['../../machine/src/index.ts'],
        'packages/cli/src/index.ts': ['../../lab/src/index.ts', 'node:fs'],
      }),
    ).toEqual([]);
  });

  it.each([
    ['1-physical', 'trace', 'time-and-trace-imports-nothing-above-it'],
    ['2-datalink', '1-physical', '1-physical-imports-nothing-above-it'],
    ['5-session', '4-transport', '4-transport-imports-nothing-above-it'],
    ['dissect', '7-application', '7-application-imports-nothing-above-it'],
  ])('refuse %s imported by %s', async (upper, lower, rule) => {
    expect(
      await brokenRules({
        [osi(`${lower}/index.ts`)]: [`../${upper}/index.ts`],
        [osi(`${upper}/index.ts`)]: [],
      }),
    ).toEqual([rule]);
  });

  it.each([
    ['osi', 'machine'],
    ['machine', 'python'],
    ['python', 'lab'],
    ['lab', 'web'],
    ['cli', 'web'],
  ])('refuse a package above imported by %s', async (lower, upper) => {
    expect(
      await brokenRules({
        [`packages/${lower}/src/index.ts`]: [`../../${upper}/src/index.ts`],
        [`packages/${upper}/src/index.ts`]: [],
      }),
    ).toContain(`${lower}-imports-nothing-above-it`);
  });

  it('refuse a layer entered past its index.ts', async () => {
    expect(
      await brokenRules({
        [osi('4-transport/index.ts')]: ['../3-network/ipv4/codec.ts'],
        [osi('3-network/ipv4/codec.ts')]: [],
      }),
    ).toEqual(['layers-meet-at-their-index']);
  });

  it('refuse a package entered past its exports', async () => {
    expect(
      await brokenRules({
        'packages/machine/src/index.ts': ['../../osi/src/3-network/ipv4/codec.ts'],
        [osi('3-network/ipv4/codec.ts')]: [],
      }),
    ).toEqual(['packages-meet-at-their-exports']);
  });

  it('let a protocol reach into dissect from its dissect.ts only, and for the field tree only', async () => {
    expect(
      await brokenRules({
        [osi('3-network/ipv4/codec.ts')]: ['../../dissect/tree.ts'],
        [osi('dissect/tree.ts')]: [],
      }),
    ).toEqual(['3-network-imports-nothing-above-it']);
    expect(
      await brokenRules({
        [osi('3-network/ipv4/dissect.ts')]: ['../../dissect/index.ts'],
        [osi('dissect/index.ts')]: [],
      }),
    ).toEqual(['3-network-dissect-imports-only-the-field-tree-above-it']);
  });

  it('refuse cycles', async () => {
    expect(
      await brokenRules({
        [osi('3-network/a.ts')]: ['./b.ts'],
        [osi('3-network/b.ts')]: ['./a.ts'],
      }),
    ).toEqual(['no-cycles']);
  });

  it('refuse node:* in osi, and allow it in its tests', async () => {
    expect(await brokenRules({ [osi('time/index.ts')]: ['node:fs'] })).toEqual(['osi-runs-anywhere']);
    expect(await brokenRules({ [osi('time/time.test.ts')]: ['node:fs'] })).toEqual([]);
  });

  it('refuse node:* in machine and lab', async () => {
    expect(await brokenRules({ 'packages/lab/src/index.ts': ['node:fs'] })).toEqual([
      'machine-and-lab-are-platform-free',
    ]);
  });
});
