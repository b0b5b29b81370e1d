import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, posix } from 'node:path';

/** A folder that is served, and the beginning of the paths it is served under: `/`, `/labs/`. */
export interface Root {
  readonly prefix: string;
  readonly folder: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.py': 'text/x-python; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.yaml': 'text/yaml; charset=utf-8',
  '.zip': 'application/zip',
};

/** Answers a request with a file of the first root that has it; nothing outside of them is reachable. */
export function serveFile(roots: readonly Root[], request: IncomingMessage, response: ServerResponse): void {
  const { method, url = '/' } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    refuse(response, 405, 'only GET and HEAD');
    return;
  }
  const path = pathOf(url);
  const file = path === null ? null : fileAt(roots, path);
  if (file === null) {
    refuse(response, 404, 'not found');
    return;
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
    'content-length': file.size,
    'cache-control': 'no-cache',
    'last-modified': file.modified.toUTCString(),
    'x-content-type-options': 'nosniff',
  });
  if (method === 'HEAD') response.end();
  else
    createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response);
}

/** The decoded path of a request; null for one that is malformed or leads out of the folder. */
function pathOf(url: string): string | null {
  try {
    const path = posix.normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
    return /[\0\\]/.test(path) || path.split('/').includes('..') ? null : path;
  } catch {
    return null;
  }
}

function fileAt(roots: readonly Root[], path: string) {
  const wanted = path.endsWith('/') ? `${path}index.html` : path;
  for (const { prefix, folder } of roots) {
    if (!wanted.startsWith(prefix)) continue;
    const candidate = join(folder, wanted.slice(prefix.length));
    const found = statSync(candidate, { throwIfNoEntry: false });
    if (found?.isFile()) return { path: candidate, size: found.size, modified: found.mtime };
  }
  return null;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}
