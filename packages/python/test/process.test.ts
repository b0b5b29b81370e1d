import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lab } from './lab.ts';

const { network, start, run, python } = lab();

describe('exit status', () => {
  it.each([
    ['nothing', '', 0, ''],
    ['sys.exit(3)', 'import sys; sys.exit(3)', 3, ''],
    ['sys.exit with a text', "import sys; sys.exit('그만')", 1, '그만\n'],
    ['sys.exit(None)', 'import sys; sys.exit()', 0, ''],
    ['sys.exit(256 + 7)', 'import sys; sys.exit(263)', 7, ''],
    ['os._exit', "import os; print('lost', end=''); os._exit(9)", 9, ''],
    ['exit in a function at the end', 'import atexit, os; atexit.register(os._exit, 4)', 4, ''],
  ])('%s', async (_title, source, status, errors) => {
    const p = await run(source);
    expect(p).toMatchObject({ status, errors });
  });
});

describe('what is not caught', () => {
  it('is printed as CPython prints it, without a frame of ours', async () => {
    const p = await run(`def outer():
    inner()

def inner():
    {}['열쇠']

outer()
`);
    expect(p.errors).toBe(`Traceback (most recent call last):
  File "/home/student/program.py", line 7, in <module>
    outer()
    ~~~~~^^
  File "/home/student/program.py", line 2, in outer
    inner()
    ~~~~~^^
  File "/home/student/program.py", line 5, in inner
    {}['열쇠']
    ~~^^^^^^^^
KeyError: '열쇠'
`);
    expect(p.status).toBe(1);
  });

  it('a syntax error names its place; status 1', async () => {
    const p = await run("import socket\nprint('안녕'\n");
    expect(p).toMatchObject({
      status: 1,
      output: '',
      errors: `  File "/home/student/program.py", line 2
    print('안녕'
         ^
SyntaxError: '(' was never closed
`,
    });
  });

  it('text that is not UTF-8: UnicodeDecodeError', async () => {
    const p = await run("'안녕'.encode('cp949').decode('utf-8')\n");
    expect(p.errors).toContain(
      "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xbe in position 0: invalid start byte\n",
    );
  });

  it('a program file that is not UTF-8', async () => {
    const { network: net, server } = network();
    const source = new Uint8Array([0x78, 0x3d, 0x22, 0xb0, 0xa1, 0x22, 0x0a]);
    server.write('/home/student/p.py', source);
    const p = server.spawn(python, ['python3', 'p.py']);
    await net.run();
    expect(p.errors).toContain("SyntaxError: Non-UTF-8 code starting with '\\xb0'");
    expect(p.errors).toContain('/home/student/p.py');
  });

  it('a chain of exceptions', async () => {
    const p = await run(`try:
    open('없음.txt')
except OSError as e:
    raise ValueError('x') from e
`);
    expect(p.errors).toContain("FileNotFoundError: [Errno 2] No such file or directory: '없음.txt'\n");
    expect(p.errors).toContain('The above exception was the direct cause of the following exception:');
  });

  it('the program sees no frame below its own', async () => {
    const p = await run('import sys, traceback\nprint(sys._getframe().f_back)\ntraceback.print_stack()\n');
    expect(p.output).toBe('None\n');
    expect(p.errors).toBe(
      '  File "/home/student/program.py", line 3, in <module>\n    traceback.print_stack()\n',
    );
  });
});

describe('the command line', () => {
  async function command(...argv: string[]) {
    const { network: net, server } = network();
    server.write(
      '/home/student/helper.py',
      "name = '도우미'\nif __name__ == '__main__': print(__name__, __file__)\n",
    );
    server.write(
      '/home/student/sub/main.py',
      'import sys, os\nprint(sys.argv, __file__, sys.path[0], os.getcwd())\nimport other\n',
    );
    server.write('/home/student/sub/other.py', "print('other', __name__)\n");
    const p = server.spawn(python, ['python3', ...argv]);
    await net.run();
    return p;
  }

  it('a file that is not there: the message of CPython, status 2', async () => {
    const p = await command('x.py');
    expect(p).toMatchObject({
      status: 2,
      errors: "python3: can't open file '/home/student/x.py': [Errno 2] No such file or directory\n",
    });
  });

  it('a script in a folder imports its neighbours', async () => {
    const p = await command('sub/main.py', '가', '-b');
    expect(p).toMatchObject({
      errors: '',
      output:
        "['sub/main.py', '가', '-b'] /home/student/sub/main.py /home/student/sub /home/student\nother other\n",
    });
  });

  it('-c, -m, --version, what is not known, what is not there', async () => {
    expect(await command('-c', 'import sys, helper; print(sys.argv, helper.name)', 'a')).toMatchObject({
      errors: '',
      output: "['-c', 'a'] 도우미\n",
      status: 0,
    });
    expect(await command('-m', 'helper')).toMatchObject({
      errors: '',
      output: '__main__ /home/student/helper.py\n',
    });
    expect((await command('--version')).output).toMatch(/^Python 3\.14\.\d+\n$/);
    expect(await command('-Z')).toMatchObject({ status: 2 });
    expect((await command('-O', 'x.py')).errors).toContain("can't open file '/home/student/x.py'");
  });

  it('environment and working directory are those of the process', async () => {
    const p = await run("import os; print(os.environ['GREETING'], os.getcwd(), os.getpid())", {
      env: { GREETING: '안녕' },
      cwd: '/home',
      argv: [],
    }).catch(() => undefined);
    expect(p?.errors ?? '').toContain("can't open file '/home/program.py'");
    const { network: net, server } = network();
    const q = server.spawn(
      python,
      ['python3', '-c', "import os; print(os.environ['A'], os.getcwd(), os.getpid())"],
      {
        env: { A: '안녕' },
        cwd: '/home',
      },
    );
    await net.run();
    expect(q.output).toBe(`안녕 /home ${q.pid}\n`);
  });
});

describe('the terminal', () => {
  it('input() prompts, waits, and returns the line', async () => {
    const { network: net, server } = network();
    const p = start(server, 'p.py', "name = input('이름? ')\nprint('안녕,', name)\nprint(input())\n");
    await net.run();
    expect(p.waitsIn).toBe('read');
    expect(p.output + p.errors).toBe('이름? ');
    p.type('철수\n');
    await net.run();
    expect(p.output).toContain('안녕, 철수\n');
    p.type(null);
    await net.run();
    expect(p.errors).toContain('    print(input())\n          ~~~~~^^\nEOFError\n');
  });

  it('what is printed appears line by line on a terminal, at the end in a pipe', async () => {
    const source = "import time\nprint('하나')\nprint('둘', end='')\ntime.sleep(1)\nprint()\n";
    const writes = async (terminal: boolean) =>
      (await run(source, { terminal })).calls
        .filter(({ name }) => name === 'write' || name === 'nanosleep')
        .map(({ name, args }) => (name === 'write' ? new TextDecoder().decode(args[1] as Uint8Array) : name));
    expect(await writes(true)).toEqual(['하나\n', 'nanosleep', '둘\n']);
    expect(await writes(false)).toEqual(['nanosleep', '하나\n둘\n']);
  });

  it('knows what it is', async () => {
    const source =
      'import sys, os\nprint(sys.stdin.isatty(), os.isatty(1), sys.stdout.encoding, sys.stdout.name)\n';
    expect((await run(source)).output).toBe('True True utf-8 <stdout>\n');
    expect((await run(source, { terminal: false })).output).toBe('False False utf-8 <stdout>\n');
  });
});

describe('files', () => {
  it('are read from the machine and written to it, before what the process does next', async () => {
    const { network: net, server } = network();
    server.write('/home/student/말.txt', '안녕\n세계\n');
    const p = start(
      server,
      'p.py',
      `import os
lines = open('말.txt', encoding='utf-8').read().split()
with open('out.txt', 'w', encoding='utf-8') as f:
    f.write('+'.join(lines))
os.mkdir('d'); os.rename('out.txt', 'd/결과.txt'); os.remove('말.txt')
print(os.listdir('.'))
with open('/tmp/x', 'ab') as f: f.write(b'1'); f.flush(); print('written'); f.write(b'2')
`,
    );
    await net.run();
    expect(p.errors).toBe('');
    expect(server.read('/home/student/d/결과.txt')).toBe('안녕+세계');
    expect(server.files.has('/home/student/말.txt')).toBe(false);
    expect(server.read('/tmp/x')).toBe('12');
  });

  it('a process sees what another wrote before it spoke', async () => {
    const { network: net, server } = network();
    const reader = start(
      server,
      'reader.py',
      `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 5000))
s.recv(10)
print(open('note.txt', encoding='utf-8').read())
`,
    );
    await net.run();
    start(
      server,
      'writer.py',
      `import socket
open('note.txt', 'w', encoding='utf-8').write('읽어라')
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'go', ('127.0.0.1', 5000))
`,
    );
    await net.run();
    expect(reader).toMatchObject({ errors: '', output: '읽어라\n' });
  });
});

describe('time and chance are the lab’s', () => {
  it('sleep takes its time of the lab’s clock; all clocks agree', async () => {
    const p = await run(`import time, datetime
t, m, p = time.time(), time.monotonic(), time.perf_counter()
time.sleep(3600)
print(*(round(x) for x in (time.time() - t, time.monotonic() - m, time.perf_counter() - p)))
print(datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0))
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe('3600 3600 3600\n2023-11-14 23:13:20+00:00\n');
  });

  it('a loop that looks at the clock until a time has come ends', async () => {
    const p = await run(`import time
end = time.time() + 0.5
n = 0
while time.time() < end:
    n += 1
print(n > 1000, time.time() >= end)
t = time.perf_counter()
sum(range(1000))
print(time.perf_counter() > t)
`);
    expect(p.output).toBe('True True\nTrue\n');
  });

  const CHANCE = `import os, random, secrets, uuid, time
print(random.random(), os.urandom(4).hex(), secrets.token_hex(4), uuid.uuid4(), hash('열쇠'))
print({'a', 'b', 'c', 'd'}, id(object()), time.time())
`;
  it('the same seed gives the same run, another seed another', async () => {
    const [a, b, c] = [
      await run(CHANCE, { seed: 7 }),
      await run(CHANCE, { seed: 7 }),
      await run(CHANCE, { seed: 8 }),
    ];
    expect(a.errors).toBe('');
    expect(a.output).toBe(b.output);
    expect(a.output.split('\n')[0]).not.toBe(c.output.split('\n')[0]);
  });
});

describe('Ctrl-C raises KeyboardInterrupt', () => {
  it.each([
    ['in accept', "import socket\nsocket.create_server(('', 9000)).accept()", 'accept4'],
    [
      'in a timed accept',
      "import socket\ns = socket.create_server(('', 9000)); s.settimeout(60)\ns.accept()",
      'poll',
    ],
    ['in recvfrom', "import socket\ns = socket.socket(2, 2); s.bind(('', 5000))\ns.recvfrom(10)", 'recvfrom'],
    ['in connect', "import socket\nsocket.socket().connect(('10.9.9.9', 80))", 'connect'],
    ['in select', 'import select, sys\nselect.select([sys.stdin], [], [])', 'poll'],
    ['in sleep', 'import time\ntime.sleep(1000)', 'nanosleep'],
    ['in input', 'input()', 'read'],
  ])('%s', async (_title, source, call) => {
    const { network: net, server } = network();
    const p = start(server, 'p.py', source);
    await net.run(() => p.waitsIn === call);
    expect(p.waitsIn).toBe(call);
    p.signal(2);
    await net.run();
    expect(p.errors.trimEnd().split('\n').at(-1)).toBe('KeyboardInterrupt');
    expect(p.errors).not.toContain('netarium');
    expect(p.status).toBe(130);
  });

  it('in a computation', async () => {
    const { network: net, server } = network();
    const p = start(server, 'p.py', "print('go')\nwhile True: pass\n");
    const running = net.run();
    while (p.output !== 'go\n') await new Promise(setImmediate);
    // Whether it computes already or is about to: it never rests again by itself.
    p.events.signal?.(2);
    await running;
    expect(p.errors.trimEnd().split('\n').at(-1)).toBe('KeyboardInterrupt');
    expect(p.status).toBe(130);
  });

  it('between two calls: the second is not waited in', async () => {
    const { network: net, server } = network();
    const source = "import socket\ns = socket.create_server(('', 9000))\nprint('go')\ns.accept()\n";
    const p = start(server, 'p.py', source);
    await net.run(() => p.output === 'go\n');
    p.events.signal?.(2);
    await net.run();
    expect(p.errors.trimEnd().split('\n').at(-1)).toBe('KeyboardInterrupt');
    expect(p.status).toBe(130);
  });

  it('which a program may catch, and go on', async () => {
    const { network: net, server } = network();
    const p = start(
      server,
      'p.py',
      `import signal, time
try:
    time.sleep(1000)
except KeyboardInterrupt:
    print('끝낸다')
signal.signal(signal.SIGTERM, lambda number, frame: print('SIGTERM', number))
time.sleep(5)
print('ende', round(time.monotonic()))
`,
    );
    await net.run(() => p.waitsIn === 'nanosleep');
    p.signal(2);
    await net.run(() => p.output !== '' && p.waitsIn === 'nanosleep');
    p.signal(15);
    await net.run();
    expect(p).toMatchObject({ errors: '', output: '끝낸다\nSIGTERM 15\nende 5\n', status: 0 });
  });

  it('SIGTERM that nobody handles ends it at once, SIGKILL always', async () => {
    const { network: net, server } = network();
    const p = start(server, 'p.py', 'input()');
    const q = start(server, 'q.py', 'input()');
    await net.run();
    p.signal(15);
    q.kill();
    await net.run();
    expect(p).toMatchObject({ status: 143, errors: '' });
    expect(q.status).toBe(137);
  });
});

describe('the end of a program', () => {
  it('lets go of what it still has: __del__ runs, sockets are closed, what atexit has comes first', async () => {
    const p = await run(`import atexit, socket
class Thing:
    def __del__(self):
        print('gone')
thing = Thing()
s = socket.socket()
atexit.register(print, 'atexit')
raise SystemExit(2)
`);
    expect(p).toMatchObject({ errors: '', output: 'atexit\ngone\n', status: 2 });
    expect(p.calls.filter(({ name }) => name === 'close')).toHaveLength(1);
  });

  it('a recursion without end is a RecursionError, in C as well', async () => {
    const p = await run(`def f(): f()
try:
    f()
except RecursionError as e:
    print(e)
a = []
for i in range(4000): a = [a]
try:
    repr(a)
except RecursionError as e:
    print('repr')
`);
    expect(p.errors).toBe('');
    expect(p.output).toContain('maximum recursion depth exceeded\n');
    expect(p.output).toContain('repr\n');
  });
});

describe('descriptors', () => {
  it('a socket stays open while another number leads to it; a number that is taken over is closed', async () => {
    const p = await run(`import os, socket
a = socket.socket(); b = socket.socket()
n = os.dup(a.fileno())
a.close()
print(socket.socket(fileno=n).getsockname())
os.dup2(1, b.detach())
os.write(4, b'to the terminal\\n')
f = open('/tmp/f', 'w'); os.dup2(f.fileno(), 1); print('to the file', flush=True)
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe("('0.0.0.0', 0)\nto the terminal\n");
    expect(p.machine.read('/tmp/f')).toBe('to the file\n');
    expect(p.status).toBe(0);
  });
});

describe('where Python cannot be suspended', () => {
  it('a call that waits is refused, what is printed is printed', async () => {
    const p = await run(`import ctypes, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
@ctypes.CFUNCTYPE(ctypes.c_int)
def callback():
    try:
        s.recv(10)
    except OSError as e:
        print(e)
    return 7
print(callback())
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe('[Errno 35] Resource deadlock avoided\n7\n');
    expect(p.status).toBe(0);
  });
});

describe('the real CPython of this computer', () => {
  const version = (() => {
    try {
      return execFileSync('python3', ['--version']).toString();
    } catch {
      return undefined;
    }
  })();

  it.skipIf(version === undefined)('prints the same', async () => {
    const source = `import json, struct, socket, errno, os, sys
print(json.dumps({'이름': [1, 2.5, None]}, ensure_ascii=False), struct.pack('!HI', 80, 1), repr('\\ud55c'))
print(sorted(errno.errorcode.items()) == sorted((getattr(errno, n), n) for n in errno.errorcode.values()))
for n in ('ECONNREFUSED', 'EADDRINUSE', 'ETIMEDOUT', 'EAGAIN', 'ENOTCONN', 'EHOSTUNREACH', 'EISCONN', 'EMSGSIZE', 'EPIPE'):
    e = getattr(errno, n)
    print(n, e, os.strerror(e), type(OSError(e, 'x')).__name__, errno.errorcode[e])
for n in ('AF_INET', 'SOCK_STREAM', 'SOCK_DGRAM', 'SOL_SOCKET', 'SO_REUSEADDR', 'SO_KEEPALIVE', 'SO_BROADCAST', 'SO_LINGER',
          'SO_RCVBUF', 'SO_SNDBUF', 'SO_ERROR', 'SO_REUSEPORT', 'IPPROTO_TCP', 'TCP_NODELAY', 'TCP_MAXSEG', 'SHUT_WR',
          'MSG_PEEK', 'MSG_DONTWAIT', 'MSG_WAITALL', 'SOMAXCONN', 'IP_TTL', 'INADDR_ANY'):
    print(n, int(getattr(socket, n)))
try:
    open('/nowhere/x')
except OSError as e:
    print(repr(e), e.filename)
s = socket.socket()
try:
    s.connect(('127.0.0.1', 1))
except OSError as e:
    print(repr(e), e.errno == errno.ECONNREFUSED)
try:
    s.bind(('256.1.1.1', 1))
except OSError as e:
    print(type(e).__name__)
for bad in (lambda: s.bind('x'), lambda: s.bind(('', 70000)), lambda: s.send('x'), lambda: b'' + '', lambda: socket.inet_aton('x')):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)
print(socket.inet_ntoa(b'\\x0a\\0\\0\\1'), socket.htons(80))
sys.exit('끝')
`;
    const folder = mkdtempSync(join(tmpdir(), 'netarium-python-'));
    let expected = { output: '', errors: '' };
    try {
      writeFileSync(join(folder, 'p.py'), source);
      execFileSync('python3', ['p.py'], {
        cwd: folder,
        stdio: 'pipe',
        env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
      });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
      expected = { output: stdout.toString(), errors: stderr.toString() };
    } finally {
      rmSync(folder, { recursive: true });
    }
    const p = await run(source);
    expect(p.output).toBe(expected.output);
    expect(p.errors).toBe(expected.errors);
  });
});
