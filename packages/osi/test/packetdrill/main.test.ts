import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'packetdrill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function packetdrill(...args: string[]) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: folder },
  });
  return { status, lines: stdout.trimEnd().split('\n'), stderr: stderr.trim() };
}

test('every script below a folder is reported, with the reason, and counted', () => {
  mkdirSync(join(folder, 'scripts/deeper'), { recursive: true });
  const socket = '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n';
  writeFileSync(join(folder, 'scripts/good.pkt'), socket);
  writeFileSync(join(folder, 'scripts/deeper/bad.pkt'), `${socket}+0 listen(3, BACKLOG) = 1\n`);
  writeFileSync(join(folder, 'scripts/other.pkt'), `--local_ip=fd::1\n${socket}`);
  const all = packetdrill('scripts', '--json', 'out.json', '-D', 'BACKLOG=7');
  expect(all).toEqual({
    status: 1,
    stderr: '',
    lines: [
      'fail        deeper/bad.pkt:2: result of a system call',
      '            expected listen(3, 7) = 1',
      '            actual   listen(3, 7) = 0',
      'pass        good.pkt',
      'unsupported other.pkt:1: --local_ip=fd::1 with --ip_version=ipv4',
      '',
      '3 scripts, strict: 1 passed, 1 failed, 1 unsupported',
    ],
  });
  const { mode, results } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
  expect(mode).toBe('strict');
  expect(results.map(({ file, result }: { file: string; result: string }) => [file, result])).toEqual([
    ['deeper/bad.pkt', 'fail'],
    ['good.pkt', 'pass'],
    ['other.pkt', 'unsupported'],
  ]);
  expect(packetdrill('scripts/good.pkt', '--lenient')).toMatchObject({
    status: 0,
    lines: ['pass        scripts/good.pkt', '', '1 scripts, lenient: 1 passed, 0 failed, 0 unsupported'],
  });
});

test('a folder that is not there, or without scripts, is one plain line', () => {
  mkdirSync(join(folder, 'empty'));
  expect(packetdrill('nowhere')).toMatchObject({
    status: 2,
    stderr: 'nowhere: there is no such file or folder.',
  });
  expect(packetdrill('empty')).toMatchObject({ status: 2, stderr: 'empty: there are no .pkt files in it.' });
  expect(packetdrill('--nonsense').stderr).toMatch(/^Unknown option '--nonsense'\.\nUsage: /);
  expect(packetdrill().stderr).toMatch(/^Usage: npm run packetdrill/);
});
