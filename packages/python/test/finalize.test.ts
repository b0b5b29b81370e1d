import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone } = machines();

async function lines(source: string): Promise<string[]> {
  const { text, status } = await runAlone(source);
  expect(status).toBe(0);
  return text.trimEnd().split('\n');
}

describe('the end of a program', () => {
  it('takes its variables together: a destructor finds what it names', async () => {
    expect(
      await lines(`import threading
class Last:
    def __init__(self):
        self.me = self
    def __del__(self):
        print(threading.current_thread() is threading.main_thread(), local.value, data)
local = threading.local()
local.value = 'value'
data = [1, 2]
last = Last()
`),
    ).toEqual(['True value [1, 2]']);
  });

  it('refuses new threads, and to wait for those that run no more', async () => {
    const [ok, joined, ...refused] = await lines(`import _thread, threading
def loop():
    while True:
        pass
class Last:
    def __init__(self):
        self.me = self
        self.thread = threading.Thread(target=loop, daemon=True)
        self.thread.start()
    def __del__(self):
        print('ok', self.thread.is_alive())
        try:
            self.thread.join()
        except PythonFinalizationError as error:
            print(error)
        _thread.start_new_thread(print, ('never',))
Last()
`);
    expect([ok, joined]).toEqual(['ok True', 'cannot join thread at interpreter shutdown']);
    expect(refused.at(-1)).toBe("PythonFinalizationError: can't create new thread at interpreter shutdown");
  });

  it('is no time for daemon threads: what they wait for does not come', async () => {
    expect(
      await lines(`import os, sys, threading, time
lock = threading.Lock()
lock.acquire()
started = threading.Event()
def wait():
    started.set()
    lock.acquire()
    print('never')
threading.Thread(target=wait, daemon=True).start()
started.wait()
flush = sys.stderr.flush
def at_the_end():
    lock.release()
    time.sleep(0.1)
    os.write(1, b'slept\\n')
    flush()
sys.stderr.flush = at_the_end
`),
    ).toEqual(['slept']);
  });

  it('comes when what could not be printed was told, and no trace function is asked any more', async () => {
    expect(
      await lines(`import sys, threading
def trace(frame, event, argument):
    threading.current_thread()
    return trace
class Last:
    def __del__(self):
        print('gone')
last = Last()
sys.settrace(trace)
`),
    ).toEqual(['gone']);
  });
});

describe('an exception that one thread raises in another', () => {
  it('comes where that thread is, as soon as it runs', async () => {
    expect(
      await lines(`import ctypes, threading, time
raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
raise_in.argtypes = ctypes.c_ulong, ctypes.py_object
started = threading.Event()
def work():
    started.set()
    try:
        while True:
            time.sleep(0.1)
    except TimeoutError as error:
        print(type(error).__name__)
thread = threading.Thread(target=work)
thread.start()
started.wait()
print(raise_in(thread.ident, TimeoutError), raise_in(12345, TimeoutError))
thread.join()
`),
    ).toEqual(['1 0', 'TimeoutError']);
  });
});
