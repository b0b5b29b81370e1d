import { createReadStream, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandSpec, Parsed } from '../arguments.ts';
import { type Io, OK, UsageError } from '../io.ts';

type Option = 'port' | 'host';

const PAGE = fileURLToPath(new URL('../../../web/dist/', import.meta.url));
const LABS = fileURLToPath(new URL('../../../../labs/', import.meta.url));
const DEFAULT_PORT = 8642;

export const SERVE: CommandSpec<Option> = {
  name: 'serve',
  operands: [],
  summary: 'Serves the page on this computer and prints its address. Ctrl-C ends it.',
  options: {
    port: { value: 'N', help: `Port to listen on; 0 takes a free one. Default ${DEFAULT_PORT}.` },
    host: { value: 'ADDRESS', help: 'Address to listen on. Default 127.0.0.1: this computer only.' },
  },
  notes: 'The page is made of static files: any web server can serve packages/web/dist just as well.',
};

/** Serves until Ctrl-C. @returns the exit status. @throws UsageError */
export async function serve({ options }: Parsed<Option>, io: Io): Promise<number> {
  const port = Number(options.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError(`--port: expected a number from 0 to 65535, found "${options.port}"`);
  }
  const host = options.host ?? '127.0.0.1';
  if (statSync(join(PAGE, 'index.html'), { throwIfNoEntry: false }) === undefined) {
    throw new UsageError(
      'the page has not been built: "npm start" in the project folder builds and serves it',
    );
  }
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'only GET and HEAD');
      return;
    }
    answer(request.url ?? '/', request.method === 'HEAD', response);
  });
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new UsageError(cannotListen(error, host, port))),
    );
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      io.out(`Netarium: http://${host.includes(':') ? `[${host}]` : host}:${bound}/\n`);
    });
    io.interrupted.addEventListener('abort', () => {
      server.close(() => resolve(OK));
      server.closeAllConnections();
    });
  });
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is already in use on ${host}; choose another with --port, or --port 0 for any`;
    case 'EACCES':
      return `port ${port} may not be used without more rights; choose one above 1023 with --port`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this computer`;
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`;
  }
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

/** `/labs/…` are the labs' files; everything else is the page's. */
function answer(url: string, headOnly: boolean, response: ServerResponse): void {
  const path = pathOf(url);
  const file = path === null ? null : fileAt(path);
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
  if (headOnly) response.end();
  else
    createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response);
}

/** The decoded path of a request; null for one that is malformed or leads out of the folder. */
function pathOf(url: string): string | null {
  try {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
    return path.includes('\0') || path.split(sep).includes('..') ? null : path;
  } catch {
    return null;
  }
}

function fileAt(path: string) {
  const inPage = join(PAGE, path.endsWith(sep) ? join(path, 'index.html') : path);
  const candidates = path.startsWith(`${sep}labs${sep}`)
    ? [inPage, join(LABS, path.slice('/labs/'.length))]
    : [inPage];
  for (const candidate of candidates) {
    const found = statSync(candidate, { throwIfNoEntry: false });
    if (found?.isFile()) return { path: candidate, size: found.size, modified: found.mtime };
  }
  return null;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}
