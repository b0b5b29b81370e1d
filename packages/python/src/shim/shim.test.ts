import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { keepBytesOfNames } from './byte-names.ts';
import { FIRST_REPLACED, HOOKED_IMPORTS, NEEDED_EXPORTS, REPLACED_FUNCTIONS } from './imports.ts';
import { replaceFunctions } from './replace-functions.ts';
import { entryText, shimText } from './text.ts';
import { trapLinuxInterrupts } from './trapped-eintr.ts';

type Wabt = typeof import('wabt');

const original = readFileSync(new URL(import.meta.resolve('pyodide/pyodide.asm.wasm')));

describe('the pinned CPython binary', () => {
  let imports: Set<string>;
  let exports: Set<string>;
  beforeAll(() => {
    const module = new WebAssembly.Module(original);
    imports = new Set(WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`));
    exports = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  });

  it('is the one this package was made for', () => {
    const require = createRequire(import.meta.url);
    expect((require('pyodide/package.json') as { version: string }).version).toBe('314.0.7');
  });

  it.each(Object.values(HOOKED_IMPORTS))('imports $module.$name', ({ module, name }) => {
    expect(imports).toContain(`${module}.${name}`);
  });

  it.each([
    'saveState',
    'restoreState',
    'getaddrinfo',
    '_emscripten_lookup_name',
    'exit',
    'ffi_call_js',
    '_localtime_js',
    '_gmtime_js',
    '_mktime_js',
    '_timegm_js',
    '_tzset_js',
    'Jsv_GetError_import',
    'JsvError_Check',
  ])('imports env.%s, which is replaced in JavaScript', (name) => {
    expect(imports).toContain(`env.${name}`);
  });

  it.each([
    ...NEEDED_EXPORTS,
    ...Object.keys(REPLACED_FUNCTIONS),
    '_Py_emscripten_signal_clock',
    '__indirect_function_table',
    'memory',
  ])('exports %s', (name) => {
    expect(exports).toContain(name);
  });
});

describe('replacing functions of the binary', () => {
  it('gives a valid binary with the same imports and exports', () => {
    const [before, after] = [
      new WebAssembly.Module(original),
      new WebAssembly.Module(replaceFunctions(original)),
    ];
    expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
    expect(WebAssembly.Module.exports(after)).toEqual(WebAssembly.Module.exports(before));
  });

  it('makes them call the getnameinfo import with their number and arguments', async () => {
    const wasm = { i: 'i32 ', I: 'i64 ', _: 'i32 ', '': '' };
    const types = (letters: string) =>
      [...letters].map((letter) => wasm[letter as keyof typeof wasm]).join('');
    const functions = Object.entries(REPLACED_FUNCTIONS).map(
      ([name, { parameters, result }]) =>
        `(func (export "${name}") (param ${types(parameters)}) ${result ? `(result ${types(result)})` : ''} unreachable)`,
    );
    const { name: target, parameters } = HOOKED_IMPORTS.getnameinfo;
    const text = `(module
      (import "env" "memory" (memory 1 2))
      (import "env" "table" (table 1 funcref))
      (import "env" "global" (global i32))
      (import "env" "other" (func (param i32)))
      (import "env" "${target}" (func (param ${'i32 '.repeat(parameters.length)}) (result i32)))
      ${functions.join('\n')}
      (func (export "kept") (result i32) (i32.const 42)))`;
    const binary = (await assemble(text)) as Uint8Array<ArrayBuffer>;
    const calls: number[][] = [];
    const instance = new WebAssembly.Instance(new WebAssembly.Module(replaceFunctions(binary)), {
      env: {
        memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
        table: new WebAssembly.Table({ initial: 1, element: 'anyfunc' }),
        global: 7,
        other: () => undefined,
        [target]: (...values: number[]) => calls.push(values),
      },
    });
    const exports = instance.exports as Record<string, (...values: unknown[]) => unknown>;
    expect(exports.kept?.()).toBe(42);
    Object.entries(REPLACED_FUNCTIONS).forEach(([name, { parameters, result }], index) => {
      const values = [...parameters].map((letter, position) =>
        letter === 'I' ? 0x1_0000_0002n : 11 + position,
      );
      const passed = [...parameters].flatMap((letter, position) =>
        letter === 'I' ? [2, 1] : letter === '_' ? [] : [11 + position],
      );
      const returned = index + 1;
      expect(exports[name]?.(...values)).toBe(
        result === '' ? undefined : result === 'I' ? BigInt(returned) : returned,
      );
      expect(calls[index]).toEqual([...[FIRST_REPLACED - index, ...passed, 0, 0, 0, 0, 0, 0].slice(0, 7)]);
    });
  });

  it('refuses a binary that lacks one', async () => {
    const text = `(module (import "env" "${HOOKED_IMPORTS.getnameinfo.name}" (func)) (func (export "x")))`;
    const binary = await assemble(text);
    expect(() => replaceFunctions(binary)).toThrow('does not export setsockopt');
  });
});

describe('the number that buffered files know EINTR by', () => {
  it('becomes Linux’s, in the one place where the binary asks for it', () => {
    const binary = Uint8Array.from(original);
    const patched = trapLinuxInterrupts(binary);
    const changed = [...patched.keys()].filter((at) => patched[at] !== binary[at]);
    expect(changed.map((at) => [binary[at], patched[at]])).toEqual([[27, 4]]);
    expect(() => trapLinuxInterrupts(patched)).toThrow('found 0');
  });
});

describe('the text of names of files', () => {
  it('is asked for in Emscripten’s JavaScript as it is pinned', () => {
    const factory = readFileSync(new URL(import.meta.resolve('pyodide/pyodide.asm.mjs')), 'utf8');
    expect(keepBytesOfNames(factory).split('Module.textOfBytes').length).toBe(2);
    expect(() => keepBytesOfNames(keepBytesOfNames(factory))).toThrow('Expected this once');
  });
});

describe('the shim', () => {
  it('assembles, and exports a function for each hooked import', async () => {
    const module = new WebAssembly.Module((await assemble(shimText())) as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(Object.keys(HOOKED_IMPORTS));
    const entry = new WebAssembly.Module((await assemble(entryText())) as Uint8Array<ArrayBuffer>);
    for (const { name } of WebAssembly.Module.imports(entry))
      expect([...NEEDED_EXPORTS, '__indirect_function_table', 'memory']).toContain(name);
  });
});

async function assemble(text: string): Promise<Uint8Array> {
  const wabt = await (createRequire(import.meta.url)('wabt') as Wabt)();
  return wabt.parseWat('test.wat', text, { reference_types: true, mutable_globals: true }).toBinary({})
    .buffer;
}
