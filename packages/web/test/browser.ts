import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DIST = join(ROOT, 'packages/web/dist');
/** The page stands in a folder of the server, not at its root. */
const FOLDER = '/some/course/';

export const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Builds the page if it is out of date, as `npm start` does. */
export function buildPage(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/setup.mjs', 'prepare'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the page could not be built:\n${stdout}${stderr}`);
}

/** What a first visit loads before Python, compressed as servers do, in bytes. */
export function firstLoad(): number {
  const files = readdirSync(join(DIST, 'assets')).map((name) => join(DIST, 'assets', name));
  return [...files, join(DIST, 'index.html'), join(DIST, 'favicon.svg')]
    .map((path) => gzipSync(readFileSync(path)).length)
    .reduce((sum, size) => sum + size, 0);
}

/** The built page behind a plain server of files, which says nothing but what type a file has; and a browser. */
export class Stage {
  readonly browser: Browser;
  readonly #server: Server;
  /** Everything a page asked for. */
  readonly requests: string[] = [];
  /** What pages complained of. */
  readonly complaints: string[] = [];
  #context: BrowserContext | undefined;

  private constructor(browser: Browser, server: Server) {
    this.browser = browser;
    this.#server = server;
  }

  static async open(): Promise<Stage> {
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
      const file = join(DIST, path.slice(FOLDER.length), path.endsWith('/') ? 'index.html' : '');
      if (!path.startsWith(FOLDER) || !existsSync(file) || !statSync(file).isFile()) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Stage(await chromium.launch({ executablePath, args: QUIET }), server);
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  get address(): string {
    return this.origin + FOLDER;
  }

  /** A page of a browser that has been here before, or with `options` of one that has not. */
  async visit(
    options?: BrowserContextOptions,
    arrange?: (context: BrowserContext) => Promise<void>,
  ): Promise<Page> {
    const fresh = { viewport: { width: 1440, height: 900 }, locale: 'ko-KR', ...options };
    const context =
      options === undefined
        ? (this.#context ??= await this.browser.newContext(fresh))
        : await this.browser.newContext(fresh);
    await arrange?.(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    await page.goto(this.address);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
