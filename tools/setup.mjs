// What `npm start`, `npm test`, `npm run bench`, `npm run packetdrill`, `npm run cpython-tests`, `npm run build` need on a fresh
// clone, in plain JavaScript that any Node from 20 on runs: it installs what package-lock.json names when
// that is not installed yet, and hands the real work to the Node that is pinned there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

const node = at('node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
const stampFile = at('node_modules/.netarium-setup');

/** A run stops with one plain line. */
class Stop extends Error {}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

// ---- installing ---------------------------------------------------------------------------------

/** What an installation depends on: the lock file, and the machine's kind. */
function stamp() {
  const lock = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  return `${process.platform}-${process.arch} ${lock}\n`;
}

function isInstalled() {
  return existsSync(node) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

/** Runs npm: the one that started this script, or else the one on the PATH. */
function npm(...args) {
  const own = process.env.npm_execpath;
  const viaNode = own !== undefined && /\.c?js$/.test(own) && existsSync(own);
  const run = viaNode
    ? spawnSync(process.execPath, [own, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (run.status !== 0) throw new Stop(`npm ${args.join(' ')} failed`);
}

function install() {
  if (isInstalled()) return;
  heading('Installing what package-lock.json names');
  // Some packages ask for a newer Node than the one npm runs on; they only ever run on the pinned one.
  npm('ci', '--loglevel=error');
  if (!existsSync(node)) {
    // npm was told to leave installation scripts out: the pinned Node arrives through one.
    spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: at('node_modules/node'),
      stdio: 'inherit',
    });
  }
  if (!existsSync(node)) throw new Stop('npm ci did not bring the pinned Node: see its messages above.');
  writeFileSync(stampFile, stamp());
}

// ---- running on the pinned Node -----------------------------------------------------------------

function pinnedEnvironment() {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [key]: at('node_modules/.bin') + delimiter + (process.env[key] ?? '') };
}

/** Runs a script on the pinned Node and returns its exit status. */
function runNode(script, ...args) {
  const run = spawnSync(node, [script, ...args], { cwd: root, stdio: 'inherit', env: pinnedEnvironment() });
  return run.status ?? 1;
}

/** The script behind a command of an installed package. */
function command(packageName, name) {
  const folder = at('node_modules', packageName);
  const { bin } = readJson(join(folder, 'package.json'));
  return join(folder, typeof bin === 'string' ? bin : bin[name]);
}

// ---- building -----------------------------------------------------------------------------------

/** What is built, in order: by whom, into what, from what. */
const builds = [
  {
    title: 'Python for the machines',
    folder: 'packages/python',
    output: 'build',
    sources: ['packages/python', 'package-lock.json'],
  },
  {
    title: 'the page',
    folder: 'packages/web',
    output: 'dist',
    sources: ['packages', 'labs', 'package-lock.json'],
  },
];

const notSources = new Set(['node_modules', 'dist', 'build', 'coverage', 'test']);

/** The time of the newest source below a path. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  let time = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (notSources.has(entry.name) || /\.test\.tsx?$/.test(entry.name)) continue;
    time = Math.max(time, newest(join(path, entry.name)));
  }
  return time;
}

/** Builds what is out of date (or everything), for those packages that have something to build. */
function build({ only = builds.map(({ folder }) => folder), always = false } = {}) {
  for (const { title, folder, output, sources } of builds) {
    if (!only.includes(folder)) continue;
    if (readJson(at(folder, 'package.json')).scripts?.build === undefined) continue;
    const marker = at(folder, output, '.built');
    const isBuilt = () => {
      const builtAt = existsSync(marker) ? statSync(marker).mtimeMs : 0;
      return !always && builtAt > Math.max(...sources.map((source) => newest(at(source))));
    };
    if (isBuilt()) continue;
    alone(folder, () => {
      if (isBuilt()) return;
      heading(`Building ${title}`);
      npm('run', 'build', '--workspace', folder);
      if (existsSync(at(folder, output))) writeFileSync(marker, '');
    });
  }
}

/** Does something that no two processes may do at once for a folder: the second one waits for the first. */
function alone(folder, work) {
  const lock = at('node_modules', `.netarium-building-${folder.replaceAll('/', '-')}`);
  while (!taken(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Takes a lock file. @returns false while a process that lives has it. */
function taken(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
  } catch (error) {
    // It has ended without giving the lock back, or gives it back just now.
    if (error.code === 'ESRCH' || error.code === 'ENOENT') rmSync(lock, { force: true });
  }
  return false;
}

// ---- the commands -------------------------------------------------------------------------------

function heading(text) {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(3, 90 - text.length))}`);
}

function start(args) {
  install();
  build();
  return runNode(at('packages/cli/bin/netarium.mjs'), 'serve', ...args);
}

/** Every check, then the tests; arguments go to vitest (`npm test -- packages/osi`). */
function test(args) {
  install();
  build({ only: ['packages/python'] });
  const checks = [
    ['Style (biome)', command('@biomejs/biome', 'biome'), 'check', '.'],
    ['Types (tsc)', command('typescript', 'tsc'), '-b'],
    [
      'Imports (dependency-cruiser)',
      command('dependency-cruiser', 'depcruise'),
      '--config',
      '.dependency-cruiser.mjs',
      'packages',
    ],
    ['Unused code (knip)', command('knip', 'knip'), '--no-config-hints'],
  ];
  for (const [title, script, ...rest] of checks) {
    heading(title);
    if (runNode(script, ...rest) !== 0) throw new Stop(`${title}: see above.`);
  }
  heading('Tests (vitest)');
  const folder = mkdtempSync(join(tmpdir(), 'netarium-test-'));
  try {
    const resultFile = join(folder, 'result.json');
    const status = runNode(
      command('vitest', 'vitest'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${resultFile}`,
      ...args,
    );
    if (existsSync(resultFile)) console.log(closingLine(readJson(resultFile)));
    return status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The counts of vitest's own JSON report, in one line. */
function closingLine({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) {
  const skipped = numPendingTests + (numTodoTests ?? 0);
  return `\n${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Runs the measurements in `bench/`, or those whose names are given. */
function bench(args) {
  install();
  build({ only: ['packages/python'] });
  return runNode(at('bench/main.ts'), ...args);
}

/** Attacks stacks with wrong frames: see docs/fuzzing.md. */
function fuzz(args) {
  install();
  return runNode(at('packages/osi/test/fuzz/main.ts'), ...args);
}

/** Runs packetdrill scripts against the stack: see docs/packetdrill.md. */
function packetdrill(args) {
  install();
  return runNode(at('packages/osi/test/packetdrill/main.ts'), ...args);
}

/** Runs CPython's own tests on a machine of a lab: see docs/python-conformance.md. */
function cpythonTests(args) {
  install();
  build({ only: ['packages/python'] });
  return runNode(at('packages/python/test/conformance/main.ts'), ...args);
}

const commands = {
  start,
  test,
  bench,
  fuzz,
  packetdrill,
  'cpython-tests': cpythonTests,
  build() {
    install();
    build({ always: true });
    return 0;
  },
  /** What the tests of the page do before: builds only what is out of date. */
  prepare() {
    install();
    build();
    return 0;
  },
  /** What the `netarium` command needs before a run. */
  'build-python'() {
    install();
    build({ only: ['packages/python'] });
    return 0;
  },
  /** After `npm install` and `npm ci`: what is installed now is what the lock file names. */
  stamp() {
    if (existsSync(at('package-lock.json')) && existsSync(at('node_modules')))
      writeFileSync(stampFile, stamp());
    return 0;
  },
};

const [name, ...args] = process.argv.slice(2);
try {
  if (name === undefined || !Object.hasOwn(commands, name)) {
    throw new Stop(
      `Usage: node ${relative(process.cwd(), process.argv[1])} ${Object.keys(commands).join(' | ')}`,
    );
  }
  process.exitCode = commands[name](args);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
