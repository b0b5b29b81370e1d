import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { BIN, PseudoTerminal, ROOT } from '../test/pseudo-terminal.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netarium-attach-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A lab of two machines with a program each. */
function labWith(name: string, programs: { readonly server?: string; readonly client: string }): string {
  const path = join(folder, name);
  const server = programs.server === undefined ? '' : ', run: [python3 server.py]';
  const client = programs.server?.includes('9000')
    ? '{command: python3 client.py, wait_for: "server:9000"}'
    : 'python3 client.py';
  const files: Record<string, string> = {
    'lab.yaml': `name: ${name}
topology:
  nodes:
    server: {kind: host, addresses: {eth0: 10.0.0.1/24}${server}}
    client: {kind: host, addresses: {eth0: 10.0.0.2/24}, run: [${client}]}
  links:
    - endpoints: ["client:eth0", "server:eth0"]
`,
    'server/server.py': programs.server ?? '',
    'client/client.py': programs.client,
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  return path;
}

const open: PseudoTerminal[] = [];
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close();
});
const TIMEOUT = { timeout: 120_000 };

function attach(lab: string): PseudoTerminal {
  const terminal = new PseudoTerminal('run', lab, '--attach', 'client', '--quiet');
  open.push(terminal);
  return terminal;
}

const ATTACHED = 'this is the terminal of client';

test(
  'the machine has the terminal: lines are edited, two columns for a Hangul syllable, Ctrl-D ends input',
  TIMEOUT,
  async () => {
    const lab = labWith('lines', {
      client: `while True:
    try:
        print(input("> ")[::-1])
    except EOFError:
        break
print("bye")
`,
    });
    const terminal = attach(lab);
    await terminal.shows(ATTACHED);
    await terminal.shows('$ python3 client.py');
    await terminal.shows('> ');
    terminal.type('가나다x');
    await terminal.shows('가나다x');
    terminal.type('\x7f\x7f\r');
    await terminal.shows('\b \b\b \b\b \b');
    await terminal.shows('나가\r\n');
    await terminal.shows('> ');
    terminal.type('\x04');
    await terminal.shows('bye');
    expect(await terminal.ended).toBe(0);
  },
);

test('keys that come before the program does are for it', TIMEOUT, async () => {
  const lab = labWith('ahead', { client: 'print("read", input())\n' });
  const terminal = attach(lab);
  await terminal.shows(ATTACHED);
  terminal.type('early\r');
  await terminal.shows('read early');
  expect(await terminal.ended).toBe(0);
});

test(
  'Ctrl-C is the program’s; what it does not handle ends it, and then nothing is left to happen',
  TIMEOUT,
  async () => {
    const lab = labWith('interrupts', {
      client: `import time
try:
    print("sleeping", flush=True)
    time.sleep(1000)
except KeyboardInterrupt:
    print("again", flush=True)
time.sleep(1000)
`,
    });
    const terminal = attach(lab);
    await terminal.shows('sleeping');
    terminal.type('\x03');
    await terminal.shows('^Cagain');
    terminal.type('\x03');
    await terminal.shows('KeyboardInterrupt');
    await terminal.shows('[130]');
    expect(await terminal.ended).toBe(1);
  },
);

test('it has the size of the person’s terminal, and SIGWINCH when that changes', TIMEOUT, async () => {
  const lab = labWith('size', {
    client: `import os, signal, time
def show(*_):
    print(*os.get_terminal_size(), os.environ["TERM"], flush=True)
signal.signal(signal.SIGWINCH, show)
show()
input()
`,
  });
  const terminal = attach(lab);
  await terminal.shows('80 24 xterm-256color');
  terminal.resize(40, 132);
  await terminal.shows('132 40 xterm-256color');
  terminal.type('\r');
  expect(await terminal.ended).toBe(0);
});

test(
  'what others write stands in lines above the one that is being typed, and time passes as on a clock',
  TIMEOUT,
  async () => {
    const lab = labWith('others', {
      server: `import socket, time
listener = socket.create_server(("", 9000))
connection, _ = listener.accept()
time.sleep(0.5)
print("ready", flush=True)
print("said:", connection.recv(100).decode(), flush=True)
connection.recv(1)
`,
      client: `import socket, time
connection = socket.create_connection(("server", 9000))
begin = time.monotonic()
connection.sendall(input("? ").encode())
print("in time" if time.monotonic() >= begin + 0.4 else "too early", flush=True)
input("! ")
`,
    });
    const terminal = attach(lab);
    await terminal.shows('? ');
    terminal.type('안');
    await terminal.shows('server │ ready\r\n? 안');
    terminal.type('녕\r');
    await terminal.shows('in time\r\n');
    await terminal.shows('! ');
    expect(terminal.text).toContain('server │ said: 안녕\r\n');
    terminal.type('\r');
    expect(await terminal.ended).toBe(0);
  },
);

test('the interactive interpreter has its editor there', TIMEOUT, async () => {
  const lab = labWith('interpreter', { client: '' });
  writeFileSync(
    join(lab, 'lab.yaml'),
    'name: interpreter\ntopology:\n  nodes:\n    client: {kind: host, run: [python3 -q]}\n',
  );
  const terminal = attach(lab);
  await terminal.shows('>>> ');
  terminal.type('2, 1');
  await terminal.shows('1');
  // Up to the beginning of the line: it is the interpreter that moves there, not the terminal.
  terminal.type('\x01');
  await terminal.shows('\x1b[4D');
  terminal.type('3, ');
  await terminal.shows('3');
  terminal.type('\r');
  await terminal.shows('(3, 2, 1)');
  await terminal.shows('>>> ');
  terminal.type('\x04');
  expect(await terminal.ended).toBe(0);
});

test('Ctrl-] leaves it, the lab goes on, and then Ctrl-C ends the run', TIMEOUT, async () => {
  const lab = labWith('leaves', {
    server: `import time
while True:
    time.sleep(0.05)
    print("serving", flush=True)
`,
    client: 'input("ask ")\n',
  });
  const terminal = attach(lab);
  await terminal.shows('ask ');
  terminal.type('\x1d');
  await terminal.shows('left client; Ctrl-C ends the run');
  await terminal.shows('server │ serving');
  terminal.type('\x03');
  expect(await terminal.ended).toBe(130);
});

test('without a terminal it says so in one line', () => {
  const { status, stderr } = spawnSync(process.execPath, [BIN, 'run', 'labs/echo', '--attach', 'client'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/^netarium: --attach needs a terminal, [^\n]*\n$/);
  expect(status).toBe(2);
});
