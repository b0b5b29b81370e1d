import { callText, type LoadedLab, programResults } from 'netarium';
import type { Ending } from '../ending.ts';
import type { Words } from '../words.ts';

/** A line for each program that did not come to a good end: what failed, what never ends, what never began. */
export function programLines(
  { lab, notStarted, failures }: LoadedLab,
  ending: Ending,
  words: Words,
): string[] {
  const lines = programResults(lab.record).flatMap(({ node, argv, status, waitsIn }) => {
    const who = `${node}: ${argv.join(' ')}:`;
    if (status === 0) return [];
    if (status !== null)
      return [`${who} ${status > 128 ? words.killed(status - 128) : words.failed(status)}`];
    if (waitsIn.length === 0) return [`${who} ${words.stillRuns}`];
    return waitsIn.map(
      (call) => `${who} ${(ending === 'idle' ? words.waits : words.stillWaits)(callText(call))}`,
    );
  });
  for (const { node, command, message } of failures) lines.push(`${node}: ${command}: ${message}`);
  for (const { node, command, waitFor } of notStarted()) {
    lines.push(`${node}: ${command}: ${words.notStarted(`${waitFor.node}:${waitFor.port}`)}`);
  }
  return lines;
}
