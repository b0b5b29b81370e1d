import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines, runAlone } = machines();

/** What `python3` shows with these words, where `program.py` is `source`. */
async function python(words: readonly string[], source: string, env: Record<string, string> = {}) {
  const { server, run } = twoMachines();
  server.files.put('/home/student/program.py', source);
  server.files.put('/home/student/lib/helper.py', 'WHERE = __file__\n');
  const process = server.spawn(['python3', ...words], { env: { NO_COLOR: '1', ...env } });
  await run();
  return process.terminal.text;
}

const OPTIMIZED = `import sys
def f(): "documentation"
assert sys.flags.optimize > 0, 'asserted'
print(__debug__, sys.flags.optimize, f.__doc__)
`;

describe('options of python3', () => {
  it('-O leaves out assertions, -OO docstrings too; so does PYTHONOPTIMIZE', async () => {
    expect(await python(['program.py'], OPTIMIZED)).toContain('AssertionError: asserted');
    expect(await python(['-O', 'program.py'], OPTIMIZED)).toBe('False 1 documentation\n');
    expect(await python(['-OO', 'program.py'], OPTIMIZED)).toBe('False 2 None\n');
    expect(await python(['program.py'], OPTIMIZED, { PYTHONOPTIMIZE: '2' })).toBe('False 2 None\n');
    expect(
      await python(['-O', '-c', 'assert 0; import helper; print(helper.f())'], '', {
        PYTHONPATH: 'lib',
      }),
    ).toContain('AttributeError');
  });

  it('-x passes over the first line, which still counts', async () => {
    const text = await python(['-x', 'program.py'], '@echo off & no python\nprint("two")\n1/0\n');
    expect(text).toContain('two\n');
    expect(text).toContain('line 3, in <module>');
  });

  it('entries of PYTHONPATH become whole paths, each once', async () => {
    const source = 'import sys, helper\nprint(sys.path[:4], helper.WHERE)\n';
    expect(await python(['program.py'], source, { PYTHONPATH: 'lib:./lib:/tmp:' })).toBe(
      "['/home/student', '/home/student/lib', '/tmp', '/home/student'] /home/student/lib/helper.py\n",
    );
  });
});

describe('KeyboardInterrupt that nobody catches', () => {
  it('ends the process as SIGINT does: a parent sees -2', async () => {
    const { text } = await runAlone(`import signal, subprocess, sys, time
p = subprocess.Popen([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(9)'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
p.stdout.readline()
p.send_signal(signal.SIGINT)
print(p.communicate()[1].split()[-1], p.returncode)
`);
    expect(text).toBe("b'KeyboardInterrupt' -2\n");
  });
});

describe('SO_PEERCRED', () => {
  it('tells pid, uid and gid of who connected, of who listened, and of who made a pair', async () => {
    const { text } = await runAlone(`import os, socket, struct, subprocess, sys
def peer(s): return struct.unpack('3i', s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
server = socket.socket(socket.AF_UNIX); server.bind('s'); server.listen()
print(peer(server), peer(socket.socket(socket.AF_UNIX)), peer(socket.socketpair()[0]) == (os.getpid(), 1000, 1000))
child = subprocess.Popen([sys.executable, '-c', '''
import socket, struct
c = socket.socket(socket.AF_UNIX); c.connect('s')
print(struct.unpack('3i', c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))
c.recv(1)
'''])
c, _ = server.accept()
print(peer(c) == (child.pid, 1000, 1000))
c.close(); child.wait()
`);
    expect(text.split('\n').sort()).toEqual(
      ['(100, 1000, 1000) (0, -1, -1) True', '(100, 1000, 1000)', 'True', ''].sort(),
    );
  });
});
