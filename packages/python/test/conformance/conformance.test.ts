import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pythonProgram } from '../../src/node/index.ts';
import { inMachine } from './in-machine.ts';
import { count, Outcomes } from './outcomes.ts';
import { runModule } from './process.ts';
import { chooseModules, findSuite, MODULES, type Suite } from './suite.ts';

const MINI = `
import os, signal, socket, sys, unittest

class Mini(unittest.TestCase):
    def test_1_ok(self):
        print("what a case prints is no matter")
    def test_2_fail(self):
        self.assertEqual(1, 2)
    def test_3_error(self):
        raise ConnectionResetError(104, "gone")
    @unittest.skip("not here")
    def test_4_skip(self):
        pass
    def test_5_hang(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.accept()
    def test_6_crash(self):
        os._exit(3)
    def test_7_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
    def test_8_network(self):
        with socket.socket() as client:
            self.assertEqual(client.connect_ex(("neighbour", 9)), 111)

class Fixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest("no fixture")
    def test_never(self):
        pass
`;

const folder = mkdtempSync(join(tmpdir(), 'netarium-suite-'));
afterAll(() => rmSync(folder, { recursive: true }));
const python = pythonProgram({ warm: 1 });
afterAll(() => python.close());

function write(name: string, text: string): void {
  const path = join(folder, 'usr/lib/python3.14/test', name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

describe("the runner of CPython's tests", () => {
  it('says what is missing in the folder', () => {
    expect(findSuite(join(folder, 'nowhere'))).toContain('there is no such folder');
    expect(findSuite(folder)).toContain('neither usr/lib/python3.14/test nor test');
    write('test_socket.py', '');
    expect(findSuite(folder)).toContain('no support/');
  });

  it('runs what is asked for, or a selection', () => {
    const suite = suiteOf({ 'test_asyncio/test_streams.py': '' });
    expect(chooseModules(suite, [])).toEqual(MODULES);
    expect(chooseModules(suite, ['test.test_socket', 'test_socket.py'])).toEqual([
      'test_socket',
      'test_socket',
    ]);
    expect(chooseModules(suite, ['test_asyncio'])).toContain(
      'test_asyncio.test_server, test_asyncio.test_sock',
    );
    expect(chooseModules(suite, ['test_asyncio.test_streams'])).toEqual(['test_asyncio.test_streams']);
  });

  it('gives each case its outcome, also those after one that hangs or ends the process', async () => {
    const suite = suiteOf({ 'test_mini.py': MINI });
    const outcomes = new Outcomes('test.test_mini');
    await runModule('test_mini', inMachine(suite, python, { wall: 600, virtual: 600 }), outcomes);
    const told = outcomes.cases.map(({ id, result, message, where }) =>
      [id.replace('test.test_mini.', ''), result, message, where].filter(Boolean).join(' | '),
    );
    expect(told).toEqual([
      'setUpClass (Fixture) | skip | no fixture',
      'Mini.test_1_ok | ok',
      'Mini.test_2_fail | fail | AssertionError: 1 != 2 | test_mini.py:8',
      'Mini.test_3_error | error | ConnectionResetError: [Errno 104] gone | test_mini.py:10',
      'Mini.test_4_skip | skip | not here',
      'Mini.test_5_hang | error | it waits for what never comes',
      'Mini.test_6_crash | error | the process ended with status 3',
      'Mini.test_7_subtests | fail | AssertionError: 1 == 1 | test_mini.py:22',
      'Mini.test_8_network | ok',
    ]);
    expect(outcomes.cases.find(({ id }) => id.endsWith('hang'))?.text).toContain('server.accept()');
    expect(count(outcomes.cases)).toEqual({ run: 7, ok: 2, fail: 2, error: 3, skip: 2 });
  }, 120_000);

  it('tells of a module that cannot be imported', async () => {
    const suite = suiteOf({ 'test_broken.py': 'import nowhere_to_be_found' });
    const outcomes = new Outcomes('test.test_broken');
    await runModule('test_broken', inMachine(suite, python, { wall: 600, virtual: 600 }), outcomes);
    expect(outcomes.cases).toMatchObject([
      { id: 'test.test_broken', result: 'error', message: expect.stringContaining('ModuleNotFoundError') },
    ]);
  }, 60_000);
});

function suiteOf(files: Readonly<Record<string, string>>): Suite {
  write('__init__.py', '');
  write('support/__init__.py', '');
  write('test_socket.py', '');
  for (const [name, text] of Object.entries(files)) write(name, text);
  const suite = findSuite(folder);
  if (typeof suite === 'string') throw new Error(suite);
  return suite;
}
