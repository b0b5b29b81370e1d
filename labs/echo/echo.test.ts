import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePcapng } from '@netarium/osi/capture';
import { type FrameSent, lineOf, type SystemCall, type TraceRecord, whyOf } from '@netarium/osi/trace';
import { pythonProgram } from '@netarium/python/node';
import { Ladder, loadLab, outputs, programResults } from 'netarium';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareWithTshark, lineOfDifference, tsharkIsThere } from '../../packages/osi/test/tshark.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

function labFiles(): Map<string, Uint8Array> {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(FOLDER, name)).isFile());
  return new Map(files.map((name) => [name, new Uint8Array(readFileSync(join(FOLDER, name)))]));
}

const sourceLine = (file: string, line: number) =>
  readFileSync(join(FOLDER, file), 'utf8').split('\n')[line - 1]!.trim();

const python3 = pythonProgram();
afterAll(() => python3.close());

async function run(file: string, seed: number) {
  const loaded = loadLab(labFiles(), { file, seed, programs: { python3 }, env: { NO_COLOR: '1' } });
  try {
    expect(await loaded.lab.run()).toBe('idle');
  } finally {
    loaded.lab.close();
  }
  return loaded.lab.record;
}

const said = (record: TraceRecord, node: string) =>
  outputs(record)
    .filter((output) => output.node === node)
    .map(({ text }) => text)
    .join('');

/** The line of a program that a frame leads to, as it is written there. */
const lineText = (record: TraceRecord, frame: number) =>
  lineOf(record, frame).map(({ node, file, line }) => sourceLine(`${node}/${file.split('/').at(-1)}`, line));

describe('the echo lab', () => {
  let record: TraceRecord;
  let rows: ReturnType<typeof read>;
  const read = (of: TraceRecord) => new Ladder(of).rows;
  beforeAll(async () => {
    record = await run('lab.yaml', 7);
    rows = read(record);
  });

  test('every program ends well', () => {
    expect(programResults(record).map(({ node, status }) => [node, status])).toEqual([
      ['server', 0],
      ['client', 0],
    ]);
  });

  test("every frame's causes lead back to a line of a program", () => {
    for (const { number, event } of rows) {
      const last = whyOf(record, event).at(-1);
      expect(last?.role, `frame ${number}`).toBe('system-call');
      expect(lineOf(record, event), `frame ${number}`).not.toEqual([]);
    }
  });

  test('every data segment leads to the line that sent its bytes, and carries them', () => {
    const data = rows.filter(({ length }) => length > 0);
    expect(data.map(({ event }) => lineText(record, event)[0]!.replace(/ +#.*/, ''))).toEqual([
      'client.sendall(message.encode())',
      'conn.sendall(data)',
      'client.sendall(message.encode())',
      'conn.sendall(data)',
      'client.sendall(message.encode())',
      'conn.sendall(data)',
    ]);
    // By the bytes themselves, not only by what happened to be the cause of their leaving.
    for (const { event } of data) {
      const { origins } = record.get(event) as FrameSent;
      expect(origins.map((origin) => (record.get(origin) as SystemCall).name)).toEqual(['sendto']);
    }
    const texts = data.map(({ event, length }) =>
      new TextDecoder().decode(record.bytes(event).slice(-length)),
    );
    expect(texts).toEqual(
      ['안녕하세요', '네트워크는 재미있어요', '안녕히 계세요'].flatMap((text) => [text, text]),
    );
  });

  test('handshake and closing lead to connect and close', () => {
    const lineOfFirst = (flags: string, from: string) => {
      const row = rows.find((r) => r.tcp?.flags === flags && r.from === from)!;
      return lineText(record, row.event)[0]!.replace(/ +#.*/, '');
    };
    expect(lineOfFirst('SYN', 'client')).toBe('client.connect((HOST, PORT))');
    expect(lineOfFirst('SYN, ACK', 'server')).toBe('client.connect((HOST, PORT))');
    expect(lineOfFirst('FIN, ACK', 'client')).toBe('client.close()');
    expect(lineOfFirst('FIN, ACK', 'server')).toBe('conn.close()');
  });

  test.skipIf(!tsharkIsThere())('tshark reads its capture as we do, and finds nothing wrong', async () => {
    expect((await compareWithTshark(writePcapng(record))).map(lineOfDifference)).toEqual([]);
  });

  test('the whole record is the same for the same seed', async () => {
    const again = await run('lab.yaml', 7);
    expect(again.events).toEqual(record.events);
    const frames = (of: TraceRecord) => of.events.filter((e): e is FrameSent => e.kind === 'frame-sent');
    expect(frames(again).map((e) => again.bytes(e))).toEqual(frames(record).map((e) => record.bytes(e)));
  });
});

describe('what the programs print is what they print on this computer', () => {
  const hasPython = spawnSync('python3', ['--version']).status === 0;

  test.skipIf(!hasPython).each([
    ['lab.yaml', 'client.py', true],
    ['no-encode.yaml', 'no_encode.py', true],
    ['too-early.yaml', 'too_early.py', false],
  ])('%s', async (file, client, withServer) => {
    const [record, here] = await Promise.all([run(file, 1), onThisComputer(client, withServer)]);
    expect(normal(said(record, 'client'))).toBe(normal(here.client));
    expect(normal(said(record, 'server'))).toBe(normal(here.server));
  });
});

/** Addresses and folders aside, and of a traceback what all versions of CPython print alike. */
const normal = (text: string) =>
  text
    .replaceAll(/10\.0\.0\.\d|127\.0\.0\.1/g, '<address>')
    .replaceAll(/File ".*[/](\w+[.]py)"/g, 'File "$1"')
    .replaceAll(/^\s*[~^]+\n/gm, '');

async function onThisComputer(client: string, withServer: boolean) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'netarium-echo-'));
  const ended = { client: '', server: '' };
  const start = (who: 'client' | 'server', script: string, output: () => void) =>
    new Promise<void>((resolve) => {
      const text = readFileSync(join(FOLDER, who, script), 'utf8');
      const path = join(folder, script);
      writeFileSync(path, text.replace('10.0.0.1', '127.0.0.1').replace('9000', String(port)));
      // Through one pipe: from two, what is written first may be read last.
      const child = spawn('sh', ['-c', 'exec python3 -u -X utf8 "$0" 2>&1', path]);
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        ended[who] += chunk;
        output();
      });
      child.on('close', () => resolve());
    });
  const startClient = () => start('client', client, () => undefined);
  if (!withServer) {
    await startClient();
  } else {
    let other: Promise<void> | undefined;
    await start('server', 'server.py', () => {
      other ??= startClient();
    });
    await other;
  }
  rmSync(folder, { recursive: true });
  return ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
