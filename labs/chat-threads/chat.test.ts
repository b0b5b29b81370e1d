import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FrameSent, TraceRecord } from '@netarium/osi/trace';
import { pythonProgram } from '@netarium/python/node';
import { loadLab, outputs, programResults } from 'netarium';
import { afterAll, describe, expect, test } from 'vitest';

const LABS = fileURLToPath(new URL('..', import.meta.url));
const KINDS = ['chat-threads', 'chat-select', 'chat-asyncio'];

const python3 = pythonProgram({ warm: 5 });
afterAll(() => python3.close());

async function run(lab: string, seed: number): Promise<TraceRecord> {
  const folder = join(LABS, lab);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  const loaded = loadLab(new Map(files.map((name) => [name, readFileSync(join(folder, name))])), {
    seed,
    programs: { python3 },
    env: { NO_COLOR: '1' },
  });
  try {
    expect(await loaded.lab.run()).toBe('idle');
  } finally {
    loaded.lab.close();
  }
  return loaded.lab.record;
}

const said = (record: TraceRecord, node: string) =>
  outputs(record)
    .filter((output) => output.node === node)
    .map(({ text }) => text)
    .join('')
    .replaceAll('\r', '');

/** Every frame: when, where, its bytes. */
const frames = (record: TraceRecord) =>
  record.events
    .filter((event): event is FrameSent => event.kind === 'frame-sent')
    .map((event) => `${event.time} ${event.node} ${Buffer.from(record.bytes(event)).toString('hex')}`);

const NAMES = ['철수', '영희', '민수', '지영'];
const CONVERSATION = [
  ...NAMES.map((name) => `* ${name} 님이 들어왔습니다.`),
  ...NAMES.map((name) => `${name}: 안녕하세요!`),
  ...NAMES.map((name) => `${name}: 저는 여기까지만 할게요.`),
  ...NAMES.map((name) => `* ${name} 님이 나갔습니다.`),
];

describe.each(KINDS)('%s', (lab) => {
  test('the server and four clients on five machines hold the conversation, and end well', async () => {
    const record = await run(lab, 7);
    expect(said(record, 'server').trimEnd().split('\n')).toEqual(CONVERSATION);
    // Each hears everything from their own arrival to their own leaving.
    NAMES.forEach((_, i) => {
      const heard = CONVERSATION.slice(i, CONVERSATION.length - NAMES.length + i + 1);
      expect(
        said(record, `pc${i + 1}`)
          .trimEnd()
          .split('\n'),
      ).toEqual(heard);
    });
    expect(programResults(record).map(({ node, status }) => [node, status])).toEqual(
      ['server', 'pc1', 'pc2', 'pc3', 'pc4'].map((node) => [node, 0]),
    );
  });

  test('the same seed gives the same frames', async () => {
    const [first, second] = [await run(lab, 3), await run(lab, 3)];
    expect(frames(second)).toEqual(frames(first));
    expect(second.events).toEqual(first.events);
  });
});
