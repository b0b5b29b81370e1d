#!/usr/bin/env node
// The `netarium` command. The sources are TypeScript, run by Node's own type stripping; a Node that
// is older than the project's hands over to the one the project installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

if (Number.parseInt(process.versions.node, 10) >= 26) {
  buildPython();
  const main = new URL('../src/main.ts', import.meta.url);
  await import(main.href);
} else {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const node = fileURLToPath(new URL(`../../../node_modules/node/bin/${name}`, import.meta.url));
  if (existsSync(node)) {
    const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
    // Ctrl-C reaches both; the one that does the work says when it is over.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('exit', (status) => {
      process.exitCode = status ?? 1;
    });
  } else {
    console.error(`netarium needs Node 26 or newer; this is ${process.versions.node}.`);
    console.error('In the project folder, `npm ci` installs the right one.');
    process.exitCode = 1;
  }
}

/** In a clone, makes what Python processes start from unless it is up to date; its messages go to stderr. */
function buildPython() {
  const setup = fileURLToPath(new URL('../../../tools/setup.mjs', import.meta.url));
  if (!existsSync(setup)) return;
  spawnSync(process.execPath, [setup, 'build-python'], { stdio: ['ignore', 2, 2] });
}
