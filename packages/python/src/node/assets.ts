import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ASSET_FILES, SNAPSHOT } from '../assets.ts';
import type { Assets } from '../protocol.ts';

const build = new URL('../../build/', import.meta.url);

let loading: Promise<Assets> | undefined;

/** Reads and compiles what workers need, once for all of them. */
export function sharedAssets(): Promise<Assets> {
  loading ??= loadAssets({ snapshot: true });
  return loading;
}

/** @param options.snapshot whether to begin from the memory of an interpreter that has started. */
export async function loadAssets(options: { readonly snapshot: boolean }): Promise<Assets> {
  const read = async (name: string) => {
    try {
      return await readFile(new URL(name, build));
    } catch (error) {
      throw new Error(
        `${name} of @netarium/python is missing (npm run build -w packages/python makes it): ${error}`,
      );
    }
  };
  const compile = async (name: string) => WebAssembly.compile(await read(name));
  const [python, shim, entry, site, snapshot] = await Promise.all([
    compile(ASSET_FILES.python),
    compile(ASSET_FILES.shim),
    compile(ASSET_FILES.entry),
    read(ASSET_FILES.site),
    options.snapshot ? read(SNAPSHOT).then(shared) : undefined,
  ]);
  const pyodide = (name: string) => import.meta.resolve(`pyodide/${name}`);
  return {
    loader: pyodide('pyodide.mjs'),
    factory: new URL(ASSET_FILES.factory, build).href,
    folder: fileURLToPath(new URL('.', pyodide('pyodide.mjs'))),
    library: fileURLToPath(pyodide('python_stdlib.zip')),
    python,
    shim,
    entry,
    site: JSON.parse(site.toString()) as Record<string, string>,
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

/** The same bytes where all workers see them, so that none has a copy. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
