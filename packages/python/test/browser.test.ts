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
import { session } from './page/session.ts';

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
  isolated: boolean;
  cold: number;
  run: number;
  result: Awaited<ReturnType<typeof exchange>>;
  session: Awaited<ReturnType<typeof session>>;
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
        timeout: 100_000,
      });
      const report = await page.evaluate(() => document.body.dataset.report ?? '');
      await page.close();
      return JSON.parse(report) as Report;
    }

    it('threads, select, asyncio, signals and the interpreter do what they do in Node, to the byte and the nanosecond', async () => {
      const python = pythonProgram();
      const expected = await exchange(python);
      const wider = await session(python);
      python.close();
      expect(expected.client[0]).toMatch(/^에코: 안녕하세요\n/);
      expect(expected.client[1]).toContain('KeyboardInterrupt');
      expect(expected).toMatchObject({
        waitsIn: 'read',
        server: ['', '', 0],
        client: [expect.any(String), expect.any(String), 130],
      });
      const [served, asked, person] = [wider.server, wider.client, wider.person].map(([text]) =>
        String(text).replaceAll('\r', ''),
      );
      expect(served).toMatch(/^threads\nselect\nasyncio\naccept\nsignal 10\n\^C.*KeyboardInterrupt\n$/s);
      for (const kind of [0, 1, 2])
        for (const number of [0, 1, 2]) expect(asked).toContain(`${kind} 안녕 ABC ${number} b''\n`);
      expect(asked).toMatch(/\nclient\n\n? 0\.\d+ [0-9a-f]{8} \d+\.\d+\n$/);
      expect(person).toMatch(/>42\n.*KeyboardInterrupt\n.*>'한글'\n/s);
      expect([wider.server[1], wider.client[1], wider.person[1]]).toEqual([130, 0, 0]);
      for (const visitor of ['first', 'second']) {
        const report = await visit();
        expect(report.error).toBeUndefined();
        expect(report.isolated).toBe(false);
        expect(report.result).toEqual(expected);
        expect(report.session).toEqual(wider);
        console.log(
          `CPython in Chromium, ${visitor} visitor: two processes ready after ${report.cold} ms, their exchange took ${report.run} ms`,
        );
      }
    }, 240_000);
  },
);
