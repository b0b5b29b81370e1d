import { formatSeconds } from '@netarium/osi/time';
import { type Lab, type Ladder, type LadderRow, type Language, sevenLayers, whyText } from 'netarium';
import { WORDS } from '../words.ts';
import type { Style } from './style.ts';
import { displayWidth, pad } from './width.ts';

/** Draws one frame as the seven layers, the uppermost first. */
export function drawLayers(
  lab: Lab,
  ladder: Ladder,
  row: LadderRow,
  language: Language,
  style: Style,
): string[] {
  const words = WORDS[language];
  const journey = ladder.journeys.of(row.event);
  const tree = ladder.frame(row.number)?.tree;
  if (journey === undefined || tree === undefined) return [];
  const names = Object.values(words.layers);
  const width = Math.max(...names.map(displayWidth));
  const indent = ' '.repeat(width + 4);
  const to = row.to.length > 0 ? row.to.join(', ') : '✕';
  const lines = [
    style.bold(
      `${words.frame} ${row.number}: ${row.from} → ${to}, ${formatSeconds(row.time)} s, ${row.size} bytes`,
    ),
    `${words.why}: ${whyText(lab.record, ladder.journeys, journey.sent, language)}`,
  ];
  for (const view of sevenLayers(lab.record, tree, journey, row, lab.links)) {
    const head = style.bold(`${view.layer} ${pad(words.layers[view.layer], width)}`);
    const nothing = view.protocol === '' && view.lines.length === 0;
    lines.push('', nothing ? `${head}  ${style.dim(words.nothing)}` : `${head}  ${view.protocol}`);
    for (const { depth, text } of view.lines) lines.push(`${indent}${'  '.repeat(depth)}${text}`);
  }
  return lines;
}
