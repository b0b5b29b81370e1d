import { bytesOfText } from '@netarium/machine/byte-names';
import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

it('names of files that are no UTF-8 are what they are on Linux, for the process, its children and its machine', async () => {
  const { server, run, start } = twoMachines();
  server.files.put('/home/student/from the machine \udcfe', 'machine');
  const process = start(
    server,
    `import os, pathlib, socket, subprocess, sys
name = os.fsdecode(b'caf\\xe9 \\xea\\xb0\\x80')
print(ascii(name), os.fsencode(name))
with open(b'caf\\xe9 \\xea\\xb0\\x80', 'w') as f: f.write('inside')
print(open(name).read(), sorted(os.listdir(b'.')), ascii(sorted(os.listdir())[0]))
print(subprocess.run(['ls'], capture_output=True).stdout)
print(subprocess.run(['cat', name], capture_output=True).stdout)
child = 'import sys; print(ascii(sys.argv[1]), open(sys.argv[1]).read())'
print(subprocess.run([sys.executable, '-c', child, name], capture_output=True, text=True).stdout, end='')
os.mkdir(b'\\xff'); os.chdir(b'\\xff')
print(ascii(os.getcwd()), os.getcwdb())
os.chdir('..'); os.rename(b'\\xff', b'\\xfd'); os.unlink(name)
print([p for p in os.listdir(b'.') if p[0] > 127], pathlib.Path(os.fsdecode(b'\\xfd')).exists())
print(open('from the machine \\udcfe').read())
s = socket.socket(socket.AF_UNIX); s.bind(b'\\xfc'); print(ascii(s.getsockname()), os.path.exists(b'\\xfc'))
`,
  );
  await run();
  expect(process.terminal.text).toBe(`'caf\\udce9 \\uac00' b'caf\\xe9 \\xea\\xb0\\x80'
inside [b'caf\\xe9 \\xea\\xb0\\x80', b'from the machine \\xfe', b'program.py'] 'caf\\udce9 \\uac00'
b'caf\\xe9 \\xea\\xb0\\x80\\nfrom the machine \\xfe\\nprogram.py\\n'
b'inside'
'caf\\udce9 \\uac00' inside
'/home/student/\\udcff' b'/home/student/\\xff'
[b'\\xfd'] True
machine
'\\udcfc' True
`);
  expect(process.status).toBe(0);
  expect([...bytesOfText('\udcfd')]).toEqual([0xfd]);
  expect(typeof server.files.status('/home/student/\udcfd')).toBe('object');
});
