import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone } = machines();

describe('a program that does not come from a file', () => {
  it('from standard input', async () => {
    const { text } = await runAlone(`import subprocess
source = 'import sys\\nprint(sys.argv, __name__)\\nprint(1/0)\\n'
p = subprocess.run(['python3', '-', 'a', 'b'], input=source, text=True, capture_output=True)
print(p.stdout, p.returncode, p.stderr)
`);
    expect(text).toBe(
      `['-', 'a', 'b'] __main__\n 1 Traceback (most recent call last):\n  File "<stdin>", line 3, in <module>\nZeroDivisionError: division by zero\n\n`,
    );
  });
});

describe('other processes', () => {
  it('subprocess runs the commands of the machine: output, input, status, errors, signals', async () => {
    const { text, status } = await runAlone(`import os, subprocess, sys
print(subprocess.run(['echo', 'hello world'], capture_output=True, text=True))
print(subprocess.run(['cat'], input='piped', capture_output=True, text=True).stdout)
print(subprocess.check_output('hostname', shell=True), os.system('false'), os.system('echo shell'))
try:
    subprocess.run(['no-such-thing'])
except FileNotFoundError as e:
    print(repr(e), e.filename)
try:
    subprocess.run(['echo'], cwd='/nowhere')
except FileNotFoundError as e:
    print(e)
p = subprocess.Popen(['sleep', '100'])
print(p.poll())
p.terminate()
print(p.wait(), p.poll())
with open('out.txt', 'w') as f:
    f.write('first\\n')
    f.flush()
    subprocess.run(['echo', 'second'], stdout=f)
print(open('out.txt').read())
try:
    subprocess.run(['sleep', '100'], timeout=2)
except subprocess.TimeoutExpired as e:
    print(e)
child = 'import os, sys; print(os.getppid(), sys.stdin.read()); sys.exit(3)'
print(subprocess.run([sys.executable, '-c', child], input='x', text=True).returncode, os.getpid())
print(subprocess.run(['python3', '-c', 'import time; time.sleep(9)'], stdin=subprocess.DEVNULL).returncode)
`);
    expect(
      text,
    ).toBe(`CompletedProcess(args=['echo', 'hello world'], returncode=0, stdout='hello world\\n', stderr='')
piped
shell
b'server\\n' 256 0
FileNotFoundError(2, 'No such file or directory') no-such-thing
[Errno 2] No such file or directory: '/nowhere'
None
-15 -15
first
second

Command '['sleep', '100']' timed out after 2 seconds
100 x
3 100
0
`);
    expect(status).toBe(0);
  });

  it('who it is, and whose', async () => {
    const { text } = await runAlone(`import os, getpass, pwd
print(os.getpid(), os.getppid(), os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.getlogin(), getpass.getuser())
print(pwd.getpwuid(os.getuid()).pw_dir, os.path.expanduser('~'), os.getcwd())
`);
    expect(text).toBe(
      '100 1 1000 1000 1000 [1000] student student\n/home/student /home/student /home/student\n',
    );
  });

  it('what others write appears in its files, and what it writes in theirs, while both run', async () => {
    const { text } = await runAlone(`import subprocess
log = open('log', 'a')
log.write('parent\\n'); log.flush()
child = subprocess.Popen(['python3', '-c', '''
log = open('log', 'a')
log.write('child\\\\n'); log.flush()
print(input(), open('log').read().split())
'''], stdin=subprocess.PIPE, text=True)
import time; time.sleep(1)
log.write('parent again\\n'); log.flush()
child.communicate('now')
print(open('log').read().split())
`);
    expect(text).toBe("now ['parent', 'child', 'parent', 'again']\n['parent', 'child', 'parent', 'again']\n");
  });
});

describe('alarms', () => {
  it('come on the clock of the lab, once or again and again, and end what does not handle them', async () => {
    const { text, status } = await runAlone(`import signal, time
def handler(number, frame): print(signal.Signals(number).name, round(time.monotonic() - t, 2))
signal.signal(signal.SIGALRM, handler)
t = time.monotonic()
print(signal.setitimer(signal.ITIMER_REAL, 0.5, 0.25))
for _ in range(3): time.sleep(0.3)
print([round(x, 2) for x in signal.setitimer(signal.ITIMER_REAL, 0)], signal.alarm(5), signal.alarm(0))
try: signal.setitimer(signal.ITIMER_PROF, 1)
except signal.ItimerError as e: print(e)
signal.alarm(1)
time.sleep(2)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.alarm(1)
time.sleep(9)
`);
    expect(text).toBe(
      '(0.0, 0.0)\nSIGALRM 0.5\nSIGALRM 0.75\n[0.1, 0.25] 0 5\n[Errno 22] Invalid argument\nSIGALRM 1.9\n',
    );
    expect(status).toBe(128 + 14);
  });
});
