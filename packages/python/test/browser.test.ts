import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonProgram } from '../src/node/index.ts';
import { exchange } from './page/exchange.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

interface Report {
  error?: string;
  cold: number;
  run: number;
  result: Awaited<ReturnType<typeof exchange>>;
}

describe.skipIf(executablePath === undefined)(
  'in Chromium, in workers of a worker, without special headers',
  () => {
    let folder: string;
    let server: Server;
    let browser: Browser;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'netarium-page-'));
      await build({
        root: here('page'),
        base: './',
        configFile: false,
        logLevel: 'error',
        worker: { format: 'es' },
        build: { outDir: folder, target: 'esnext', minify: false },
      });
      server = createServer((request, response) => {
        const path = new URL(request.url ?? '/', 'http://localhost').pathname;
        const file = path.startsWith('/python/')
          ? here(`../build/${path.slice('/python/'.length)}`)
          : join(folder, path === '/' ? 'index.html' : path);
        if (!existsSync(file)) {
          response.writeHead(404).end();
          return;
        }
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
        createReadStream(file).pipe(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    });

    afterAll(async () => {
      await browser?.close();
      server?.close();
      if (folder) await rm(folder, { recursive: true });
    });

    async function visit(): Promise<Report> {
      const page = await browser.newPage();
      const address = server.address();
      await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
      await page.waitForFunction(() => document.body.dataset.report !== undefined, undefined, {
        timeout: 50_000,
      });
      const report = await page.evaluate(() => document.body.dataset.report ?? '');
      await page.close();
      return JSON.parse(report) as Report;
    }

    it('two programs, one with two threads, talk as they do in Node, to the byte and the microsecond', async () => {
      const python = pythonProgram();
      const expected = await exchange(python);
      python.close();
      expect(expected.client[0]).toMatch(/^에코: 안녕하세요\n/);
      expect(expected.client[1]).toContain('KeyboardInterrupt');
      expect(expected).toMatchObject({
        waitsIn: 'read',
        server: ['', '', 0],
        client: [expect.any(String), expect.any(String), 130],
      });
      for (const visitor of ['first', 'second']) {
        const report = await visit();
        expect(report.error).toBeUndefined();
        expect(report.result).toEqual(expected);
        console.log(
          `CPython in Chromium, ${visitor} visitor: two processes ready after ${report.cold} ms, their exchange took ${report.run} ms`,
        );
      }
    });
  },
);
