import type { LadderRow } from 'netarium';
import { expect, test } from 'vitest';
import { drawLadder } from './ladder.ts';
import { styleFor } from './style.ts';
import { displayWidth } from './width.ts';

const ROW: LadderRow = {
  number: 1,
  event: 1,
  time: 2_000,
  from: 'client',
  to: ['server'],
  arrival: 20_000,
  dropped: null,
  protocol: 'TCP',
  source: '10.0.0.2:49152',
  destination: '10.0.0.1:9000',
  tcp: { flags: 'SYN', seq: 0, ack: null, window: 64240, hints: [] },
  info: '',
  length: 0,
  size: 74,
  reason: 'tcp.syn',
};
const ARP = { ...ROW, protocol: 'ARP', tcp: null, info: 'who has 10.0.0.1? tell 10.0.0.2' };
const heads = { number: '#', time: 'time (s)', what: 'frame', why: 'why' };
const style = styleFor(false, {});

const draw = (rows: LadderRow[], width?: number, machines = ['client', 'server'], why = () => 'because') =>
  drawLadder(rows, { machines, style, width, why, heads });

test('a row is number, time, arrow, what the frame says, and why', () => {
  const back: LadderRow = {
    ...ROW,
    number: 2,
    time: 30_000,
    from: 'server',
    to: ['client'],
    source: '10.0.0.1:9000',
    destination: '10.0.0.2:49152',
    tcp: { flags: 'SYN, ACK', seq: 0, ack: 1, window: 65160, hints: [] },
  };
  expect(draw([ARP, ROW, back])).toEqual(
    [
      '#  time (s)        client      server     frame                                       why',
      '1  0.000002000       ├──────────▶│        ARP who has 10.0.0.1? tell 10.0.0.2         because',
      '1  0.000002000       ├──────────▶│        TCP 49152→9000 SYN      seq 0       len 0   because',
      '2  0.000030000       │◀──────────┤        TCP 9000→49152 SYN, ACK seq 0 ack 1 len 0   because',
    ].map((line) => expect.stringMatching(loosely(line))),
  );
});

/** Runs of blanks in front of columns may be of any length: the test is about order and arrows. */
const loosely = (line: string) =>
  new RegExp(`^${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ {2,}/g, ' +')}$`);

test('a lost frame has an arrow that ends on its way', () => {
  const [, line] = draw([{ ...ROW, to: [], dropped: { node: 'client', reason: 'cable.loss' } }]);
  expect(line).toContain('├─────✕');
});

test('a broadcast reaches machines on both sides', () => {
  const [, line] = draw([{ ...ARP, from: 'b', to: ['a', 'c'] }], undefined, ['a', 'b', 'c']);
  expect(line).toContain('│◀──────────┼──────────▶│');
});

test('on a terminal no line is wider than it, Korean included; the whole text is there', () => {
  const text = '연결을 연다: 핸드셰이크의 첫 단계 ← 프레임 2 ← 프레임 1 ← client.py:8 connect()';
  for (const width of [40, 60, 80, 100, 120, 160]) {
    const lines = draw([ROW], width, undefined, () => text).slice(1);
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
    expect(lines.join(' ').replace(/\s+/g, '')).toContain(text.replace(/\s+/g, ''));
  }
});

test('with many machines the arrow is in words', () => {
  const machines = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  expect(draw([{ ...ROW, from: 'a', to: ['g'] }], undefined, machines)[1]).toContain('a → g');
});

test('colours appear on a terminal only, and not with NO_COLOR', () => {
  const coloured = (isTTY: boolean, env: Record<string, string>) => styleFor(isTTY, env).bold('x') !== 'x';
  expect([coloured(true, {}), coloured(false, {}), coloured(true, { NO_COLOR: '1' })]).toEqual([
    true,
    false,
    false,
  ]);
});
