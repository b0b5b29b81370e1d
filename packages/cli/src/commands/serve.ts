import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandSpec, Parsed } from '../arguments.ts';
import { type Io, OK, UsageError } from '../io.ts';
import { type Root, serveFile } from './static.ts';

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
  const roots: Root[] = [
    { prefix: '/', folder: PAGE },
    { prefix: '/labs/', folder: LABS },
  ];
  const server = createServer((request, response) => serveFile(roots, request, response));
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
