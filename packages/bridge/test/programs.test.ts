import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AsyncSocket } from '@netarium/osi/5-session';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBytes, digest } from './support/data.ts';
import { describeKernel } from './support/describe.ts';
import { iperf3Client, iperf3Server } from './support/iperf3.ts';
import { BOX, KERNEL, Meeting } from './support/meeting.ts';

const MEBIBYTE = 1 << 20;

const NAMES: Readonly<Record<string, string>> = {
  false: 'without offload',
  true: 'with offload',
  whole: 'with offload on the cable too',
};

const programs = (offload: boolean | 'whole') =>
  describeKernel(`programs that others wrote, over a real kernel ${NAMES[String(offload)]}, and we`, () => {
    let met: Meeting;
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'netarium-bridge-'));
      met = new Meeting({ record: false, offload });
    });
    afterAll(async () => {
      await met.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('curl gets five megabytes from us, three at a time, and gives us as much', async () => {
      const page = anyBytes(5 * MEBIBYTE);
      const listener = met.now(() => met.box.stack.listen({ port: 80 }));
      const uploads: string[] = [];
      const serving = met.now(async () => {
        for await (const socket of listener) void serveHttp(socket, page, uploads);
      });
      const url = `http://${BOX}/page`;
      const curl = (...argv: string[]) =>
        met.kernel.command('curl', '-sS', '--fail', '--http1.0', '--noproxy', '*', ...argv, url);
      const files = ['a', 'b', 'c'].map((name) => join(folder, name));
      const outcomes = await Promise.all(files.map((file) => curl('-o', file)));
      expect(outcomes.map(({ status, err }) => `${status} ${err}`)).toEqual(['0 ', '0 ', '0 ']);
      const sums = met.kernel.run('sha256sum', ...files);
      expect(sums.match(new RegExp(digest(page), 'g'))).toHaveLength(3);
      const upload = anyBytes(5 * MEBIBYTE);
      writeFileSync(join(folder, 'upload'), upload);
      const posted = await curl('-H', 'Expect:', '--data-binary', `@${join(folder, 'upload')}`);
      expect(posted).toMatchObject({ status: 0, err: '', out: digest(upload) });
      expect(uploads).toEqual([digest(upload)]);
      met.now(() => listener.close());
      await serving;
    });

    test('we get five megabytes from nginx, over one connection after another and over one that is kept', async () => {
      const page = anyBytes(5 * MEBIBYTE);
      writeFileSync(join(folder, 'page'), page);
      startNginx();
      try {
        const get = async (connection: 'close' | 'keep-alive', socket: AsyncSocket) => {
          await socket.write(`GET /page HTTP/1.1\r\nHost: ${KERNEL}\r\nConnection: ${connection}\r\n\r\n`);
          const { head, body } = await readHttp(socket);
          return `${head.split('\r\n')[0]} ${digest(body)}`;
        };
        const open = () => met.box.stack.connect({ address: KERNEL, port: 80 });
        const answers = await met.now(async () => {
          const each = await Promise.all([1, 2, 3].map(async () => get('close', await open())));
          const kept = await open();
          for (let i = 0; i < 3; i++) each.push(await get('keep-alive', kept));
          kept.close();
          return each;
        });
        expect(answers).toEqual(Array(6).fill(`HTTP/1.1 200 OK ${digest(page)}`));
      } finally {
        met.kernel.run('nginx', '-c', join(folder, 'nginx.conf'), '-p', folder, '-s', 'quit');
      }
    });

    test.each([
      ['iperf3 sends to us', 1, []],
      ['iperf3 sends to us over four connections', 4, ['-P', '4']],
      ['iperf3 receives from us', 1, ['-R']],
      ['iperf3 receives from us over four connections', 4, ['-R', '-P', '4']],
    ])('%s', async (_, streams, options) => {
      const listener = met.now(() => met.box.stack.listen({ port: 5201 }));
      const serving = met.now(() => iperf3Server(listener));
      const bytes = 8 * MEBIBYTE;
      const client = met.kernel.command('iperf3', '-J', '-c', BOX, '-n', `${bytes}`, ...options);
      const [totals, { out, status }] = await Promise.all([serving, client]);
      const { end, error } = JSON.parse(out) as Iperf3Report;
      expect([error, status, end.streams.length]).toEqual([undefined, 0, streams]);
      if (options[0] === '-R') {
        expect(end.sum_received.bytes).toBeGreaterThanOrEqual(bytes);
        expect(totals.sent).toBeGreaterThanOrEqual(end.sum_received.bytes);
      } else {
        expect(totals.received).toBe(end.sum_sent.bytes);
        expect(totals.received).toBeGreaterThanOrEqual(bytes);
      }
      met.now(() => listener.close());
    });

    test.each([
      ['we send to iperf3', 1, false],
      ['we send to iperf3 over four connections', 4, false],
      ['we receive from iperf3', 1, true],
      ['we receive from iperf3 over four connections', 4, true],
    ])('%s', async (_, streams, reverse) => {
      const server = met.kernel.start('iperf3', '-s', '-1', '--forceflush');
      await server.says('Server listening');
      const bytes = 8 * MEBIBYTE;
      const totals = await met.now(() =>
        iperf3Client(met.box.stack, { address: KERNEL, port: 5201, streams, bytes, reverse }),
      );
      const { status, err } = await server.done;
      expect([status, err]).toEqual([0, '']);
      if (reverse) expect(totals.received).toBeGreaterThanOrEqual(bytes);
      // Whoever receives counts what it has read when it is told that the test is over.
      else expect(totals.received).toBeGreaterThan(0);
      expect(totals.received).toBeLessThanOrEqual(totals.sent);
    });

    test(`the device carries ${offload ? 'rows of segments' : 'each segment by itself'}`, () => {
      const frames = (direction: 'rx' | 'tx') =>
        Number(met.kernel.run('cat', `/sys/class/net/${met.tap.device}/statistics/${direction}_packets`));
      const { InSegs, OutSegs } = met.box.stack.tcp.counters.tcp;
      if (offload) {
        expect(frames('rx')).toBeLessThan(OutSegs / 2);
        expect(frames('tx')).toBeLessThan(InSegs / 2);
      } else {
        expect(frames('rx')).toBeGreaterThan(OutSegs * 0.9);
        expect(frames('tx')).toBeGreaterThan(InSegs * 0.9);
      }
    });

    /** Returns when it listens: nginx goes to the background then. */
    function startNginx(): void {
      const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon on; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${own.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen ${KERNEL}:80; root ${folder}; }
}
`,
      );
      met.kernel.run(
        'nginx',
        '-c',
        join(folder, 'nginx.conf'),
        '-p',
        folder,
        '-e',
        join(folder, 'error.log'),
      );
    }
  }, ['curl', 'nginx', 'iperf3']);
programs(false);
programs(true);
programs('whole');

interface Iperf3Report {
  readonly error?: string;
  readonly end: {
    readonly streams: readonly unknown[];
    readonly sum_sent: { readonly bytes: number };
    readonly sum_received: { readonly bytes: number };
  };
}

/** Answers one request of HTTP/1.0: a page for GET, the digest of its body for POST. */
async function serveHttp(socket: AsyncSocket, page: Uint8Array, uploads: string[]): Promise<void> {
  const { head, body } = await readHttp(socket);
  let answer = page;
  if (head.startsWith('POST ')) {
    uploads.push(digest(body));
    answer = new TextEncoder().encode(digest(body));
  }
  await socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
  await socket.write(answer);
  socket.close();
}

/** A message of HTTP: what is in front of the empty line, and as much behind it as the head says. */
async function readHttp(socket: AsyncSocket): Promise<{ head: string; body: Uint8Array }> {
  const chunks: Buffer[] = [];
  let whole = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const chunk = await socket.read();
    if (chunk === null) throw new Error('the connection ended within a head');
    whole = Buffer.concat([whole, chunk]);
    end = whole.indexOf('\r\n\r\n');
  }
  const head = whole.toString('latin1', 0, end);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  chunks.push(whole.subarray(end + 4));
  for (let got = whole.length - end - 4; got < length; ) {
    const chunk = await socket.read();
    if (chunk === null) throw new Error(`the connection ended ${length - got} bytes early`);
    chunks.push(Buffer.from(chunk));
    got += chunk.length;
  }
  return { head, body: Buffer.concat(chunks) };
}
