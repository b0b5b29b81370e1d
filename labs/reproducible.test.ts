import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { writePcapng } from '@netarium/osi/capture';
import { pythonProgram } from '@netarium/python/node';
import { loadLab } from 'netarium';
import { afterAll, expect, test } from 'vitest';

/** Each run boots a worker per process, which costs seconds: `NETARIUM_RUNS=20 npm test -- labs/reproducible` runs longer. */
const RUNS = Math.max(2, Math.floor(Number(process.env.NETARIUM_RUNS) || 5));
const LABS = fileURLToPath(new URL('.', import.meta.url));
const python3 = pythonProgram({ warm: 5 });
afterAll(() => python3.close());

/** What a lab's capture comes to, and how many events its record has. */
async function digest(lab: string): Promise<string> {
  const folder = join(LABS, lab);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  const loaded = loadLab(new Map(files.map((name) => [name, readFileSync(join(folder, name))])), {
    seed: 11,
    programs: { python3 },
  });
  try {
    await loaded.lab.run();
    const { record } = loaded.lab;
    return `${createHash('sha256').update(writePcapng(record)).digest('hex')} ${record.events.length}`;
  } finally {
    loaded.lab.close();
  }
}

test.each(['chat-threads', 'chat-select', 'chat-asyncio'])(
  `%s gives the same capture, byte for byte, in each of ${RUNS} runs of a seed`,
  async (lab) => {
    const first = await digest(lab);
    for (let run = 1; run < RUNS; run++) expect(await digest(lab)).toBe(first);
  },
  60_000 + RUNS * 30_000,
);
