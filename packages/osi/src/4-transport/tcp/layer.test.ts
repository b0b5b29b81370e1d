import { expect, test } from 'vitest';
import { listedState, Pair, readAll, text } from '../../../test/tcp-pair.ts';

test('a connection is opened, carries bytes both ways, and is closed in order', () => {
  const pair = new Pair({ delay: 1_000_000 });
  const { client, server } = pair.established();
  expect(client.state).toBe('ESTABLISHED');
  expect(server.state).toBe('ESTABLISHED');
  client.send(text('hello'), 0);
  pair.wait(1);
  expect(readAll(server)).toBe('hello');
  server.send(text('world'), 0);
  pair.wait(1);
  expect(readAll(client)).toBe('world');
  client.close();
  pair.wait(0.01);
  expect(client.state).toBe('FIN_WAIT1');
  pair.wait(1);
  expect(client.state).toBe('FIN_WAIT2');
  expect(server.state).toBe('CLOSE_WAIT');
  expect(server.ended).toBe(true);
  server.close();
  pair.wait(1);
  expect(listedState(pair.a, client)).toBe('TIME_WAIT');
  expect(listedState(pair.b, server)).toBe('CLOSED');
  pair.wait(61);
  expect(listedState(pair.a, client)).toBe('CLOSED');
});
