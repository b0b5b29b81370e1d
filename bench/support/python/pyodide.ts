// Prints the milliseconds until a plain Pyodide in this process printed something.
import { loadPyodide } from 'pyodide';

const begin = performance.now();
const pyodide = await loadPyodide({ stdout: () => undefined });
pyodide.runPython("print('hello')");
console.log(performance.now() - begin);
process.exit(0);
