import { ASSET_FILES } from '../assets.ts';
import type { Assets } from '../protocol.ts';

/** What `pyodide.mjs` is given as the folder it finds files in: there is nothing it should find by itself. */
const NOWHERE = 'data:,/';
const GZIP_MAGIC = 0x8b1f;

/** Fetches and compiles what workers need, once for all of them. */
export async function loadAssets(folder: URL): Promise<Assets> {
  const address = (name: string) => new URL(name, folder).href;
  const get = async (name: string): Promise<Response> => {
    const response = await fetch(address(name)).catch((error: unknown) => {
      throw new Error(
        `${address(name)} could not be loaded: ${error instanceof Error ? error.message : error}`,
      );
    });
    if (!response.ok) throw new Error(`${address(name)} could not be loaded: ${response.status}`);
    return response;
  };
  const [python, shim, entry, library, snapshot] = await Promise.all([
    get(ASSET_FILES.python).then(compile),
    get(ASSET_FILES.shim).then(compile),
    get(ASSET_FILES.entry).then(compile),
    get(ASSET_FILES.library).then((response) => response.blob()),
    get(ASSET_FILES.snapshot).then(decompress),
  ]);
  return {
    loader: address(ASSET_FILES.loader),
    factory: address(ASSET_FILES.factory),
    folder: NOWHERE,
    library: URL.createObjectURL(library),
    python,
    shim,
    entry,
    site: {},
    snapshot,
  };
}

/** Compiles while loading where the server says that it is WebAssembly, which `compileStreaming` insists on. */
async function compile(response: Response): Promise<WebAssembly.Module> {
  if (response.headers.get('content-type')?.startsWith('application/wasm'))
    return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** A server may have said that the file is compressed content: then the browser has decompressed it already. */
async function decompress(response: Response): Promise<Uint8Array> {
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength < 2 || new DataView(bytes).getUint16(0, true) !== GZIP_MAGIC)
    return new Uint8Array(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
