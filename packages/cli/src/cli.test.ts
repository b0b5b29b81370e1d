import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPcapng } from '@netarium/osi/capture';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/netarium.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a person would, in the project's folder. */
function netarium(
  args: readonly string[],
  onOutput?: (out: string, kill: (signal: NodeJS.Signals) => void) => void,
  input = '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: ROOT,
      env: { ...process.env, LANG: 'C', LC_ALL: 'C' },
    });
    child.stdin.end(input);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      onOutput?.(out, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netarium-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two machines and a cable, with files. */
function labWith(name: string, files: Record<string, string>, server: string, client: string): string {
  const path = join(folder, name);
  const lab = `name: ${name}
topology:
  nodes:
    server: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [${server}]}
    client: {kind: host, addresses: {eth0: 10.0.0.2/24}, run: [${client}]}
  links:
    - endpoints: ["client:eth0", "server:eth0"]
`;
  for (const [file, text] of Object.entries({ 'lab.yaml': lab, ...files })) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  return path;
}

describe('help and mistakes at the keyboard', () => {
  test('help, version and mistakes', async () => {
    const [help, runHelp, version, none, command, option, seed, port] = await Promise.all(
      [
        ['--help'],
        ['run', '--help'],
        ['--version'],
        [],
        ['rnu', 'labs/echo'],
        ['run', 'labs/echo', '--sede', '7'],
        ['run', 'labs/echo', '--seed', 'x'],
        ['run', 'labs/echo', '--pcap-at', 'clinet:eth0'],
      ].map((args) => netarium(args)),
    );
    expect(help).toMatchObject({ status: 0, err: '' });
    expect(help!.out).toContain('netarium run <lab> [options]');
    expect(runHelp!.out).toMatch(/Exit status: 0 when/);
    expect(version).toEqual({ status: 0, out: '0.1.0\n', err: '' });
    expect(none).toMatchObject({ status: 2, out: '' });
    expect(command).toEqual({
      status: 2,
      out: '',
      err: 'netarium: there is no command "rnu"; did you mean "run"?\n',
    });
    expect(option).toEqual({
      status: 2,
      out: '',
      err: 'netarium: unknown option --sede; see "netarium help run"\n',
    });
    expect(seed).toEqual({
      status: 2,
      out: '',
      err: 'netarium: --seed: expected a whole number from 0, found "x"\n',
    });
    expect(port).toEqual({
      status: 2,
      out: '',
      err: 'netarium: --pcap-at: there is no node "clinet"; did you mean "client"?\n',
    });
  });

  test('what is no lab, a lab with mistakes, and what is no capture', async () => {
    const wrong = labWith('wrong', { 'server/s.py': '' }, 'python3 s.py', 'python3 c.py');
    const torn = join(folder, 'torn.pcapng');
    writeFileSync(torn, 'these are not the bytes you are looking for');
    const [nothing, noLab, mistakes, corrupt] = await Promise.all([
      netarium(['run', 'labs/nothing']),
      netarium(['run', 'docs']),
      netarium(['run', wrong]),
      netarium(['capture', torn]),
    ]);
    expect(nothing).toEqual({ status: 2, out: '', err: 'netarium: labs/nothing: no such file or folder\n' });
    expect(noLab).toEqual({
      status: 2,
      out: '',
      err: 'netarium: docs is not a lab: there is no lab.yaml in it\n',
    });
    expect(mistakes).toEqual({
      status: 2,
      out: '',
      err: `${wrong}/lab.yaml:5:64: no file "client/c.py" in the lab's folder\n`,
    });
    expect(corrupt).toMatchObject({ status: 2, out: '' });
    expect(corrupt!.err).toMatch(/^netarium: .*torn\.pcapng: not a valid capture: [^\n]*\n$/);
  });

  test('a port that is taken', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    const { status, err } = await netarium(['serve', '--port', String(port)]);
    taken.close();
    expect(status).toBe(2);
    expect(err).toMatch(
      /^netarium: (port \d+ is already in use on 127\.0\.0\.1; .*|the page has not been built: .*)\n$/,
    );
  });
});

const OUTPUT = [
  'server │ 서버: 연결을 기다립니다.',
  'client │ 클라이언트: 연결되었습니다.',
  'server │ 서버: 연결되었습니다. 10.0.0.2',
  'server │ 서버: 받은 글자: 안녕하세요',
  'client │ 클라이언트: 돌아온 글자: 안녕하세요',
  'server │ 서버: 받은 글자: 네트워크는 재미있어요',
  'client │ 클라이언트: 돌아온 글자: 네트워크는 재미있어요',
  'server │ 서버: 받은 글자: 안녕히 계세요',
  'client │ 클라이언트: 돌아온 글자: 안녕히 계세요',
  'server │ 서버: 연결이 끝났습니다.',
];

describe('the echo lab, with real CPython', () => {
  test('one seed gives one run, byte for byte; another seed other sequence numbers and ports', async () => {
    const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.pcapng`));
    const [a, b, c] = await Promise.all([
      netarium(['run', 'labs/echo', '--seed', '7', '--pcap', files[0]!]),
      netarium(['run', 'labs/echo', '--seed', '7', '--pcap', files[1]!]),
      netarium(['run', 'labs/echo', '--seed', '8', '--pcap', files[2]!, '--quiet']),
    ]);
    expect(a).toMatchObject({ status: 0, err: '' });
    const [output, ladder = ''] = a!.out.split('\n\n');
    expect(output!.split('\n').sort()).toEqual([...OUTPUT].sort());
    expect(ladder).toMatch(/client.py:\d+ connect\(\)/);
    expect(b).toEqual(a);
    expect(c!.out.trim().split('\n').sort()).toEqual([...OUTPUT].sort());
    const [one, two, three] = files.map((file) => readFileSync(file));
    expect(one!.equals(two!)).toBe(true);
    expect(portsAndNumbers(three!)).not.toEqual(portsAndNumbers(one!));
  });

  test('the two classic mistakes end as on Linux', async () => {
    const [noEncode, tooEarly] = await Promise.all([
      netarium(['run', 'labs/echo/no-encode.yaml', '--quiet']),
      netarium(['run', 'labs/echo/too-early.yaml', '--json', '--lang', 'ko']),
    ]);
    expect(noEncode!.status).toBe(1);
    expect(noEncode!.out).toContain("client │ TypeError: a bytes-like object is required, not 'str'\n");
    expect(noEncode!.out).toContain('server │ 서버: 연결이 끝났습니다.\n');
    expect(noEncode!.err).toBe('client: python3 no_encode.py: ended with status 1\n');
    const report = JSON.parse(tooEarly!.out);
    expect(tooEarly!.status).toBe(1);
    expect(report.output.map(({ text }: { text: string }) => text).join('')).toMatch(
      /ConnectionRefusedError: \[Errno 111\] Connection refused\n$/,
    );
    expect(Object.keys(report)).toEqual([
      'format',
      'lab',
      'seed',
      'ending',
      'time',
      'reproducible',
      'programs',
      'notStarted',
      'failures',
      'output',
      'frames',
    ]);
    const refusal = report.frames.find(({ tcp }: { tcp: { flags: string } | null }) =>
      tcp?.flags.startsWith('RST'),
    );
    expect(refusal).toMatchObject({
      from: 'server',
      to: ['client'],
      tcp: { flags: 'RST, ACK', ack: 1 },
    });
    expect(refusal.why).toMatch(/^거절한다: .* ← 프레임 3 ← /);
  });
});

/** Of the first segment: source port and initial sequence number. */
function portsAndNumbers(file: Uint8Array): number[] {
  const syn = readPcapng(file).find(({ bytes }) => bytes[12] === 8 && bytes[13] === 0)!.bytes;
  const view = new DataView(syn.buffer, syn.byteOffset);
  return [view.getUint16(34), view.getUint32(38)];
}

describe('programs that do not come to an end', () => {
  test('one that waits for ever is named with line and call; with --until that is no failure', async () => {
    const waits = 'import socket\ns = socket.socket()\ns.bind(("", 9000))\ns.listen()\ns.accept()\n';
    const lab = labWith(
      'waits',
      { 'server/s.py': waits },
      'python3 s.py',
      '{command: ping, wait_for: "server:1"}',
    );
    const [forEver, until] = await Promise.all([
      netarium(['run', lab, '--quiet']),
      netarium(['run', lab, '--quiet', '--until', '1s']),
    ]);
    expect(forEver).toEqual({
      status: 1,
      out: '',
      err:
        'server: python3 s.py: waits in s.py:5 accept() for ever\n' +
        'client: ping: never started: nothing ever used server:1\n',
    });
    expect(until).toEqual({ ...forEver, status: 0 });
  });

  test('one that only computes is ended; a syntax error and a program that is not there are told', {
    timeout: 180_000,
  }, async () => {
    const endless = labWith(
      'endless',
      { 'server/s.py': 'print("off")\nwhile True:\n    pass\n' },
      'python3 s.py',
      'nonsense -x',
    );
    const syntax = labWith('syntax', { 'server/s.py': 'print("a"\n' }, 'python3 s.py', '');
    const within = (limit: string) => netarium(['run', endless, '--quiet', '--cpu-limit', limit]);
    let computes = await within('4s');
    // On a busy machine the interpreter alone may need longer to start.
    if (!computes.out.includes('off')) computes = await within('40s');
    const wrong = await netarium(['run', syntax, '--quiet']);
    expect(computes.status).toBe(1);
    expect(computes.out).toMatch(/^server │ off\n/);
    expect(computes.err).toContain('server: python3 s.py: was ended by signal 9\n');
    expect(computes.err).toContain('client: nonsense -x: nonsense: command not found\n');
    expect(wrong.status).toBe(1);
    expect(wrong.out).toContain("SyntaxError: '(' was never closed\n");
  });

  test('Ctrl-C ends a run at once', async () => {
    const slow = 'import time\nprint("ready", flush=True)\ntime.sleep(1000)\n';
    const lab = labWith('slow', { 'server/s.py': slow }, 'python3 s.py', '');
    const ended = await netarium(['run', lab, '--speed', '1'], (out, kill) => {
      if (out.includes('ready')) kill('SIGINT');
    });
    expect(ended.status).toBe(130);
    // It may have been caught just before it fell asleep.
    expect(ended.err).toMatch(/^server: python3 s\.py: still (?:runs|waits in s\.py:3 \w+\(\))\n/);
  });
});

test('what comes on standard input is typed into a program; its end is the end of input', async () => {
  const asks =
    'name = input("이름? ")\nprint(f"{name}, 안녕")\ntry:\n    input()\nexcept EOFError:\n    print("끝")\n';
  const lab = labWith('asks', { 'server/s.py': asks }, 'python3 s.py', '');
  const { status, out, err } = await netarium(['run', lab, '--stdin', 'server', '-q'], undefined, '한글\n');
  expect({ status, out, err }).toEqual({
    status: 0,
    out: 'server │ 이름? 한글, 안녕\nserver │ 끝\n',
    err: '',
  });
  const wrong = await netarium(['run', lab, '--stdin', 'sever']);
  expect(wrong.err).toBe('netarium: --stdin: there is no machine "sever"; did you mean "server"?\n');
});

test('the seven layers of a frame, with text and line', async () => {
  const { status, out } = await netarium(['run', 'labs/echo', '--seed', '7', '--layers', '6']);
  expect(status).toBe(0);
  const layers = out.slice(out.indexOf('frame 6'));
  expect(layers).toMatch(/^frame 6: client → server, [\d.]+ s, \d+ bytes\n/);
  expect(layers).toMatch(/why: carries bytes that a program wrote ← client\.py:12 /);
  expect(layers).toMatch(/7 application {3}Bytes of the program\n\s+15 bytes\n/);
  expect(layers).toMatch(/6 presentation {2}UTF-8\n\s+"안녕하세요"\n/);
  expect(layers).toMatch(
    /5 session {7}Socket\n\s+client: socket tcp:\d+, 10\.0\.0\.2:\d+ ↔ 10\.0\.0\.1:9000, ESTABLISHED\n/,
  );
  expect(layers).toMatch(/4 transport {5}Transmission Control Protocol\n/);
  expect(layers).toMatch(/\.\.\.\. \.\.\.1 \.\.\.\. = Acknowledgment: Set\n/);
  expect(layers).toMatch(/3 network {7}Internet Protocol Version 4\n/);
  expect(layers).toMatch(/2 data link {5}Ethernet II\n/);
  expect(layers).toMatch(
    /1 physical {6}Cable\n\s+client:eth0 → sw:1: \d+ bits at 100 Mbit\/s in [\d.]+ µs, 5 µs on the way\n/,
  );
});

test('a loop of switches is told to be a broadcast storm', async () => {
  const path = join(folder, 'loop');
  mkdirSync(path, { recursive: true });
  writeFileSync(
    join(path, 'lab.yaml'),
    `name: loop
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [ping -c 1 10.0.0.2]}
    s1: {kind: switch}
    s2: {kind: switch}
  links:
    - endpoints: ["a:eth0", "s1:1"]
    - endpoints: ["s1:2", "s2:2"]
    - endpoints: ["s1:3", "s2:3"]
`,
  );
  const { status, out, err } = await netarium(['run', path, '--event-limit', '5000']);
  expect(status).toBe(1);
  expect(out + err).toContain('a broadcast storm, frames go round in a loop of switches (stp: true');
});
