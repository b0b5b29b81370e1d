import { beforeEach, describe, expect, it } from 'vitest';
import {
  type EventId,
  framesOfLine,
  lineOf,
  type NewEvent,
  TraceRecord,
  type WhyStep,
  whyOf,
} from './index.ts';

let record: TraceRecord;
const FRAME = new Uint8Array(60);

const add = (node: string, event: NewEvent): EventId =>
  record.add(record.size, node, event, event.kind === 'frame-sent' ? FRAME : undefined);
const call = (node: string, line: number, name: string): EventId =>
  add(node, {
    kind: 'system-call',
    cause: 0,
    pid: 1,
    tid: 1,
    program: `${node}.py`,
    name,
    args: '',
    where: { file: `${node}.py`, line },
  });
const send = (node: string, cause: EventId, reason: string, origins: EventId[] = []): EventId =>
  add(node, { kind: 'frame-sent', cause, port: 'eth0', length: 60, reason, origins });
const receive = (node: string, sent: EventId): EventId =>
  add(node, { kind: 'frame-received', cause: sent, port: 'eth0', sent, length: 60 });
/** From one machine over a switch to another. */
const carry = (node: string, sent: EventId): EventId =>
  receive(node, send('sw', receive('sw', sent), 'switch.forward'));
const timer = (node: string, cause: EventId, name: string): EventId =>
  add(node, { kind: 'timer', cause, name, subject: 'tcp:1' });

const told = (steps: readonly WhyStep[]): string[] =>
  steps.map(({ role, event }) => `${role} ${event === null ? '' : `${event.id}@${event.node}`}`.trim());

beforeEach(() => {
  record = new TraceRecord();
});

describe('why', () => {
  it('leads from a delayed ACK over its timer and the frame that started it to the line that sent it, switches folded', () => {
    const sendall = call('client', 9, 'sendall');
    const data = send('client', sendall, 'tcp.data', [sendall]);
    const expired = timer('server', carry('server', data), 'tcp.delayed-ack');
    const ack = send('server', expired, 'tcp.delayed-ack');
    const steps = whyOf(record, ack);
    expect(told(steps)).toEqual([
      `frame ${ack}@server`,
      `timer ${expired}@server`,
      `frame ${data}@client`,
      `system-call ${sendall}@client`,
    ]);
    expect(steps[2]?.hops.map(({ node }) => node)).toEqual(['sw']);
    expect(steps[2]?.received?.node).toBe('server');
    expect(steps[2]?.origins.map(({ where }) => where?.line)).toEqual([9]);
  });

  it('ends at the start when nothing recorded came before', () => {
    expect(told(whyOf(record, send('client', 0, 'arp.announce')))).toEqual(['frame 1@client', 'start']);
  });

  it('ends at a person who typed', () => {
    const typed = add('client', { kind: 'terminal', cause: 0, pid: 1, fd: 0, text: '^C' });
    const reset = send('client', typed, 'tcp.reset');
    expect(told(whyOf(record, reset))).toEqual([`frame ${reset}@client`, `person ${typed}@client`]);
  });

  it('gives no more steps than asked for', () => {
    const ack = send(
      'server',
      carry('server', send('client', call('client', 9, 'send'), 'tcp.data')),
      'tcp.ack',
    );
    expect(whyOf(record, ack, 2)).toHaveLength(2);
  });

  it('says nothing of an event that is not there', () => {
    expect(whyOf(record, 99)).toEqual([]);
  });
});

describe('the line of a frame', () => {
  it('is, for data, every line that wrote some of it, even when a frame from afar let it go', () => {
    const first = call('client', 9, 'sendall');
    const second = call('client', 10, 'sendall');
    const opened = carry('client', send('server', call('server', 5, 'recv'), 'tcp.window-update'));
    const data = send('client', opened, 'tcp.data', [first, second]);
    expect(lineOf(record, data).map(({ file, line, role }) => [file, line, role])).toEqual([
      ['client.py', 9, 'data'],
      ['client.py', 10, 'data'],
    ]);
    expect(framesOfLine(record, { file: 'client.py', line: 10 })).toEqual([data]);
  });

  it('is, for any other frame, the nearest system call that led to it, on whatever machine', () => {
    const connect = call('client', 4, 'connect');
    const syn = send('client', connect, 'tcp.syn');
    const synAck = send('server', carry('server', syn), 'tcp.syn-ack');
    expect(lineOf(record, synAck)).toMatchObject([
      { node: 'client', file: 'client.py', line: 4, role: 'cause' },
    ]);
    expect(framesOfLine(record, { file: 'client.py', line: 4, node: 'client' })).toEqual([syn, synAck]);
    expect(framesOfLine(record, { file: 'client.py', line: 4, node: 'server' })).toEqual([]);
  });

  it('is found in a record that has grown since it was last asked', () => {
    expect(framesOfLine(record, { file: 'client.py', line: 4 })).toEqual([]);
    const syn = send('client', call('client', 4, 'connect'), 'tcp.syn');
    expect(framesOfLine(record, { file: 'client.py', line: 4 })).toEqual([syn]);
  });

  it('is none for a frame that no program caused', () => {
    expect(lineOf(record, send('client', 0, 'arp.announce'))).toEqual([]);
  });
});
