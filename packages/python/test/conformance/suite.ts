import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is run when nothing else is asked for. */
export const MODULES = [
  'test_socket',
  'test_socketserver',
  'test_select',
  'test_selectors',
  'test_threading',
  'test_queue',
  'test_timeout',
  'test_asyncio.test_streams',
  'test_asyncio.test_server',
  'test_asyncio.test_sock_lowlevel',
  'test_httpservers',
  'test_httplib',
  'test_ftplib',
  'test_smtplib',
] as const;

/** Where Debian's packages have the folder `test`. */
const LIBRARY = 'usr/lib/python3.14';

/** The folder `test` of CPython's library, as it was unpacked somewhere. */
export interface Suite {
  /** The folder that `test` is in. */
  readonly folder: string;
}

/** @returns why not, when `folder` does not hold what is needed. */
export function findSuite(folder: string): Suite | string {
  if (!existsSync(folder)) return `${folder}: there is no such folder.`;
  const found = [LIBRARY, '.'].map((path) => join(folder, path)).find((path) => has(path, 'test_socket.py'));
  if (found === undefined)
    return `${folder}: neither ${LIBRARY}/test nor test is in it with CPython's tests.\n${HOW}`;
  if (!has(found, 'support/__init__.py'))
    return `${found}/test has no support/, which the tests import and which is in another package.\n${HOW}`;
  return { folder: found };
}

const has = (folder: string, file: string) => existsSync(join(folder, 'test', file));

const HOW = `It is made by
  apt-get download libpython3.14-testsuite libpython3.14-stdlib      (of Debian sid)
  for each in libpython3.14-*.deb; do dpkg-deb -x $each DIR; done`;

/** `test_asyncio` means those of its modules that are run by default. @returns those that do not exist as a line. */
export function chooseModules({ folder }: Suite, names: readonly string[]): string[] | string {
  if (names.length === 0) return [...MODULES];
  const chosen = names.flatMap((given) => {
    const name = given.replace(/^test\./, '').replace(/\.py$/, '');
    const parts = MODULES.filter((module) => module.startsWith(`${name}.`));
    return parts.length > 0 ? parts : [name];
  });
  const missing = chosen.filter((name) => !has(folder, `${name.replaceAll('.', '/')}.py`));
  return missing.length > 0 ? `${missing.join(', ')}: not in ${folder}/test.` : chosen;
}

/** The files that a module needs: its own, and what tests share. */
export function suiteFiles({ folder }: Suite, module: string): ReadonlyMap<string, Uint8Array> {
  const [own = ''] = module.split('.');
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(join(folder, 'test'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (isNeeded(name.split('/').slice(1), own)) files.set(name, readFileSync(path));
  }
  return files;
}

/** Beside the module's own: `test/support`, certificates, and helpers beside the tests. */
function isNeeded([first = '', ...rest]: string[], own: string): boolean {
  if (rest.includes('__pycache__')) return false;
  if (rest.length > 0) return first === own || first === 'support' || first === 'certdata';
  return first.endsWith('.py') && (!first.startsWith('test_') || first === `${own}.py`);
}
