import { describe, expect, test } from 'vitest';
import { lines, listedState, Pair, pour, readAll, segments, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { ERRNO } from '../../trace/index.ts';

describe('closing', () => {
  test('the one who closes first goes through FIN_WAIT1, FIN_WAIT2 and TIME_WAIT, the other through CLOSE_WAIT and LAST_ACK', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    client.close();
    expect(client.state).toBe('FIN_WAIT1');
    pair.wait(0.1);
    expect([client.state, server.state]).toEqual(['FIN_WAIT2', 'CLOSE_WAIT']);
    expect(server.ended).toBe(true);
    server.close();
    expect(server.state).toBe('LAST_ACK');
    pair.wait(0.1);
    expect([listedState(pair.a, client), listedState(pair.b, server)]).toEqual(['TIME_WAIT', 'CLOSED']);
    pair.wait(59.8);
    expect(listedState(pair.a, client)).toBe('TIME_WAIT');
    pair.wait(0.2);
    expect(listedState(pair.a, client)).toBe('CLOSED');
    const path = pair.record!.events.flatMap((e) =>
      e.kind === 'socket-state' && e.socket === client.id && e.node === 'a' ? [e.to] : [],
    );
    expect(path).toEqual(['SYN_SENT', 'ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSED']);
  });

  test('after a half-close the other direction goes on', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    client.send(text('question'), 0);
    client.shutdown();
    pair.wait(1);
    expect(readAll(server)).toBe('question');
    expect(server.ended).toBe(true);
    expect(client.send(text('more'), 0)).toBe(-ERRNO.EPIPE);
    const answer = new Uint8Array(100_000).fill(7);
    pour(server, answer);
    pair.wait(1);
    expect(client.readable).toBeGreaterThan(60_000);
    let count = 0;
    const into = new Uint8Array(30_000);
    for (let i = 0; i < 10; i++) {
      count += client.receive(into);
      pair.wait(1);
    }
    expect(count).toBe(100_000);
    expect(client.ended).toBe(true);
    expect(listedState(pair.a, client)).toBe('TIME_WAIT');
    expect(server.state).toBe('CLOSED');
  });

  test('when both close at once both pass through CLOSING to TIME_WAIT', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    client.close();
    server.close();
    pair.wait(0.0015);
    expect([client.state, server.state]).toEqual(['CLOSING', 'CLOSING']);
    pair.wait(0.1);
    const listed = () => [listedState(pair.a, client), listedState(pair.b, server)];
    expect(listed()).toEqual(['TIME_WAIT', 'TIME_WAIT']);
    pair.wait(61);
    expect(listed()).toEqual(['CLOSED', 'CLOSED']);
  });

  test('FIN follows the last byte, however long that takes', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established(80, { sendBuffer: 300_000, sendBufferLocked: true });
    expect(client.send(new Uint8Array(300_000), 0)).toBe(300_000);
    client.close();
    let count = 0;
    const into = new Uint8Array(30_000);
    for (let i = 0; i < 100 && !server.ended; i++) {
      pair.wait(0.1);
      count += server.receive(into);
    }
    expect(count).toBe(300_000);
    expect(server.ended).toBe(true);
  });

  test('closing with unread data sends RST, and the peer gets ECONNRESET after what it had', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    client.send(text('never read'), 0);
    server.send(text('kept'), 0);
    pair.wait(0.5);
    server.close();
    expect(server.state).toBe('CLOSED');
    pair.wait(0.5);
    expect(client.app.errno).toBe(ERRNO.ECONNRESET);
    expect(readAll(client)).toBe('kept');
    expect(segments(pair).at(-1)).toMatchObject({ flags: 'RA', reason: 'tcp.reset-unread-data' });
  });

  test('SO_LINGER with 0 seconds resets the connection', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established(80, { linger: 0 });
    client.close();
    pair.wait(0.5);
    expect([client.state, server.state]).toEqual(['CLOSED', 'CLOSED']);
    expect(server.app.errno).toBe(ERRNO.ECONNRESET);
    expect(lines(segments(pair)).at(-1)).toBe('a RA 1 1 0 tcp.reset-abort');
  });

  test('a RST in CLOSE_WAIT is EPIPE for the program', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'FA', seq: 1, ack: 1 });
    expect(c.state).toBe('CLOSE_WAIT');
    script.inject({ flags: 'RA', seq: 2, ack: 1 });
    expect(c.app.errno).toBe(ERRNO.EPIPE);
  });

  test('data for a program that has closed is answered by RST', () => {
    const script = new Script();
    const c = script.accepted();
    c.close();
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    expect(c.state).toBe('FIN_WAIT2');
    script.take();
    script.inject({ flags: 'PA', seq: 1, ack: 2, data: 'late' });
    expect(c.state).toBe('CLOSED');
    expect(script.lines()).toEqual(['R 2 0 0 tcp.reset-after-close']);
  });

  test('after shutdown alone data is still taken', () => {
    const script = new Script();
    const c = script.accepted();
    c.shutdown();
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    script.inject({ flags: 'PA', seq: 1, ack: 2, data: 'fine' });
    expect(readAll(c)).toBe('fine');
    script.wait(3600);
    expect(c.state).toBe('FIN_WAIT2');
  });

  test('FIN_WAIT2 without a program ends after tcp_fin_timeout, 60 s', () => {
    const script = new Script();
    const c = script.accepted();
    c.close();
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    script.wait(59.9);
    expect(c.state).toBe('FIN_WAIT2');
    script.wait(0.2);
    expect(c.state).toBe('CLOSED');
    const expiry = script.record.events.find((e) => e.kind === 'timer' && e.name === 'tcp.fin-wait-2');
    expect(expiry).toMatchObject({ subject: c.id, time: 60e9 });
  });

  test('a FIN that is not acknowledged is sent again, and given up after the retries of an orphan', () => {
    const script = new Script();
    const c = script.accepted();
    c.close();
    script.wait(1000);
    const fins = script.take();
    expect(fins.slice(0, 3)).toMatchObject([
      { flags: 'FA', reason: 'tcp.fin' },
      { flags: 'FA', reason: 'tcp.rto' },
      { flags: 'FA', reason: 'tcp.rto' },
    ]);
    expect(fins.length).toBe(10);
    expect(c.state).toBe('CLOSED');
  });

  test('FIN can come before data that is missing, and waits for it', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'FPA', seq: 6, ack: 1, data: 'world' });
    expect(c.state).toBe('ESTABLISHED');
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello' });
    expect(c.state).toBe('CLOSE_WAIT');
    expect(readAll(c)).toBe('helloworld');
    expect(c.ended).toBe(true);
  });

  test('a second FIN behind the first is none', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'FA', seq: 1, ack: 1 });
    script.inject({ flags: 'FPA', seq: 1, ack: 1, data: 'x' });
    c.send(text('y'), 0);
    expect([c.state, script.take().at(-1)?.ack]).toEqual(['CLOSE_WAIT', 2]);
  });

  test('abort sends RST and tells nobody here', () => {
    const script = new Script();
    const c = script.accepted();
    c.abort();
    expect(script.lines()).toEqual(['RA 1 1 0 tcp.reset-abort']);
    expect([c.state, c.app.errno]).toEqual(['CLOSED', 0]);
  });

  test('closing before the handshake is done forgets the SYN', () => {
    const script = new Script();
    const c = script.connect();
    script.take();
    c.close();
    expect(c.state).toBe('CLOSED');
    script.wait(10);
    expect(script.take()).toEqual([]);
  });
});
