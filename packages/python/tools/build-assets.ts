// Makes packages/python/build/: what CPython in a worker is loaded from (see src/assets.ts).
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { ASSET_FILES, SNAPSHOT, WORKER, WORKER_SOURCES } from '../src/assets.ts';
import { loadAssets } from '../src/node/assets.ts';
import { Interpreter } from '../src/runtime/interpreter.ts';
import { Chance } from '../src/runtime/random.ts';
import { keepBytesOfNames } from '../src/shim/byte-names.ts';
import { replaceFunctions } from '../src/shim/replace-functions.ts';
import { entryText, shimText } from '../src/shim/text.ts';
import { trapLinuxInterrupts } from '../src/shim/trapped-eintr.ts';
import { bundleWorker } from './bundle-worker.ts';

type Wabt = typeof import('wabt');

const root = new URL('../', import.meta.url);
const build = new URL('build/', root);
const pyodide = (name: string) => new URL(import.meta.resolve(`pyodide/${name}`));
const write = (name: string, data: Uint8Array | string) => writeFile(new URL(name, build), data);

await mkdir(build, { recursive: true });
for (const name of [ASSET_FILES.loader, ASSET_FILES.library])
  await copyFile(pyodide(name), new URL(name, build));
await write(ASSET_FILES.factory, keepBytesOfNames(await readFile(pyodide(ASSET_FILES.factory), 'utf8')));
const original = await readFile(pyodide('pyodide.asm.wasm'));
await write(ASSET_FILES.python, trapLinuxInterrupts(replaceFunctions(original)));

const wabt = await (createRequire(import.meta.url)('wabt') as Wabt)();
const assemble = (name: string, text: string) =>
  wabt.parseWat(name, text, { reference_types: true, mutable_globals: true }).toBinary({}).buffer;
await write(ASSET_FILES.shim, assemble('shim.wat', shimText()));
await write(ASSET_FILES.entry, assemble('entry.wat', entryText()));

const site: Record<string, string> = {};
const folder = new URL('pysite/', root);
for (const file of (await readdir(folder)).sort())
  if (file.endsWith('.py'))
    site[file.slice(0, -'.py'.length)] = await readFile(new URL(file, folder), 'utf8');
await write(ASSET_FILES.site, JSON.stringify(site));

await write(WORKER_SOURCES, JSON.stringify(await bundleWorker(build, WORKER)));

// The snapshot is the same whenever and wherever it is made.
process.argv.splice(1, process.argv.length, '/usr/bin/python3');
let now = 0;
Date.now = () => {
  now += 1000;
  return now;
};
performance.now = Date.now;
Math.random = () => 0;
const assets = await loadAssets({ snapshot: false });
const interpreter = await Interpreter.start(assets, new Chance(), true);
const snapshot = interpreter.pyodide.makeMemorySnapshot();
await write(SNAPSHOT, snapshot);
await write(ASSET_FILES.snapshot, gzipSync(snapshot));
// What was started to be remembered has no end of its own.
process.exit(0);
