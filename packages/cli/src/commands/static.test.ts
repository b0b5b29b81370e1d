import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFile } from './static.ts';

let folder = '';
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netarium-static-'));
  mkdirSync(join(folder, 'page'));
  mkdirSync(join(folder, 'labs'));
  writeFileSync(join(folder, 'page/index.html'), '<p>안녕</p>');
  writeFileSync(join(folder, 'page/core.wasm'), 'wasm');
  writeFileSync(join(folder, 'labs/lab.yaml'), 'name: x');
  writeFileSync(join(folder, 'secret'), 'secret');
  const roots = [
    { prefix: '/', folder: join(folder, 'page') },
    { prefix: '/labs/', folder: join(folder, 'labs') },
  ];
  server = createServer((incoming, response) => serveFile(roots, incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Asks for exactly this path: nothing tidies it up on the way. */
function get(path: string, method = 'GET'): Promise<{ status?: number; type?: string; body: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      const { statusCode: status, headers } = response;
      response.on('end', () => resolve({ status, type: headers['content-type'], body }));
    });
    asked.on('error', reject).end();
  });
}

test('files come with their types, folders as their index.html', async () => {
  expect(await get('/')).toEqual({ status: 200, type: 'text/html; charset=utf-8', body: '<p>안녕</p>' });
  expect(await get('/core.wasm?v=1')).toEqual({ status: 200, type: 'application/wasm', body: 'wasm' });
  expect(await get('/labs/lab.yaml')).toMatchObject({ status: 200, body: 'name: x' });
  expect(await get('/core.wasm', 'HEAD')).toMatchObject({ status: 200, body: '' });
});

test('nothing outside of the folders can be had, and nothing can be changed', async () => {
  for (const path of [
    '/../secret',
    '/labs/../../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/%00',
    '/%zz',
    '/nothing',
  ]) {
    expect(await get(path), path).toMatchObject({ status: 404 });
  }
  expect(await get('/', 'POST')).toMatchObject({ status: 405 });
});
