import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines, runAlone } = machines();

/** Runs a program under `prlimit`. */
async function limited(options: readonly string[], source: string) {
  const { server, run } = twoMachines();
  server.files.put('/home/student/program.py', source);
  const process = server.spawn(['prlimit', ...options, 'python3', 'program.py'], { env: { NO_COLOR: '1' } });
  await run();
  return { text: process.terminal.text, status: process.status };
}

describe('resource', () => {
  it('tells and sets the limits that the machine has of the process', async () => {
    const { text } = await runAlone(`import resource, subprocess
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE), resource.RLIM_INFINITY)
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
print(resource.prlimit(0, resource.RLIMIT_NOFILE, (50, 60)), resource.getrlimit(resource.RLIMIT_NOFILE))
print(subprocess.run(['ulimit', '-n'], capture_output=True, text=True).stdout, end='')
for limits in (60, 50), (1, 61), (1, 2, 3), (-5, 9):
    try: resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    except ValueError as e: print(e)
for wrong in lambda: resource.getrlimit(16), lambda: resource.getrusage(7), lambda: resource.getrlimit(2**40):
    try: wrong()
    except (ValueError, OverflowError) as e: print(e)
try: resource.prlimit(99999, resource.RLIMIT_AS)
except ProcessLookupError as e: print(e)
print(resource.getpagesize(), open('/proc/self/limits').read().splitlines()[8].split())
`);
    expect(text).toBe(`(1024, 4096) (-1, -1) -1
(100, 200) (50, 60)
50
current limit exceeds maximum limit
not allowed to raise maximum limit
expected a tuple of 2 integers
Cannot convert negative int
invalid resource specified
invalid who parameter
Python int too large to convert to C int
[Errno 3] No such process
4096 ['Max', 'open', 'files', '50', '60', 'files']
`);
  });

  it('counts what the process computes: the same in each run, and the same for time.process_time and os.times', async () => {
    const source = `import os, resource, subprocess, sys, time
before = time.process_time()
for _ in range(3_000_000): pass
used = resource.getrusage(resource.RUSAGE_SELF)
print(used)
print(0.1 < time.process_time() - before < 2, 0 <= os.times().user - used.ru_utime < 0.1)
subprocess.run([sys.executable, '-c', 'for _ in range(3_000_000): pass'])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > 0.1)
`;
    const first = await runAlone(source);
    expect(first.text.split('\n').slice(1)).toEqual(['True True', 'True', '']);
    expect(first.text).toContain('ru_utime=0.');
    expect((await runAlone(source)).text).toBe(first.text);
  });
});

describe('limits of a process that runs Python', () => {
  it('open files: sockets, pipes, files and copies of them together', async () => {
    const { text, status } = await limited(
      ['--nofile=8'],
      `import os, socket
a = [open('/tmp/x', 'w'), socket.socket()]
for make in open, lambda: os.open('/tmp/x', 0), socket.socket, os.pipe, socket.socketpair, lambda: os.dup(0), lambda: os.dup2(0, 8):
    try:
        while True: a.append(make('/tmp/x') if make is open else make())
    except OSError as e: print(e)
print(len(a))
a.pop().close()
print(socket.socket().fileno())
`,
    );
    const full = '[Errno 24] Too many open files';
    expect(text).toBe(
      `${`${full}: '/tmp/x'\n`.repeat(2)}${`${full}\n`.repeat(4)}[Errno 9] Bad file descriptor\n5\n7\n`,
    );
    expect(status).toBe(0);
  });

  it('memory: MemoryError where RLIMIT_AS is, which a program can raise', async () => {
    const { text } = await limited(
      ['--as=100000000:'],
      `import resource
try: bytearray(200_000_000)
except MemoryError: print('MemoryError')
resource.setrlimit(resource.RLIMIT_AS, (700_000_000, -1))
print(len(bytearray(600_000_000)))
`,
    );
    expect(text).toBe('MemoryError\n600000000\n');
  });

  it('the size of files: what fits is written; EFBIG, and SIGXFSZ for who wants it', async () => {
    const { text } = await limited(
      ['--fsize=1000'],
      `import os, signal
fd = os.open('file', os.O_RDWR | os.O_CREAT)
print(os.write(fd, bytes(600)), os.write(fd, bytes(600)))
signal.signal(signal.SIGXFSZ, lambda *_: print('SIGXFSZ'))
for grow in lambda: os.write(fd, b'x'), lambda: os.ftruncate(fd, 1001), lambda: os.pwrite(fd, b'x', 2**40):
    try: grow()
    except OSError as e: print(e)
os.ftruncate(fd, 10)
print(os.path.getsize('file'))
`,
    );
    expect(text).toBe(`600 400
${'SIGXFSZ\n[Errno 27] File too large\n'.repeat(3)}10
`);
  });

  it('the time it computes: SIGXCPU ends a loop without end, or is handled until SIGKILL comes', async () => {
    expect(await limited(['--cpu=1'], 'while True: pass\n')).toEqual({ text: '', status: 128 + 9 });
    expect(await limited(['--cpu=1:'], 'while True: pass\n')).toEqual({ text: '', status: 128 + 24 });
    const { text, status } = await limited(
      ['--cpu=1:3'],
      `import signal, time
signal.signal(signal.SIGXCPU, lambda *_: print(round(time.process_time(), 1)))
while True: pass
`,
    );
    expect([text, status]).toEqual(['1.0\n2.0\n', 128 + 9]);
  });

  it('can be changed from outside while it runs', async () => {
    const { server, run, start } = twoMachines();
    const process = start(server, "import os\nprint('go')\ninput()\nwhile True: os.dup(0)\n");
    await run(() => process.terminal.text.includes('go'));
    await run();
    server.run(`prlimit --pid ${process.pid} --nofile=20`);
    await run();
    process.terminal.enter('');
    await run();
    expect(process.terminal.text).toContain('Too many open files');
  });
});
