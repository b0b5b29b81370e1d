import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Bell } from './bell.ts';
import { type Codec, Doorbell } from './doorbell.ts';

type Message = string | number;

/** Numbers become rows, texts go through the port. */
const codec: Codec<Message, Message> = {
  values: (message) => (typeof message === 'number' ? [message] : undefined),
  message: ([value]) => value as number,
  posted: (message) => ({ message, transfer: [] }),
  received: () => undefined,
};

/** Where the machines' thread says that it waits. */
const WAITING = 22;

function both() {
  const memory = new SharedArrayBuffer(Doorbell.size);
  const { port1, port2 } = new MessageChannel();
  const [a, b] = [new Bell(memory, 0), new Bell(new SharedArrayBuffer(Bell.size), 0)];
  const machines = new Doorbell<Message, Message>({
    port: port1,
    memory,
    side: 0,
    codec,
    bell: a,
    theirs: b,
  });
  const worker = new Doorbell<Message, Message>({ port: port2, memory, side: 1, codec, bell: b, theirs: a });
  const got: (Message | undefined)[] = [];
  machines.listen((message) => got.push(message));
  const settled = async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    port1.close();
    return got;
  };
  return { words: new Int32Array(memory), machines, worker, got, settled };
}

test('messages and rows come in the order in which they were posted', async () => {
  const { worker, settled } = both();
  worker.post('a');
  worker.post(1);
  worker.post('b');
  expect(await settled()).toEqual(['a', 1, 'b']);
});

test('a row behind a message comes, even when the one who waited for the message waits no more', async () => {
  const { words, machines, worker, got, settled } = both();
  words[WAITING] = 1;
  worker.post('a');
  worker.post(1);
  got.push(machines.wait(0));
  expect(got).toEqual(['a']);
  expect(await settled()).toEqual(['a', 1]);
});

test('and when a second message lies between them', async () => {
  const { words, machines, worker, got, settled } = both();
  words[WAITING] = 1;
  worker.post('a');
  worker.post('b');
  worker.post(1);
  got.push(machines.wait(0));
  expect(await settled()).toEqual(['a', 'b', 1]);
});
