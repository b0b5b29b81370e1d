// Prints the milliseconds until a Python in this process, which has loaded nothing of it yet, printed something.
import { pythonProgram } from '@netarium/python/node';
import { Lab } from 'netarium';

const begin = performance.now();
const lab = new Lab({ seed: 1 });
const host = lab.host('server');
host.install('python3', pythonProgram());
host.write('hello.py', "print('hello')\n");
const { terminal } = host.start('python3 hello.py');
await lab.until(() => terminal.text.includes('hello'));
console.log(performance.now() - begin);
process.exit(0);
